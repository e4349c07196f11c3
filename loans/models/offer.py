"""A binding offer: the terms we stand by until it expires."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from credit.models import Decision
from loans.models.application import METHODS, Application

OFFER = Transitions(
    initial="open", moves={"open": ("accepted", "declined", "expired", "withdrawn"), "accepted": (), "declined": (), "expired": (), "withdrawn": ()}
)


@track_state
class Offer(Referenced):
    """Principal, price and method, with the decision they came from and the cap they were held against."""

    REFERENCE_PREFIX = "OF"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="offers")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    principal = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    term_months = models.IntegerField()
    method = models.CharField(max_length=20, choices=METHODS)
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6)
    apr = models.DecimalField(max_digits=9, decimal_places=6)
    cap = models.DecimalField(max_digits=9, decimal_places=6)
    grade = models.CharField(max_length=2)
    expected_loss = models.DecimalField(max_digits=9, decimal_places=6)
    origination_fee = models.BigIntegerField(default=0)
    servicing_fee_rate = models.DecimalField(max_digits=9, decimal_places=6)  # a year, on the balance, paid by holders out of interest
    penalty_rate = models.DecimalField(max_digits=9, decimal_places=6)  # a year, on overdue principal and interest
    grace_days = models.IntegerField(default=3)
    state = models.CharField(
        max_length=10,
        default="open",
        choices=[("open", _("open")), ("accepted", _("accepted")), ("declined", _("declined")), ("expired", _("expired")), ("withdrawn", _("withdrawn"))],
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_offer_principal_positive", condition=Q(principal__gt=0) & Q(origination_fee__gte=0)),
            models.CheckConstraint(name="loans_offer_under_cap", condition=Q(apr__lte=models.F("cap"))),
            models.UniqueConstraint(fields=["application"], condition=Q(state="open"), name="loans_offer_one_open"),
            reached(["accepted", "declined"], "answered_at", name="loans_offer_answered"),
        ]
        triggers: ClassVar = [OFFER.trigger()]
