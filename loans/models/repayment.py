"""Money booked for a loan's holders, how it was divided over installments, and how it reached each of them. Append-only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from loans.models.event import LoanEvent
from loans.models.loan import Loan, Participation
from privacy.models import append_only, not_emptied


class Repayment(Referenced):
    """Money to the holders of one loan, or back from them: what an event brought, and what a replay corrected of earlier ones (signed)."""

    REFERENCE_PREFIX = "RP"

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Repayment")
        SETTLEMENT = "settlement", _("Early settlement")
        GOODWILL = "goodwill", _("Goodwill credit")
        RECOVERY = "recovery", _("Recovery")
        CHARGEBACK = "chargeback", _("Chargeback")
        CORRECTION = "correction", _("Correction")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="repayments")
    event = models.ForeignKey(LoanEvent, on_delete=models.PROTECT, related_name="repayments")
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    amount = models.BigIntegerField()
    principal = models.BigIntegerField()
    interest = models.BigIntegerField()
    fees = models.BigIntegerField()
    penalties = models.BigIntegerField()
    paid_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_repayment_parts_sum", condition=Q(amount=F("principal") + F("interest") + F("fees") + F("penalties"))),
            models.CheckConstraint(
                name="loans_repayment_signs",
                condition=Q(kind="correction")
                | Q(kind="chargeback", amount__lt=0, principal__lte=0, interest__lte=0, fees__lte=0, penalties__lte=0)
                | (~Q(kind="chargeback") & Q(amount__gt=0, principal__gte=0, interest__gte=0, fees__gte=0, penalties__gte=0)),
            ),
        ]
        triggers: ClassVar = [append_only("repayment_append_only"), not_emptied("repayment_not_emptied")]


class Portion(models.Model):
    """What one repayment paid of one installment."""

    repayment = models.ForeignKey(Repayment, on_delete=models.PROTECT, related_name="portions", db_index=False)  # the unique key begins with it
    number = models.IntegerField()  # of the installment
    principal = models.BigIntegerField()
    interest = models.BigIntegerField()
    fees = models.BigIntegerField()
    penalties = models.BigIntegerField()

    class Meta:
        verbose_name = _("portion")
        verbose_name_plural = _("portions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repayment", "number"], name="loans_portion_once"),
        ]
        triggers: ClassVar = [append_only("portion_append_only"), not_emptied("portion_not_emptied")]


class Share(models.Model):
    """What one repayment brought one holder: exact parts, and the servicing fee kept back."""

    repayment = models.ForeignKey(Repayment, on_delete=models.PROTECT, related_name="shares", db_index=False)  # the unique key begins with it
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="shares")
    principal = models.BigIntegerField()
    interest = models.BigIntegerField()
    fees = models.BigIntegerField()
    penalties = models.BigIntegerField()
    servicing_fee = models.BigIntegerField()
    net = models.BigIntegerField()

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repayment", "participation"], name="loans_share_once"),
            models.CheckConstraint(
                name="loans_share_net",
                condition=Q(net=F("principal") + F("interest") + F("fees") + F("penalties") - F("servicing_fee")),
            ),
        ]
        triggers: ClassVar = [append_only("share_append_only"), not_emptied("share_not_emptied")]
