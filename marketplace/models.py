"""Listings and pledges."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models import Loan
from loans.models.application import METHODS, PURPOSES

LISTING = Transitions(initial="open", moves={"open": ("filled", "expired", "withdrawn"), "filled": (), "expired": (), "withdrawn": ()})


@track_state
class Listing(Referenced):
    """A loan open for pledges. What it shows is the record the disclosure table let out when it opened, nothing else."""

    REFERENCE_PREFIX = "XQ"

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="listing")
    disclosed = models.JSONField()
    title = models.CharField(max_length=80)
    language = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    grade = models.CharField(max_length=2)
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6)
    term_months = models.IntegerField()
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    target = models.BigIntegerField()
    unit = models.BigIntegerField()
    minimum = models.BigIntegerField()
    funded = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=10,
        default="open",
        choices=[("open", _("Open")), ("filled", _("Filled")), ("expired", _("Not filled")), ("withdrawn", _("Withdrawn"))],
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints: ClassVar = [
            models.CheckConstraint(name="marketplace_listing_never_over", condition=Q(funded__gte=0, funded__lte=F("target"))),
            models.CheckConstraint(name="marketplace_listing_unit", condition=Q(unit__gt=0, minimum__gte=F("unit"), target__gt=0)),
            models.CheckConstraint(name="marketplace_listing_filled", condition=~Q(state="filled") | Q(funded=F("target"))),
            models.CheckConstraint(name="marketplace_listing_window", condition=Q(closes_at__gt=F("opens_at"))),
            reached(["filled", "expired", "withdrawn"], "closed_at", name="marketplace_listing_closed"),
        ]
        triggers: ClassVar = [LISTING.trigger()]
        indexes: ClassVar = [models.Index(fields=["state", "closes_at"], name="marketplace_listing_open")]

    @property
    def ledger_owner(self) -> str:
        return f"listing:{self.pk}"

    @property
    def purpose_words(self) -> str:
        return str(dict(PURPOSES).get(self.purpose, self.purpose))

    @property
    def method_words(self) -> str:
        return str(dict(METHODS).get(self.method, self.method))


PLEDGE = Transitions(initial="reserved", moves={"reserved": ("cancelled", "released", "settled"), "cancelled": (), "released": (), "settled": ()})


@track_state
class Pledge(Referenced):
    """A promise of money for a listing, with the cash held in the books by the same statement."""

    REFERENCE_PREFIX = "PL"

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="pledges")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="pledges")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    hold_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(
        max_length=10,
        default="reserved",
        choices=[("reserved", _("Reserved")), ("cancelled", _("Cancelled by you")), ("released", _("Returned")), ("settled", _("Invested"))],
    )
    risk_acknowledged_at = models.DateTimeField()
    pledged_at = models.DateTimeField()
    cancel_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints: ClassVar = [
            models.CheckConstraint(name="marketplace_pledge_amount_positive", condition=Q(amount__gt=0)),
            reached(["cancelled", "released", "settled"], "ended_at", name="marketplace_pledge_ended"),
        ]
        triggers: ClassVar = [PLEDGE.trigger()]
        indexes: ClassVar = [models.Index(fields=["party", "-pledged_at"], name="marketplace_pledge_by_party")]
