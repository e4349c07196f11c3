"""Pledging: looked at, confirmed, placed by the database in one round trip, cancelled in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from core import business_day, outbox, references, states
from core.money import format_amount
from core.refusals import Conflict
from loans import file as files
from marketplace import placing, postings
from marketplace.models import Listing, Pledge
from marketplace.suitability import check as suitability
from privacy.disclosure import Restricted

CANCEL_HOURS = 24


class UnableToPledge(Conflict):
    """Nothing was taken. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@dataclass(frozen=True)
class Wish:
    """What an investor wants to do, as typed: checked before the confirm page and again when placed. `large`: an amount that is much for them was confirmed."""

    listing: Listing
    party: Party
    user: User
    amount: int
    seen_rate: Decimal
    large: bool = False


WORDS: dict[str, Promise] = {
    "not_an_investor": _("Confirm your identity as an investor first. Nothing was taken."),
    "closed": _("This listing is no longer open. Nothing was taken."),
    "stale_price": _("The rate has changed since you saw it. Look at the listing again."),
    "below_minimum": _("The amount is below the minimum."),
    "not_a_multiple": _("The amount must be a multiple of the unit."),
    "too_much": _("That is more than is still open. Somebody may have been faster."),
    "kept_for_mandates": _("Part of this loan is kept for mandates until their first run. By hand %(open)s can be pledged now."),
    "own_loan": _("This is a loan of yours or of a party you belong to. You cannot fund it."),
    "insufficient_funds": _("Your wallet does not hold that much. Pay in first, then pledge again."),
}


def check(wish: Wish, *, now: datetime) -> None:
    """Everything that can be known without taking anything. Raises UnableToPledge, Restricted."""
    _refuse(_ask(wish, now=now), wish)
    _check_suits(wish, now=now)


def _ask(wish: Wish, *, now: datetime) -> placing.Verdict:
    return placing.ask(listing=wish.listing.pk, party=wish.party.pk, amount=wish.amount, seen_rate=wish.seen_rate, now=now)


def _refuse(verdict: placing.Verdict, wish: Wish) -> None:
    """The database's word against it, if it has one, in words a person reads."""
    if verdict.refused == "restricted":
        raise Restricted
    if verdict.refused:
        raise UnableToPledge(verdict.refused, WORDS[verdict.refused] % {"open": format_amount(verdict.by_hand, wish.listing.currency)})


def _check_suits(wish: Wish, *, now: datetime) -> None:
    against = suitability.gate(wish.party, amount=wish.amount, currency=wish.listing.currency, now=now, confirmed=wish.large)
    if against is not None:
        raise UnableToPledge(against.code, against.message)


def place(wish: Wish, *, key: str, as_of: date | None, now: datetime) -> Pledge:
    """Reserve the money, with everything that follows from it. The same key again returns the same pledge. `as_of` None: on the business day of that
    moment, looked up in the same round trip.

    Who asks in no transaction shares one with everybody who asks for the same listing at that moment (`placing`).
    Raises UnableToPledge: closed, too_much, stale_price, below_minimum, not_a_multiple, own_loan, insufficient_funds, key_conflict.
    """
    with suitability.counted(wish.party):
        if suitability.asks(wish.party) and not Pledge.objects.filter(hold_key=f"pledge:{key}").exists():
            _refuse(_ask(wish, now=now), wish)  # what is wrong with the listing is said before what is wrong with the amount
            _check_suits(wish, now=now)
        pledge = _wanted(wish, key=key, now=now)
        verdict = placing.place(pledge, seen_rate=wish.seen_rate, as_of=as_of)
        if verdict.refused == "no_day":
            verdict = placing.place(pledge, seen_rate=wish.seen_rate, as_of=business_day.current())
    if verdict.pledge is not None and verdict.refused == "again":
        return _same(Pledge.objects.select_related("listing", "party").get(pk=verdict.pledge), wish)
    if verdict.pledge is None:
        if verdict.refused == "no_room":  # looked at again for what has changed meanwhile
            verdict = _ask(wish, now=now)
            verdict = replace(verdict, refused=verdict.refused or "too_much")
        _refuse(verdict, wish)
    pledge.pk = verdict.pledge
    pledge._state.adding, pledge._state.db = False, "default"
    return pledge


def _same(earlier: Pledge, wish: Wish) -> Pledge:
    if (earlier.party_id, earlier.listing_id, earlier.amount) != (wish.party.pk, wish.listing.pk, wish.amount):
        raise UnableToPledge("key_conflict", _("This form was already used for another pledge."))
    return earlier


def _wanted(wish: Wish, *, key: str, now: datetime) -> Pledge:
    """The pledge as it will stand, not yet saved."""
    reflect_until = suitability.reflect_until(wish.party, now=now)
    cancel_until = min(now + timedelta(hours=CANCEL_HOURS), wish.listing.closes_at)
    return Pledge(
        reference=references.make(Pledge.REFERENCE_PREFIX),
        listing=wish.listing,
        party=wish.party,
        user=wish.user,
        amount=wish.amount,
        hold_key=f"pledge:{key}",
        state="reserved",
        risk_acknowledged_at=now,
        pledged_at=now,
        cancel_until=max(cancel_until, reflect_until or cancel_until),
        reflect_until=reflect_until,
    )


def cancellable(pledge: Pledge, *, now: datetime) -> bool:
    """Whether it can still be taken back."""
    return pledge.state == "reserved" and pledge.listing.state == "open" and now <= pledge.cancel_until


@transaction.atomic
def cancel(pledge: Pledge, *, by: User, as_of: date, now: datetime) -> None:
    """Take a pledge back inside its window, while the listing is open. The cash is free in the same moment."""
    listing = Listing.objects.select_for_update().get(pk=pledge.listing_id)
    locked = Pledge.objects.select_for_update(of=("self",)).select_related("party").get(pk=pledge.pk)
    if locked.state == "cancelled":
        return
    if listing.state != "open" or locked.state != "reserved" or now > locked.cancel_until:
        raise UnableToPledge("too_late", _("The time to cancel this pledge has passed."))
    states.move(locked, "cancelled", now=now, by=by.pk, why="by_investor", ended_at=now)
    postings.release(locked, as_of=as_of)
    Listing.objects.filter(pk=listing.pk).update(funded=F("funded") - locked.amount)
    outbox.enqueue("pledge.cancelled", key=f"pledge:{locked.pk}:cancelled", payload={"pledge": locked.pk})
    if not listing.pledges.filter(party=locked.party, state="reserved").exists():
        files.end_grants(file=listing.loan.file, party=locked.party, relation="pledger", now=now)
