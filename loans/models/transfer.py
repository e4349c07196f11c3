"""A share of a loan changing hands: the register's own history, append-only."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.models.loan import Loan, Participation


class HoldingTransfer(models.Model):
    """So much of a holding went from one holder to another on a day. What had come back on that part goes along as running totals, not as money."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="holding_transfers")
    giver = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="given")
    taker = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="taken")
    key = models.CharField(max_length=100, unique=True)
    amount = models.BigIntegerField()
    carried_principal = models.BigIntegerField()
    carried_interest = models.BigIntegerField()
    carried_fees = models.BigIntegerField()
    carried_penalties = models.BigIntegerField()
    price = models.BigIntegerField()
    on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("transfer of a holding")
        verbose_name_plural = _("transfers of holdings")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_holdingtransfer_amounts", condition=Q(amount__gt=0, price__gte=0, carried_principal__lte=F("amount"))),
            models.CheckConstraint(
                name="loans_holdingtransfer_carried",
                condition=Q(carried_principal__gte=0, carried_interest__gte=0, carried_fees__gte=0, carried_penalties__gte=0),
            ),
            models.CheckConstraint(name="loans_holdingtransfer_two_holders", condition=~Q(giver=F("taker"))),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="holdingtransfer_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
