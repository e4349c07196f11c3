"""Changes to what decides: another model, or a recalibration of one. Proposed with figures, in force only once a person has signed."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy import vault
from privacy.models import SealedRow
from privacy.shown import ShownTextField

CHANGE = Transitions(initial="proposed", moves={"proposed": ("signed", "refused"), "signed": (), "refused": ()})
FIXED = ("kind", "model", "model_sha256", "segment", "intercept", "slope", "evidence", "proposed_by", "proposed_at")


def _words() -> ShownTextField:
    """What staff write is about a model. It may name a person all the same, and so is sealed."""
    return ShownTextField(subject="installation", purpose="review", kind="staff_note", retention="loan_file")


@track_state
class ModelChange(Referenced, SealedRow):
    """Kind `promote`: the model shall decide for a segment. Kind `recalibrate`: its log-odds become intercept + slope × log-odds."""

    REFERENCE_PREFIX = "MC"

    class Kind(models.TextChoices):
        PROMOTE = "promote", _("let the model decide")
        RECALIBRATE = "recalibrate", _("recalibrate the model")

    class Segment(models.TextChoices):
        THIN = "thin", _("borrowers without a bureau report")
        FULL = "full", _("borrowers with a bureau report")

    kind = models.CharField(max_length=12, choices=Kind)
    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64)
    segment = models.CharField(max_length=4, choices=Segment, blank=True)
    intercept = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    slope = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    evidence = models.JSONField(default=dict)  # figures about nobody
    why = _words()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # None: the monitoring
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="proposed", choices=[("proposed", _("proposed")), ("signed", _("signed")), ("refused", _("refused"))])
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = _words()

    class Meta:
        verbose_name = _("change of model")
        verbose_name_plural = _("changes of model")
        permissions: ClassVar = [("propose_model", "Owns models and proposes changes"), ("sign_model", "Signs changes of model")]
        constraints: ClassVar = [
            reached(["signed", "refused"], "answered_at", name="credit_change_answered"),
            models.CheckConstraint(
                name="credit_change_is_one_kind",
                condition=Q(kind="promote", intercept=None, slope=None) & ~Q(segment="")
                | Q(kind="recalibrate", segment="", intercept__isnull=False, slope__gt=0),
            ),
            models.CheckConstraint(
                name="credit_change_needs_a_person_and_a_reason", condition=Q(state="proposed") | Q(answered_by__isnull=False, reason__isnull=False)
            ),
            models.CheckConstraint(name="credit_change_says_why", condition=Q(why__isnull=False)),
            models.CheckConstraint(name="credit_change_two_people", condition=Q(proposed_by=None) | Q(answered_by=None) | ~Q(proposed_by=F("answered_by"))),
            models.UniqueConstraint(fields=["kind", "model", "segment"], condition=Q(state="proposed"), name="credit_change_one_open"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "state", "-id"], name="credit_change_in_force")]
        triggers: ClassVar = [
            CHANGE.trigger(),
            pgtrigger.Protect(name="change_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="change_proposed_once", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(*FIXED)),
            pgtrigger.Protect(name="change_argued_once", operation=pgtrigger.Update, condition=pgtrigger.Condition('OLD."why" IS DISTINCT FROM NEW."why"')),
        ]

    @property
    def installation(self) -> UUID:
        """Whose key it is: these words belong to no one person."""
        return vault.installation()
