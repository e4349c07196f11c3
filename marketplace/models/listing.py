"""A listing: one loan open for pledges, as the disclosure table lets it out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

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
