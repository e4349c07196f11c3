"""Offers: read, signed after a fresh proof, declined."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.api.endpoint import Endpoint, reads, writes
from accounts.reauthentication import latest
from loans import access
from loans import offer as offers
from loans.api import shapes
from privacy.notices import supported


class OffersEndpoint(Endpoint):
    """Offers to the acting party."""

    borrows = True

    @reads("offers", shapes.OfferRow, summary=_("My offers"), order=("-made_at", "-pk"))
    def get(self, request: Any) -> Any:
        return access.own_offers(self.party)


class OfferEndpoint(Endpoint):
    """One offer."""

    borrows = True

    @reads("offer", shapes.OfferDetail, summary=_("One offer: key facts and schedule"))
    def get(self, request: Any, reference: str) -> Any:
        return access.own_offer(reference, party=self.party)


class SignEndpoint(Endpoint):
    """Signing an offer."""

    borrows = True

    @writes(
        "offer_sign",
        shapes.Signed,
        summary=_("Sign and accept"),
        description=_("Binds. Needs a proof of identity in the same session no older than five minutes; a token alone never signs."),
        proven=True,
        refuses=offers.UnableToAnswer,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_offer(reference, party=self.party)
        loan = offers.accept(found, by=self.user, reauthentication=latest(request), language=supported(get_language()), now=timezone.now())
        return {"offer": found.reference, "loan": loan.reference if loan else None}


class DeclineEndpoint(Endpoint):
    """Saying no to an offer."""

    borrows = True

    @writes("offer_decline", shapes.OfferRow, summary=_("Decline the offer"), refuses=offers.UnableToAnswer)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        offers.decline(access.own_offer(reference, party=self.party), by=self.user, now=timezone.now())
        return access.own_offer(reference, party=self.party)
