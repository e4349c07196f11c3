"""What happened to a loan, append-only; what was quoted; and what a correction could not take back from a holder."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from loans.models.loan import Loan, Participation


class LoanEvent(models.Model):
    """One thing that happened. `on` is the business day it counts for, `booked_on` the one it was entered on."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        SETTLEMENT = "settlement", _("Early settlement")
        GOODWILL = "goodwill", _("Goodwill credit")
        RECOVERY = "recovery", _("Recovery after write-off")
        VOID = "void", _("Undone")
        CHARGEBACK = "chargeback", _("Chargeback")
        FEE = "fee", _("Fee")
        WAIVER = "waiver", _("Waiver")
        PAUSE = "pause", _("Pause of late days")
        RESCHEDULE = "reschedule", _("New schedule")
        WRITE_OFF = "write_off", _("Write-off")
        RETURNED = "returned", _("Overpayment returned")
        DISPUTE = "dispute", _("Disputed")
        DISPUTE_OVER = "dispute_over", _("Dispute over")
        NOTE = "note", _("Note")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.IntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    on = models.DateField()
    booked_on = models.DateField()
    amount = models.BigIntegerField(default=0)
    data = models.JSONField(default=dict)  # terms and codes, never words about a person
    undoes = models.IntegerField(null=True, blank=True)
    key = models.CharField(max_length=100, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("loan event")
        verbose_name_plural = _("loan events")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "number"], name="loans_loanevent_number"),
            models.CheckConstraint(name="loans_loanevent_amount", condition=Q(amount__gte=0, number__gte=1)),
            models.CheckConstraint(name="loans_loanevent_not_ahead", condition=Q(on__lte=F("booked_on"))),
            models.CheckConstraint(name="loans_loanevent_undoes", condition=Q(undoes=None) | Q(kind__in=["void", "chargeback"], undoes__lt=F("number"))),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="loanevent_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class PayoffQuote(Referenced):
    """What closes a loan, day by day until it expires. Within that time the figures hold, whatever is charged in between."""

    REFERENCE_PREFIX = "PQ"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="payoff_quotes")
    quoted_on = models.DateField()
    expires_on = models.DateField()
    days = models.JSONField()  # {"2026-03-01": {"principal", "interest", "fees", "penalties", "saved"}}
    after_event = models.IntegerField()  # the last one then that moved money or the schedule: another since makes the quote void
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("payoff quote")
        verbose_name_plural = _("payoff quotes")
        constraints: ClassVar = [models.CheckConstraint(name="loans_payoffquote_expires", condition=Q(expires_on__gte=F("quoted_on")))]
        triggers: ClassVar = [pgtrigger.Protect(name="payoffquote_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Clawback(models.Model):
    """What a holder owes the platform: a correction took money back that was no longer in the wallet, and the platform advanced it."""

    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="clawbacks")
    repayment = models.ForeignKey("loans.Repayment", on_delete=models.PROTECT, related_name="clawbacks")
    amount = models.BigIntegerField()
    recovered = models.BigIntegerField(default=0)
    advanced_from = models.CharField(max_length=24)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("clawback")
        verbose_name_plural = _("clawbacks")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participation", "repayment"], name="loans_clawback_once"),
            models.CheckConstraint(name="loans_clawback_amounts", condition=Q(amount__gt=0, recovered__gte=0, recovered__lte=F("amount"))),
        ]
        indexes: ClassVar = [models.Index(fields=["participation"], condition=Q(recovered__lt=F("amount")), name="loans_clawback_open")]
