"""How a listing is divided between mandates and pledges by hand: declared with it, before anybody can pledge, so that nobody gets earlier access.

Mandates may take at most their share until half the window is over; then what is left is open to both. Of that share nothing is given away by hand before
the first run has looked at it, as long as a running mandate wants such a loan at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from loans import product
from marketplace import run as runs
from marketplace import run_gather
from marketplace.mandate_preview import offered_of, wish_of
from marketplace.matching import eligibility
from marketplace.models import Listing

GRACE = timedelta(minutes=15)  # for the first run to be booked; a reserve never outlasts it


def declare(listing: Listing, *, borrower: int) -> None:
    """Set the shares of a listing that is about to be published."""
    listing.mandate_most = int(listing.target * product.STANDARD.mandate_share) // listing.unit * listing.unit
    listing.shared_until = listing.opens_at + (listing.closes_at - listing.opens_at) / 2
    if _is_wanted(listing, borrower=borrower):
        listing.mandate_reserve = listing.mandate_most
        listing.reserved_until = min(runs.next_time(listing.opens_at) + GRACE, listing.shared_until)


def _is_wanted(listing: Listing, *, borrower: int) -> bool:
    """Whether any running mandate asks for such a loan: the engine's own criteria, cash left aside."""
    standing = list(run_gather.running(currency=listing.currency))
    if not standing:
        return False
    wishes = [wish_of(terms, id=str(terms.pk), investor=str(terms.mandate.party_id), cash=0) for terms in standing]
    row = {name: getattr(listing, name) for name in ("reference", "grade", "annual_rate", "term_months", "purpose", "attributes", "unit", "closes_at")}
    offer = offered_of(row, amount=listing.target, borrower=str(borrower))
    return bool(eligibility.read(wishes).grid([offer]).rows(0, len(wishes)).any())


def reserved(listing: Listing, *, now: datetime) -> int:
    """What is kept for mandates at this moment."""
    return listing.mandate_reserve if listing.reserved_until is not None and now < listing.reserved_until else 0


def open_by_hand(listing: Listing, *, now: datetime) -> int:
    """What can be pledged by hand at this moment."""
    return max(listing.target - listing.funded - reserved(listing, now=now), 0)
