"""Messages to people: what was said, in which language, by which channel, and whether it was read."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from privacy.fields import EncryptedJSONField
from privacy.models import SealedRow


class Message(Referenced, SealedRow):
    """One message to one user, made from a fixed template. Facts in it are sealed like any other personal data."""

    REFERENCE_PREFIX = "MS"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    template = models.CharField(max_length=60)
    params = EncryptedJSONField(subject="user__subject", purpose="servicing", kind="message", retention="notification")
    locale = models.CharField(max_length=10)
    link = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=120, unique=True)
    said_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes: ClassVar = [models.Index(fields=["user", "-said_at"], name="notifications_message_inbox")]


class Preference(models.Model):
    """Which kinds of message a user also wants by e-mail. Security messages cannot be switched off."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_preference")
    mail_off = models.JSONField(default=list)

    class Meta:
        verbose_name = _("message preference")
        verbose_name_plural = _("message preferences")
