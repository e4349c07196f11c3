"""Pledges: placed, read, taken back in time."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api import paces
from accounts.api.endpoint import Endpoint, Made, reads, writes
from core import business_day
from core.api import bodies
from core.api.fields import Amount, Moment, Reference, Reply
from marketplace import access, forms
from marketplace import pledge as pledging
from marketplace.models import Pledge

PledgeBody = bodies.body_of(forms.PledgeForm)


class PledgeRow(Reply):
    """A pledge of the acting party, in minor units of `currency`. While it is reserved, the cash is held in the wallet."""

    reference = Reference()
    listing = Reference(source="listing.reference")
    amount = Amount()
    currency = serializers.CharField(source="listing.currency")
    state = serializers.CharField(source="stands")
    pledged_at = Moment()
    cancel_until = Moment()
    cancellable = serializers.SerializerMethodField()
    ended_at = Moment(allow_null=True)

    def get_cancellable(self, pledge: Pledge) -> bool:
        return pledging.cancellable(pledge, now=timezone.now())


class PlaceEndpoint(Endpoint):
    """Pledging to one listing."""

    invests = True

    @writes(
        "pledge",
        PledgeRow,
        summary=_("Pledge"),
        description=_("Reserves the amount in the wallet. The rate you saw comes along, so that a changed price is noticed. You can lose all of it."),
        body=PledgeBody,
        status=201,
        pace=paces.MONEY,
        refuses=pledging.UnableToPledge,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.visible(reference, user=self.user, party=self.party)
        wish = bodies.cleaned(forms.PledgeForm(body, listing=found))
        placed = pledging.place(
            pledging.Wish(found, self.party, self.user, wish["amount"], wish["seen_rate"], wish["large"]),
            key=self.business_key,
            as_of=None,
            now=timezone.now(),
        )
        return Made(placed, reverse("api:pledge", args=[placed.reference]))


class PledgesEndpoint(Endpoint):
    """Pledges of the acting party."""

    invests = True

    @reads("pledges", PledgeRow, summary=_("My pledges"), order=("-pledged_at", "-pk"))
    def get(self, request: Any) -> Any:
        return Pledge.objects.filter(party=self.party).select_related("listing__loan")


class PledgeEndpoint(Endpoint):
    """One pledge."""

    invests = True

    @reads("pledge_read", PledgeRow, summary=_("One pledge"))
    def get(self, request: Any, reference: str) -> Any:
        return access.own_pledge(reference, party=self.party)


class CancelEndpoint(Endpoint):
    """Taking a pledge back."""

    invests = True

    @writes("pledge_cancel", PledgeRow, summary=_("Take a pledge back"), pace=paces.MONEY, refuses=pledging.UnableToPledge)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        own = access.own_pledge(reference, party=self.party)
        pledging.cancel(own, by=self.user, as_of=business_day.current(), now=timezone.now())
        return access.own_pledge(reference, party=self.party)
