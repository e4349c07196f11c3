"""The secondary market: a share offered by its holder, and what was bought of it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models import HoldingTransfer, Participation

SALE = Transitions(initial="open", moves={"open": ("sold", "cancelled", "expired"), "sold": (), "cancelled": (), "expired": ()})


@track_state
class Sale(Referenced):
    """So much of a holding, offered at its whole claim times a factor. `basis` is the loan's state and its last reshaping when it was offered."""

    REFERENCE_PREFIX = "SO"

    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="sales")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="sales")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    left = models.BigIntegerField()
    factor = models.DecimalField(max_digits=5, decimal_places=4)
    basis = models.CharField(max_length=40)
    key = models.CharField(max_length=100, unique=True)
    turn = models.BigIntegerField(default=0)  # the queue's number: whoever was served goes behind everybody waiting
    state = models.CharField(
        max_length=10,
        default="open",
        choices=SALE.choices({"open": _("On offer"), "sold": _("Sold"), "cancelled": _("Taken back"), "expired": _("Not sold in time")}),
    )
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("offer of a share")
        verbose_name_plural = _("offers of shares")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participation"], condition=Q(state="open"), name="marketplace_sale_one_open"),
            models.CheckConstraint(name="marketplace_sale_left", condition=Q(amount__gt=0, left__gte=0, left__lte=F("amount"))),
            models.CheckConstraint(name="marketplace_sale_sold", condition=~Q(state="sold") | Q(left=0)),
            models.CheckConstraint(name="marketplace_sale_factor", condition=Q(factor__gt=0, factor__lt=2)),
            reached(["sold", "cancelled", "expired"], "ended_at", name="marketplace_sale_ended"),
        ]
        triggers: ClassVar = [SALE.trigger()]
        indexes: ClassVar = [models.Index(fields=["turn", "id"], condition=Q(state="open"), name="marketplace_sale_queue")]


class Purchase(Referenced):
    """What one buyer took of an offer: the claim on that day, the price paid for it, and the register's transfer. Append-only."""

    REFERENCE_PREFIX = "SB"

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="purchases")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="purchases")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    transfer = models.OneToOneField(HoldingTransfer, on_delete=models.PROTECT, related_name="purchase")
    key = models.CharField(max_length=100, unique=True)
    amount = models.BigIntegerField()
    claim = models.BigIntegerField()
    price = models.BigIntegerField()
    bought_at = models.DateTimeField()

    class Meta:
        verbose_name = _("share bought")
        verbose_name_plural = _("shares bought")
        constraints: ClassVar = [models.CheckConstraint(name="marketplace_purchase_amounts", condition=Q(amount__gt=0, claim__gt=0, price__gt=0))]
        triggers: ClassVar = [pgtrigger.Protect(name="purchase_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
