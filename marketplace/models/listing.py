"""A listing: one loan open for pledges, as the disclosure table lets it out; and the words it is found by."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models import Loan
from loans.models.application import METHODS, PURPOSES
from privacy.models import SealedRow
from privacy.shown import GONE, ShownJSONField, ShownTextField

FORGET_WORDS = "DELETE FROM marketplace_listingwords WHERE listing_id = NEW.id; RETURN NEW;"
LISTING = Transitions(initial="open", moves={"open": ("filled", "expired", "withdrawn"), "filled": (), "expired": (), "withdrawn": ()})


@track_state
class Listing(Referenced, SealedRow):
    """A loan open for pledges. What it shows is the record the disclosure table let out when it opened, nothing else: `disclosed`, in bands and codes; in the
    borrower's words, as far as strangers may read them, `title` and `story` (the summary, and a name for each of the use of funds).

    Its shares are declared with it: mandates take at most `mandate_most` until `shared_until`; of that `mandate_reserve` is kept for their first run, at
    the longest until `reserved_until`.
    """

    REFERENCE_PREFIX = "XQ"

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="listing")
    disclosed = models.JSONField()
    title = ShownTextField(absent=GONE, subject="loan__file__subject", purpose="listing_disclosure", kind="project", retention="loan_file")
    story = ShownJSONField(subject="loan__file__subject", purpose="listing_disclosure", kind="project", retention="loan_file")
    language = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    grade = models.CharField(max_length=2)
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6)
    term_months = models.IntegerField()
    method = models.CharField(max_length=20)
    attributes = models.JSONField(default=dict)
    expected_net = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3)
    target = models.BigIntegerField()
    unit = models.BigIntegerField()
    minimum = models.BigIntegerField()
    funded = models.BigIntegerField(default=0)
    mandate_most = models.BigIntegerField(null=True, blank=True)
    mandate_reserve = models.BigIntegerField(default=0)
    reserved_until = models.DateTimeField(null=True, blank=True)
    shared_until = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(
                name="marketplace_listing_shares",
                condition=Q(mandate_most=None, mandate_reserve=0)
                | Q(mandate_reserve__gte=0, mandate_most__gte=F("mandate_reserve"), mandate_most__lte=F("target")),
            ),
            reached(["filled", "expired", "withdrawn"], "closed_at", name="marketplace_listing_closed"),
        ]
        triggers: ClassVar = [
            LISTING.trigger(),
            pgtrigger.Trigger(
                name="forget_words",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(old__state="open") & ~pgtrigger.Q(new__state="open"),
                func=FORGET_WORDS,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["closes_at", "id"], condition=Q(state="open"), name="marketplace_listing_closing"),
            models.Index(fields=["-annual_rate", "id"], condition=Q(state="open"), name="marketplace_listing_by_rate"),
            models.Index(fields=["-opens_at", "id"], condition=Q(state="open"), name="marketplace_listing_newest"),
        ]

    @property
    def ledger_owner(self) -> str:
        return f"listing:{self.pk}"

    @property
    def summary(self) -> str | None:
        """Nothing where it may name somebody."""
        return self.story["summary"] if self.story else GONE

    @property
    def funds(self) -> list[dict[str, Any]]:
        """The use of funds: {label, amount}, without a label where that may name somebody."""
        amounts = self.disclosed["funds"]
        labels = self.story["funds"] if self.story else [GONE] * len(amounts)
        return [{"label": label, "amount": amount} for label, amount in zip(labels, amounts, strict=True)]

    @property
    def purpose_words(self) -> str:
        return str(dict(PURPOSES).get(self.purpose, self.purpose))

    @property
    def method_words(self) -> str:
        return str(dict(METHODS).get(self.method, self.method))


class SearchKey(models.Model):
    """A key of the words listings are found by. The key itself is in the key store, under this id; once it has ended, it is destroyed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_id = models.CharField(max_length=32)  # the master key it works with
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("key of the search")
        verbose_name_plural = _("keys of the search")


class ListingWords(models.Model):
    """What an open listing is found by: keyed numbers of the characters that stand together in it (search_index.py). Gone when it is no longer open."""

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, primary_key=True, related_name="words")
    key = models.ForeignKey(SearchKey, on_delete=models.PROTECT, related_name="+")
    words = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("words of a listing")
        verbose_name_plural = _("words of listings")
        indexes: ClassVar = [GinIndex(fields=["words"], name="marketplace_listing_words")]
