"""An approval that the scorecard did not give: over a limit it waits for a second person."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from credit.models import Decision
from loans.models.application import Application
from loans.models.second_look import SecondLook
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow

OVERRIDE = Transitions(
    initial="proposed",
    moves={"proposed": ("confirmed", "refused", "withdrawn"), "confirmed": (), "refused": (), "withdrawn": ()},
)
FIXED = ("application", "decision", "look", "proposed_by", "proposed_at")  # sealed texts cannot be compared by the database


@track_state
class Override(Referenced, SealedRow):
    """One person wants to approve what the scorecard did not; another confirms or refuses. `look`: the second look it came from, if any."""

    REFERENCE_PREFIX = "OR"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="overrides")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    look = models.ForeignKey(SecondLook, on_delete=models.PROTECT, null=True, blank=True, related_name="overrides")
    reason = EncryptedTextField(subject="application__file__subject", purpose="review", kind="staff_note", retention="loan_file")
    state = models.CharField(
        max_length=10,
        default="proposed",
        choices=OVERRIDE.choices({"proposed": _("Proposed"), "confirmed": _("Confirmed"), "refused": _("Refused"), "withdrawn": _("Withdrawn")}),
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = EncryptedTextField(subject="application__file__subject", purpose="review", kind="staff_note", retention="loan_file", null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        permissions: ClassVar = [("confirm_override", "Can confirm approvals against the scorecard")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loans_override_four_eyes",
                condition=~Q(state__in=["confirmed", "refused"]) | (Q(answered_by__isnull=False, answer__isnull=False) & ~Q(answered_by=F("proposed_by"))),
            ),
            models.UniqueConstraint(fields=["application"], condition=Q(state="proposed"), name="loans_override_one_open"),
            reached(["confirmed", "refused", "withdrawn"], "answered_at", name="loans_override_answered"),
        ]
        triggers: ClassVar = [
            OVERRIDE.trigger(),
            pgtrigger.Protect(name="override_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="override_proposed_once", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(*FIXED)),
        ]
