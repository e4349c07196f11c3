"""Where a loan stands: installments, the nightly figures, late charges and accrued interest. All of it is derived from the loan's events.

These tables are written for a whole book at once, so their rows carry no foreign-key checks: a loan is never deleted, and the nightly
proof finds a row without one.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.constraints import FillFactor
from loans.models.loan import Loan


class Installment(models.Model):
    """What is owed on one date, and how much of it is paid and waived, by part."""

    pk = models.CompositePrimaryKey("loan_id", "number")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="installments", db_constraint=False, db_index=False)
    number = models.IntegerField()
    starts_on = models.DateField()
    due_on = models.DateField()
    principal = models.BigIntegerField()
    interest = models.BigIntegerField()
    fees = models.BigIntegerField(default=0, db_default=0)
    penalties = models.BigIntegerField(default=0, db_default=0)
    balance_after = models.BigIntegerField()
    paid_principal = models.BigIntegerField(default=0, db_default=0)
    paid_interest = models.BigIntegerField(default=0, db_default=0)
    paid_fees = models.BigIntegerField(default=0, db_default=0)
    paid_penalties = models.BigIntegerField(default=0, db_default=0)
    waived_interest = models.BigIntegerField(default=0, db_default=0)
    waived_fees = models.BigIntegerField(default=0, db_default=0)
    waived_penalties = models.BigIntegerField(default=0, db_default=0)
    carried_interest = models.BigIntegerField(default=0, db_default=0)  # earned before the period began
    spread_fees = models.BigIntegerField(default=0, db_default=0)  # open ones a new schedule put here: due with the row, not before
    spread_penalties = models.BigIntegerField(default=0, db_default=0)
    paid_on = models.DateField(null=True, blank=True)
    moved_on = models.DateField(null=True, blank=True)  # the day its open part went into a new schedule

    class Meta:
        verbose_name = _("installment")
        verbose_name_plural = _("installments")
        constraints: ClassVar = [
            # A late charge rewrites one row of a loan, night after night: room for it on the page, so that the key needs no new entry.
            FillFactor(name="loans_installment_fill_factor", percent=95),
            models.CheckConstraint(
                name="loans_installment_amounts",
                condition=Q(principal__gte=F("paid_principal"), paid_principal__gte=0)
                & Q(interest__gte=F("paid_interest") + F("waived_interest"), paid_interest__gte=0, waived_interest__gte=0)
                & Q(fees__gte=F("paid_fees") + F("waived_fees") + F("spread_fees"), paid_fees__gte=0, waived_fees__gte=0, spread_fees__gte=0)
                & Q(penalties__gte=F("paid_penalties") + F("waived_penalties") + F("spread_penalties"))
                & Q(paid_penalties__gte=0, waived_penalties__gte=0, spread_penalties__gte=0),
            ),
            models.CheckConstraint(
                name="loans_installment_paid",
                condition=Q(paid_on=None)
                | Q(
                    paid_principal=F("principal"),
                    interest=F("paid_interest") + F("waived_interest"),
                    fees=F("paid_fees") + F("waived_fees"),
                    penalties=F("paid_penalties") + F("waived_penalties"),
                ),
            ),
        ]

    @property
    def due(self) -> int:
        """Everything that was to be paid here, minor units."""
        return self.principal + self.interest + self.fees + self.penalties

    @property
    def paid(self) -> int:
        return self.paid_principal + self.paid_interest + self.paid_fees + self.paid_penalties

    @property
    def waived(self) -> int:
        return self.waived_interest + self.waived_fees + self.waived_penalties

    @property
    def open(self) -> int:
        return self.due - self.paid - self.waived

    @property
    def due_already(self) -> int:
        """Of what is open, the charges that are due whenever the row is: all but those a new schedule put here."""
        charges = self.fees + self.penalties - self.paid_fees - self.paid_penalties - self.waived_fees - self.waived_penalties
        return charges - self.spread_fees - self.spread_penalties


class Standing(models.Model):
    """The narrow row of a loan that every night touches. It is also the lock of the loan in life: take it first, then the loan's row.

    `period_*` is the installment whose period is running (none after the last due date). `accrued` is all interest earned by the morning
    after `closed_to`; `accrued_base` is what of it was earned in periods that are over.
    """

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, primary_key=True, related_name="standing")
    currency = models.CharField(max_length=3)
    closed_to = models.DateField()
    live = models.BooleanField(default=True)
    parked = models.BooleanField(default=False)
    outstanding = models.BigIntegerField()
    accrued = models.BigIntegerField(default=0)
    accrued_base = models.BigIntegerField(default=0)
    overpaid = models.BigIntegerField(default=0)
    period_from = models.DateField(null=True, blank=True)
    period_due = models.DateField(null=True, blank=True)
    period_interest = models.BigIntegerField(default=0)
    period_cap = models.BigIntegerField(default=0)  # less what of it was waived
    oldest_unpaid_on = models.DateField(null=True, blank=True)
    days_late = models.IntegerField(default=0)
    paused_days = models.IntegerField(default=0)  # of earlier pauses since the oldest unpaid due date
    pause_from = models.DateField(null=True, blank=True)
    pause_until = models.DateField(null=True, blank=True)
    disputed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_standing_amounts", condition=Q(outstanding__gte=0, accrued__gte=0, overpaid__gte=0, days_late__gte=0)),
        ]


class Charge(models.Model):
    """A late charge or fee as it was booked: daily ones by the end of day, fees by an event, corrections (signed) by a replay."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="charges", db_index=False)
    number = models.IntegerField()  # the installment it is due with
    kind = models.CharField(max_length=10, choices=[("penalties", _("Late penalty")), ("fees", _("Fee"))])
    amount = models.BigIntegerField()
    charged_on = models.DateField()
    event = models.IntegerField(default=0)  # the event's number; 0 is the end of day

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "number", "kind", "charged_on", "event"], name="loans_charge_once"),
            models.CheckConstraint(name="loans_charge_amount", condition=~Q(amount=0)),
        ]


class Accrual(models.Model):
    """Interest one loan earned on one day, whole minor units with the fraction carried: the sub-ledger. Corrections carry their event."""

    pk = models.CompositePrimaryKey("on", "loan_id", "event")
    on = models.DateField()
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="accruals", db_constraint=False, db_index=False)
    event = models.IntegerField(default=0)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name = _("accrual")
        verbose_name_plural = _("accruals")
