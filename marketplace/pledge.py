"""Pledging: looked at, confirmed, placed by one guarded statement, cancelled in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Party, User
from core import outbox, references, states
from core.money import format_amount
from core.refusals import Conflict
from loans import file as files
from marketplace import consent, postings, shares
from marketplace.models import Listing, Pledge
from marketplace.suitability import check as suitability
from privacy import restriction

CANCEL_HOURS = 24
OPENED = "SELECT %(loan)s::bigint, %(party)s::bigint, %(consent)s::bigint"


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


def check(wish: Wish, *, now: datetime) -> int:
    """Everything that can be known without taking anything; returns the borrower's consent it rests on. Raises UnableToPledge, Restricted."""
    restriction.refuse(wish.party.subject_id)
    listing = wish.listing
    if not wish.party.invests or wish.party.verified_at is None:
        raise UnableToPledge("not_an_investor", _("Confirm your identity as an investor first. Nothing was taken."))
    if listing.state != "open" or not listing.opens_at <= now < listing.closes_at:
        raise UnableToPledge("closed", _("This listing is no longer open. Nothing was taken."))
    answer = consent.answers(Listing.objects.filter(pk=listing.pk), now=now).get(listing.pk)
    if answer is None:
        raise UnableToPledge("closed", _("This listing is no longer open. Nothing was taken."))
    if wish.seen_rate != listing.annual_rate:
        raise UnableToPledge("stale_price", _("The rate has changed since you saw it. Look at the listing again."))
    if wish.amount < listing.minimum:
        raise UnableToPledge("below_minimum", _("The amount is below the minimum."))
    if wish.amount % listing.unit:
        raise UnableToPledge("not_a_multiple", _("The amount must be a multiple of the unit."))
    if wish.amount > listing.target - listing.funded:
        raise UnableToPledge("too_much", _("That is more than is still open. Somebody may have been faster."))
    if wish.amount > shares.open_by_hand(listing, now=now):
        kept = _("Part of this loan is kept for mandates until their first run. By hand %(open)s can be pledged now.")
        raise UnableToPledge("kept_for_mandates", kept % {"open": format_amount(shares.open_by_hand(listing, now=now), listing.currency)})
    _check_own(wish)
    _check_suits(wish, now=now)
    return answer


def _check_suits(wish: Wish, *, now: datetime) -> None:
    against = suitability.gate(wish.party, amount=wish.amount, currency=wish.listing.currency, now=now, confirmed=wish.large)
    if against is not None:
        raise UnableToPledge(against.code, against.message)


def _check_own(wish: Wish) -> None:
    """Nobody funds their own loan: not the borrower, a co-borrower, nor any party a person behind them acts for."""
    application = wish.listing.loan.agreement.offer.application_id
    theirs = Membership.objects.filter(ended_at=None, party__obligations__application=application).values("user_id")
    if Membership.objects.filter(ended_at=None, party=wish.party, user_id__in=theirs).exists():
        raise UnableToPledge("own_loan", _("This is a loan of yours or of a party you belong to. You cannot fund it."))


def place(wish: Wish, *, key: str, as_of: date, now: datetime) -> Pledge:
    """Reserve the money. One guarded statement decides; the same key again returns the same pledge.

    Raises UnableToPledge: closed, too_much, stale_price, below_minimum, not_a_multiple, own_loan, insufficient_funds, key_conflict.
    """
    earlier = Pledge.objects.filter(hold_key=f"pledge:{key}").first()
    if earlier is not None:
        return _same(earlier, wish)
    answer = check(wish, now=now)
    with transaction.atomic():
        suitability.alone(wish.party)
        _check_suits(wish, now=now)
        postings.open_cash(wish.party, currency=wish.listing.currency)
        # Everybody who pledges to this listing waits for its row from here to the commit: what could be done before was.
        pk, full = _take(wish, key=key, as_of=as_of, now=now)
        _open_file(wish, answer=answer, now=now)
        if full:
            outbox.enqueue("listing.full", key=f"listing:{wish.listing.pk}:full:{pk}", payload={"listing": wish.listing.pk})
        outbox.enqueue("pledge.placed", key=f"pledge:{pk}:placed", payload={"pledge": pk})
    return Pledge.objects.select_related("listing", "party").get(pk=pk)


def _same(earlier: Pledge, wish: Wish) -> Pledge:
    if (earlier.party_id, earlier.listing_id, earlier.amount) != (wish.party.pk, wish.listing.pk, wish.amount):
        raise UnableToPledge("key_conflict", _("This form was already used for another pledge."))
    return earlier


def _take(wish: Wish, *, key: str, as_of: date, now: datetime) -> tuple[int, bool]:
    """The pledge's id, and whether the listing is full with it."""
    reflect_until = suitability.reflect_until(wish.party, now=now)
    cancel_until = min(now + timedelta(hours=CANCEL_HOURS), wish.listing.closes_at)
    pledge = Pledge(
        reference=references.make(Pledge.REFERENCE_PREFIX),
        listing=wish.listing,
        party=wish.party,
        user=wish.user,
        amount=wish.amount,
        hold_key=f"pledge:{key}",
        risk_acknowledged_at=now,
        pledged_at=now,
        cancel_until=max(cancel_until, reflect_until or cancel_until),
        reflect_until=reflect_until,
    )
    try:
        taken = postings.hold(pledge, listing=wish.listing, seen_rate=wish.seen_rate, as_of=as_of, now=now)
    except postings.InsufficientFunds:
        raise UnableToPledge("insufficient_funds", _("Your wallet does not hold that much. Pay in first, then pledge again.")) from None
    if taken is None:
        wish.listing.refresh_from_db()
        check(wish, now=now)
        raise UnableToPledge("too_much", _("That is more than is still open. Somebody may have been faster."))
    return taken


def _open_file(wish: Wish, *, answer: int, now: datetime) -> None:
    """A pledger sees what pledgers see, while the borrower's consent stands."""
    files.grant_from(OPENED, {"loan": wish.listing.loan_id, "party": wish.party.pk, "consent": answer}, relation="pledger", now=now)


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
