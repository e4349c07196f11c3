"""Open loans: the list with its filters, and one listing as the disclosure table lets it out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, Sorted, reads
from core.api.fields import Amount, Moment, Rate, Reference, Reply, rate_text
from core.api.problems import Problem
from core.money import digits
from loans import disclosure
from loans.words import FIELD_LABELS
from marketplace import access, forms, outlook, presenting, search
from marketplace.models import Listing


class ListingRow(Reply):
    """One open loan. Amounts in minor units of `currency`, rates as fractions. You can lose some or all of what you put in."""

    reference = Reference()
    title = serializers.CharField()
    language = serializers.CharField(help_text=_("Of the title and the summary."))
    purpose = serializers.CharField()
    grade = serializers.CharField()
    annual_rate = Rate()
    term_months = serializers.IntegerField()
    method = serializers.CharField()
    currency = serializers.CharField()
    target = Amount()
    funded = Amount()
    unit = Amount()
    minimum = Amount()
    state = serializers.CharField()
    opens_at = Moment()
    closes_at = Moment()


class Fact(Reply):
    """One disclosed fact: a code in `value`, or a band between `low` (included) and `high` (not), money in minor units; `text` says it in words."""

    name = serializers.CharField()
    form = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    low = serializers.IntegerField(allow_null=True)
    high = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()


class UseOfFunds(Reply):
    """One line of what the money is for."""

    label = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # a field, popped by the metaclass
    amount = serializers.IntegerField()


class ListingDetail(ListingRow):
    """One listing, with what the borrower's file discloses to an investor. `expected_net`: rate less fee and expected loss, a year."""

    backers = serializers.SerializerMethodField()
    summary = serializers.CharField(allow_null=True, help_text=_("Null where it may name somebody."))
    borrower = serializers.CharField(source="disclosed.party_kind", allow_null=True)
    apr = serializers.CharField(source="disclosed.apr")
    expected_loss = serializers.CharField(source="disclosed.expected_loss")
    servicing_fee_rate = serializers.CharField(source="disclosed.servicing_fee_rate")
    expected_net = serializers.SerializerMethodField()
    funds = UseOfFunds(many=True)
    facts = serializers.SerializerMethodField()
    withheld = serializers.ListField(child=serializers.CharField(), source="disclosed.withheld", help_text=_("Fields that are not shown to investors."))

    def get_backers(self, listing: Listing) -> int:
        return listing.pledges.filter(state__in=["reserved", "settled"]).count()

    def get_expected_net(self, listing: Listing) -> str:
        return rate_text(outlook.net_rate(listing).quantize(Decimal("0.000001")))

    def get_facts(self, listing: Listing) -> Fact(many=True):  # type: ignore[valid-type]  # read by the schema
        words = dict(presenting.facts(listing))
        cells = listing.disclosed["facts"].items()
        return [_fact(field, cell, words[str(FIELD_LABELS[field])], listing.currency) for field, cell in cells if field in FIELD_LABELS]


def _fact(field: str, cell: dict[str, Any], text: str, currency: str) -> dict[str, Any]:
    value = cell.get("value")
    band = value if isinstance(value, dict) else {}
    scale = 10 ** digits(currency) if field in disclosure.MONEY else 1
    low, high = (None if band.get(end) is None else band[end] * scale for end in ("from", "to"))
    return {"name": field, "form": cell["form"], "value": None if band else value, "low": low, "high": high, "text": text}


class ListingsEndpoint(Endpoint):
    """Loans that can be pledged to."""

    invests = True

    @reads("listings", ListingRow, summary=_("Open loans"), query=forms.FilterForm, order=search.ORDERS[""])
    def get(self, request: Any) -> Any:
        if self.party.verified_at is None:
            raise Problem(403, "not_verified", _("Loans are shown to verified investors only, because they are about real people."))
        wanted = self.asked.wanted()
        return Sorted(search.find(wanted, now=timezone.now()), search.ORDERS[wanted.sort])


class ListingEndpoint(Endpoint):
    """One listing."""

    invests = True

    @reads("listing", ListingDetail, summary=_("One loan on the market"), description=_("Each look is logged, and the borrower sees it."))
    def get(self, request: Any, reference: str) -> Any:
        found = access.visible(reference, user=self.user, party=self.party)
        access.note(found, user=self.user, page="api.listing", now=timezone.now())
        return found
