"""Decisions as they were made, and what other models would have said."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from privacy.fields import EncryptedJSONField
from privacy.models import DataSubject, SealedRow, append_only, not_emptied


class Decision(Referenced, SealedRow):
    """A frozen credit decision: the facts it saw, the model it used, what came out, and the price. Never edited."""

    REFERENCE_PREFIX = "CD"

    class Outcome(models.TextChoices):
        APPROVE = "approve", _("approve")
        REFER = "refer", _("refer to a person")
        DECLINE = "decline", _("decline")

    about = models.CharField(max_length=40, db_index=True)  # opaque: the affair decided on
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    facts = EncryptedJSONField(subject="subject", purpose="automated_decision", kind="decision_input", retention="loan_file")
    output = EncryptedJSONField(subject="subject", purpose="automated_decision", kind="decision", retention="loan_file")
    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64)
    rules = models.CharField(max_length=100, blank=True, default="")  # name@hash of the lending rules; empty for decisions from before they had names
    outcome = models.CharField(max_length=8, choices=Outcome)
    grade = models.CharField(max_length=2, blank=True)
    points = models.IntegerField(null=True)
    pd = models.DecimalField(max_digits=12, decimal_places=10, null=True)
    expected_loss = models.DecimalField(max_digits=12, decimal_places=10, null=True)
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    apr = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    cap = models.DecimalField(max_digits=9, decimal_places=6)
    as_of = models.DateField()
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit decision")
        verbose_name_plural = _("credit decisions")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="credit_decision_approval_is_complete",
                condition=~Q(outcome="approve") | Q(pd__isnull=False, grade__gt="", annual_rate__isnull=False, apr__isnull=False),
            )
        ]
        triggers: ClassVar = [append_only("decision_is_frozen"), not_emptied("decision_not_emptied")]


class ShadowScore(SealedRow):
    """What a model that does not decide said of the same facts at the same moment. Sealed, never edited, and nobody's decision."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="shadows")
    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64)
    output = EncryptedJSONField(subject="decision__subject", purpose="automated_decision", kind="decision", retention="loan_file")
    outcome = models.CharField(max_length=8, choices=Decision.Outcome)
    grade = models.CharField(max_length=2, blank=True)
    pd = models.DecimalField(max_digits=12, decimal_places=10, null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("score in shadow")
        verbose_name_plural = _("scores in shadow")
        constraints: ClassVar = [models.UniqueConstraint(fields=["decision", "model"], name="credit_shadow_once")]
        triggers: ClassVar = [append_only("shadow_is_frozen"), not_emptied("shadow_not_emptied")]

    def __str__(self) -> str:
        return f"{self.decision}, {self.model}"
