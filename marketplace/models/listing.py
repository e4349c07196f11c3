"""A listing: one loan open for pledges, as the disclosure table lets it out; and the words it is found by."""

from __future__ import annotations

from typing import ClassVar

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

# Title, summary and use of funds as shown, and what a list can be narrowed to as "=name:code", which no words can spell.
KEEP_WORDS = """
IF NEW.state <> 'open' THEN
    DELETE FROM marketplace_listingwords WHERE listing_id = NEW.id;
    RETURN NEW;
END IF;
INSERT INTO marketplace_listingwords (listing_id, text, words)
SELECT NEW.id, said.text, marketplace_words(said.text) || array_remove(ARRAY[
           '=region:' || (NEW.disclosed #>> '{facts,region,value}'), '=industry:' || (NEW.disclosed #>> '{facts,industry,value}')], NULL)
  FROM (SELECT marketplace_plain(concat_ws(' ', NEW.reference, NEW.title, NEW.disclosed ->> 'summary',
           jsonb_path_query_array(NEW.disclosed, '$.funds[*].label')::text)) AS text) said
    ON CONFLICT (listing_id) DO UPDATE SET text = EXCLUDED.text, words = EXCLUDED.words;
RETURN NEW;
"""
LISTING = Transitions(initial="open", moves={"open": ("filled", "expired", "withdrawn"), "filled": (), "expired": (), "withdrawn": ()})


@track_state
class Listing(Referenced):
    """A loan open for pledges. What it shows is the record the disclosure table let out when it opened, nothing else.

    Its shares are declared with it: mandates take at most `mandate_most` until `shared_until`; of that `mandate_reserve` is kept for their first run, at
    the longest until `reserved_until`.
    """

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
                name="keep_words",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("title", "disclosed", "state"),
                func=KEEP_WORDS,
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
    def purpose_words(self) -> str:
        return str(dict(PURPOSES).get(self.purpose, self.purpose))

    @property
    def method_words(self) -> str:
        return str(dict(METHODS).get(self.method, self.method))


class ListingWords(models.Model):
    """What an open listing is found by: its text made plain, and every one or two characters that stand together in it. Kept by the listing's trigger."""

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, primary_key=True, related_name="words")
    text = models.TextField()
    words = ArrayField(models.TextField())

    class Meta:
        verbose_name = _("words of a listing")
        verbose_name_plural = _("words of listings")
        indexes: ClassVar = [GinIndex(fields=["words"], name="marketplace_listing_words")]
