"""A question to a source outside about one borrower, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy.fields import EncryptedJSONField
from privacy.models import Consent, DataSubject, Matter, SealedRow

INQUIRY = Transitions(
    initial="asked",
    moves={"asked": ("answered", "disbelieved", "unanswered", "withdrawn"), "answered": (), "disbelieved": (), "unanswered": (), "withdrawn": ()},
)


@track_state
class Inquiry(Referenced, SealedRow):
    """Asked once for one affair, under the consent that allowed it. Of an answer that is not believed nothing is kept but why."""

    REFERENCE_PREFIX = "SI"

    class Source(models.TextChoices):
        BUREAU = "bureau", _("credit bureau")
        BANK = "bank", _("bank")

    about = models.CharField(max_length=40, db_index=True)  # opaque: the affair
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=Source)
    provider = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    bureau_report = EncryptedJSONField(subject="subject", purpose="credit_source", kind="credit_report", retention="loan_file", null=True)
    bank_report = EncryptedJSONField(subject="subject", purpose="bank_source", kind="bank_flows", retention="loan_file", null=True)
    state = models.CharField(
        max_length=12,
        default="asked",
        choices=[
            ("asked", _("asked")),
            ("answered", _("answered")),
            ("disbelieved", _("not believed")),
            ("unanswered", _("no answer")),
            ("withdrawn", _("consent withdrawn")),
        ],
    )
    why = models.CharField(max_length=20, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["about", "source"], name="credit_inquiry_once"),
            reached(["answered", "disbelieved", "unanswered", "withdrawn"], "answered_at", name="credit_inquiry_answered"),
            models.CheckConstraint(
                name="credit_inquiry_report_when_believed",
                condition=Q(state="answered", source="bureau", bureau_report__isnull=False, bank_report__isnull=True)
                | Q(state="answered", source="bank", bank_report__isnull=False, bureau_report__isnull=True)
                | (~Q(state="answered") & Q(bureau_report__isnull=True, bank_report__isnull=True)),
            ),
        ]
        triggers: ClassVar = [INQUIRY.trigger()]
