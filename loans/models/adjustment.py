"""What staff want entered on a loan: one person proposes it with the difference it makes, another confirms what they see."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models.event import LoanEvent
from loans.models.loan import Loan

ADJUSTMENT = Transitions(initial="proposed", moves={"proposed": ("entered", "declined", "withdrawn"), "entered": (), "declined": (), "withdrawn": ()})


@track_state
class Adjustment(Referenced):
    """An entry that waits for a second pair of eyes. `difference` is what the proposer saw; it is worked out again before it is confirmed."""

    REFERENCE_PREFIX = "AJ"

    class Why(models.TextChoices):
        LATE_RECEIPT = "late_receipt", _("Money that arrived earlier was found")
        RETURNED_DEBIT = "returned_debit", _("The bank returned the debit")
        CHARGEBACK = "chargeback", _("The payer disputed the payment with their bank")
        MISTAKE = "mistake", _("It was entered by mistake")
        COMPLAINT = "complaint", _("A complaint was justified")
        GESTURE = "gesture", _("A gesture of goodwill")
        OVERPAID = "overpaid", _("More was paid than was owed")
        CONTESTED = "contested", _("The borrower contests what is owed")
        SETTLED = "settled", _("The dispute is settled")
        AGREED = "agreed", _("Agreed with the borrower")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=12, choices=LoanEvent.Kind)
    on = models.DateField()
    amount = models.BigIntegerField(default=0)
    data = models.JSONField(default=dict)
    undoes = models.IntegerField(null=True, blank=True)
    why = models.CharField(max_length=16, choices=Why)
    difference = models.JSONField()
    state = models.CharField(
        max_length=10,
        default="proposed",
        choices=ADJUSTMENT.choices({"proposed": _("Proposed"), "entered": _("Entered"), "declined": _("Declined"), "withdrawn": _("Withdrawn")}),
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    event = models.OneToOneField(LoanEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="adjustment")

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_adjustment_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="loans_adjustment_four_eyes", condition=~Q(state="entered") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")))
            ),
            reached(["entered", "declined", "withdrawn"], "decided_at", name="loans_adjustment_decided"),
            reached(["entered"], "event", name="loans_adjustment_entered"),
        ]
        triggers: ClassVar = [ADJUSTMENT.trigger()]
        permissions: ClassVar = [("approve_adjustment", "Can approve adjustments")]
