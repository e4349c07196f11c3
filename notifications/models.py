"""Messages to people: what was said, in which language, by which channel, and whether it was read; and how each wants to be written to."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions
from privacy.fields import EncryptedJSONField
from privacy.models import SealedRow

# The e-mail beside a message: none was wanted; waits for its job; was handed to the mail server; was no longer needed; came back refused.
MAIL = Transitions(initial=("none", "waiting"), moves={"waiting": ("sent", "dropped", "refused"), "none": (), "sent": (), "dropped": (), "refused": ()})


class Message(Referenced, SealedRow):
    """One message to one user, made from a fixed template. Facts in it are sealed like any other personal data."""

    REFERENCE_PREFIX = "MS"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # for whom the user is told
    template = models.CharField(max_length=60)
    params = EncryptedJSONField(subject="user__subject", purpose="servicing", kind="message", retention="notification")
    locale = models.CharField(max_length=10)
    link = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=160, unique=True)  # the fact, and to whom it is told
    said_at = models.DateTimeField()
    mail = models.CharField(
        max_length=8,
        default="none",
        choices=MAIL.choices(
            {
                "none": pgettext_lazy("mail", "no mail"),
                "waiting": pgettext_lazy("mail", "waiting"),
                "sent": pgettext_lazy("mail", "sent"),
                "dropped": pgettext_lazy("mail", "no longer needed"),
                "refused": pgettext_lazy("mail", "refused by the mail server"),
            }
        ),
    )
    mailed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes: ClassVar = [
            models.Index(fields=["user", "-said_at"], name="notifications_message_inbox"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notifications_message_unread"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="notifications_message_mailed", condition=Q(mail="sent", mailed_at__isnull=False) | ~Q(mail="sent") & Q(mailed_at=None))
        ]
        triggers: ClassVar = [MAIL.trigger(field="mail")]


class Preference(models.Model):
    """Which kinds of message a user also wants by e-mail, and at which hours none may come. No row: the usual."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_preference")
    mail = models.JSONField(default=dict)  # kind → yes or no, where the user chose
    quiet = models.BooleanField(default=True)
    quiet_from = models.PositiveSmallIntegerField(default=21)  # hour of the day where the user is
    quiet_until = models.PositiveSmallIntegerField(default=8)

    class Meta:
        verbose_name = _("message preference")
        verbose_name_plural = _("message preferences")
        constraints: ClassVar = [models.CheckConstraint(name="notifications_preference_hours", condition=Q(quiet_from__lte=23, quiet_until__lte=23))]
