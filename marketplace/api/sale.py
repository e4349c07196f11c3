"""Shares of running loans: what is on offer, a price for a part of it, buying, offering a holding and taking that back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api import paces
from accounts.api.endpoint import Endpoint, Made, reads, writes
from core import business_day
from core.api import bodies, fields
from core.api.fields import Amount, Moment, Rate, Reference, Reply
from core.api.problems import Problem
from marketplace import access, claim, forms
from marketplace import sale as selling
from marketplace.models import Sale

BuyBody = bodies.body_of(forms.BuyForm)


class SellBody(fields.Body):
    """How much of a holding, in the principal that was lent, and at which part of its claim: 0.985 asks for 98.5 % of it."""

    amount = fields.AmountIn()
    factor = Rate()


class PartForm(django_forms.Form):
    """The part of an offer a price is asked for, in minor units."""

    amount = django_forms.IntegerField(required=False, min_value=1, max_value=10**15)


class ClaimReply(Reply):
    """What the borrower owes on a share today, in minor units."""

    principal = Amount()
    interest = Amount()
    charges = Amount()
    total = Amount()


class SaleRow(Reply):
    """An offer of a share, in minor units of `currency`. `claim` and `price` are those of `part` on the business day `day`. You can lose all of it."""

    reference = Reference()
    state = serializers.CharField()
    listing = Reference(source="participation.loan.listing.reference")
    purpose = serializers.CharField(source="participation.loan.listing.purpose")
    grade = serializers.CharField(source="participation.loan.listing.grade")
    annual_rate = Rate(source="participation.loan.annual_rate")
    loan_state = serializers.CharField(source="participation.loan.state")
    days_late = serializers.IntegerField(source="participation.loan.days_late")
    currency = serializers.CharField(source="participation.loan.currency")
    amount = Amount()
    left = Amount()
    unit = serializers.SerializerMethodField()
    factor = Rate()
    part = Amount()
    claim = ClaimReply()
    price = Amount()
    day = serializers.DateField()
    offered_at = Moment()
    expires_at = Moment()
    ended_at = Moment(allow_null=True)

    def to_representation(self, instance: Sale) -> dict[str, Any]:
        instance.part = getattr(instance, "part", instance.left)  # type: ignore[attr-defined]
        instance.day = business_day.current()  # type: ignore[attr-defined]
        instance.claim = claim.of(instance.participation, instance.part, as_of=instance.day)  # type: ignore[attr-defined]
        instance.price = claim.price(instance.claim, instance.factor)  # type: ignore[attr-defined]
        return super().to_representation(instance)  # type: ignore[no-any-return]

    def get_unit(self, sale: Sale) -> int:
        return selling.UNIT


class PurchaseRow(Reply):
    """What was bought: so much of a share, its whole claim on that day, and the price paid, in minor units of `currency`."""

    reference = Reference()
    sale = Reference(source="sale.reference")
    listing = Reference(source="sale.participation.loan.listing.reference")
    currency = serializers.CharField(source="sale.participation.loan.currency")
    amount = Amount()
    claim = Amount()
    price = Amount()
    bought_at = Moment()


class SalesEndpoint(Endpoint):
    """What others offer."""

    invests = True

    @reads("sales", SaleRow, summary=_("Shares for sale"), description=_("In the order in which sellers are served."), order=selling.ORDER)
    def get(self, request: Any) -> Any:
        if self.party.verified_at is None:
            raise Problem(403, "not_verified", _("Loans are shown to verified investors only, because they are about real people."))
        return selling.queue(now=timezone.now())


class OwnSalesEndpoint(Endpoint):
    """What the acting party offers and has offered."""

    invests = True

    @reads("own_sales", SaleRow, summary=_("My offers of shares"), order=("-offered_at", "-pk"))
    def get(self, request: Any) -> Any:
        return selling.of(self.party)


class SaleEndpoint(Endpoint):
    """One offer."""

    invests = True

    @reads("sale", SaleRow, summary=_("One share for sale"), description=_("With `amount`, the price of that part of it. Each look is logged."), query=PartForm)
    def get(self, request: Any, reference: str) -> Any:
        found = access.visible_sale(reference, user=self.user, party=self.party, page="api.sale")
        part = self.asked.cleaned_data["amount"] or found.left
        if part > found.left or (part % selling.UNIT and part != found.left):
            raise Problem(400, "bad_parameter", _("A parameter has no such value: %(names)s") % {"names": "amount"})
        found.part = part  # type: ignore[attr-defined]
        return found


class BuyEndpoint(Endpoint):
    """Buying a share or a part of it."""

    invests = True

    @writes(
        "sale_buy",
        PurchaseRow,
        summary=_("Buy a share"),
        description=_("Pays from the wallet. The price you saw comes along, so that a changed one is noticed. You can lose all of it."),
        body=BuyBody,
        status=201,
        pace=paces.MONEY,
        refuses=selling.UnableToTrade,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.visible_sale(reference, user=self.user, party=self.party, page="api.sale")
        wish = bodies.cleaned(forms.BuyForm(body, sale=found))
        bought = selling.buy(
            selling.Wish(found, self.party, self.user, wish["amount"], wish["seen_price"], wish["large"]),
            key=self.business_key,
            as_of=business_day.current(),
            now=timezone.now(),
        )
        return Made(bought, reverse("api:purchase", args=[bought.reference]))


class PurchaseEndpoint(Endpoint):
    """One purchase."""

    invests = True

    @reads("purchase", PurchaseRow, summary=_("One share I bought"))
    def get(self, request: Any, reference: str) -> Any:
        return access.own_purchase(reference, party=self.party)


class SellEndpoint(Endpoint):
    """Offering a holding, or a part of it."""

    invests = True

    @writes(
        "sell",
        SaleRow,
        summary=_("Offer a share"),
        description=_("Of the loan of that listing. Nothing changes hands before somebody buys; until then the share and what it brings are yours."),
        body=SellBody,
        status=201,
        pace=paces.MONEY,
        refuses=selling.UnableToTrade,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        holding = access.own_holding(reference, party=self.party)
        form = _offered(body, holding)
        made = selling.offer(
            holding=holding,
            party=self.party,
            by=self.user,
            amount=form.cleaned_data["amount"],
            factor=form.factor,
            key=self.business_key,
            now=timezone.now(),
        )
        return Made(made, reverse("api:sale", args=[made.reference]))


def _offered(body: dict[str, Any], holding: Any) -> forms.SellForm:
    """The page's own form judges; it asks for per cent."""
    percent = (Decimal(body["factor"]) * 100).normalize()
    form = forms.SellForm({"amount": body["amount"], "percent": percent}, holding=holding)
    try:
        bodies.cleaned(form)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({{"percent": "factor"}.get(name, name): told for name, told in error.detail.items()}) from None  # type: ignore[union-attr]
    return form


class CancelSaleEndpoint(Endpoint):
    """Taking an offer back."""

    invests = True

    @writes("sale_cancel", SaleRow, summary=_("Take an offer of a share back"), description=_("An offer that has ended stays as it is."), pace=paces.MONEY)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        selling.cancel(access.own_sale(reference, party=self.party), by=self.user, now=timezone.now())
        return access.own_sale(reference, party=self.party)
