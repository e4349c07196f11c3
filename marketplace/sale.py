"""Selling a share and buying one: offered at the whole claim with a bounded discount or premium, served in turns, handed over in one transaction.

An offer ends by itself when the loan's state changes or its schedule is reshaped: nobody buys something else than what was offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit, parties
from accounts.models import Party, User
from core import outbox, references, states, sweeps
from core.outbox import JobContext, handles
from core.refusals import Conflict
from loans import participation, standing
from loans.models import HoldingTransfer, Loan, LoanEvent, Participation, Standing
from loans.participation import UnableToTransfer
from marketplace import claim, consent, postings
from marketplace.models import Listing, Purchase, Sale
from marketplace.suitability import check as suitability
from privacy import restriction

FACTOR_MIN, FACTOR_MAX = Decimal("0.70"), Decimal("1.05")
DAYS = 30
LATE_DAYS_MAX = 60
UNIT = 10_000
SELLABLE = ("active", "late")
ORDER = ("turn", "pk")
RESHAPES = (
    LoanEvent.Kind.RESCHEDULE,
    LoanEvent.Kind.PAUSE,
    LoanEvent.Kind.WRITE_OFF,
    LoanEvent.Kind.CHARGEBACK,
    LoanEvent.Kind.VOID,
    LoanEvent.Kind.DISPUTE,
)
UNSOUND = Q(participation__loan__days_late__gt=LATE_DAYS_MAX) | Q(participation__loan__standing__disputed_on__isnull=False)


class UnableToTrade(Conflict):
    """Nothing changed hands. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@dataclass(frozen=True)
class Wish:
    """What a buyer wants to take of an offer, at the price they saw. `large`: an amount that is much for them was confirmed."""

    sale: Sale
    party: Party
    user: User
    amount: int
    seen_price: int
    large: bool = False


def basis_of(loan: Loan) -> str:
    """The state of the loan and its last reshaping: what an offer rests on."""
    last = loan.events.filter(kind__in=RESHAPES).aggregate(last=Max("number"))["last"] or 0
    return f"{loan.state}:{last}"


@transaction.atomic
def offer(*, holding: Participation, party: Party, by: User, amount: int, factor: Decimal, key: str, now: datetime) -> Sale:
    """Offer so much of a holding. The same key again is the same offer.

    Raises UnableToTrade: not_held, not_sellable, too_late, disputed, factor, not_a_multiple, already_offered, key_conflict.
    """
    earlier = Sale.objects.filter(key=f"sale:{key}").first()
    if earlier is not None:
        return _same(earlier, holding, amount, factor)
    loan, found = standing.lock(holding.loan)
    held = Participation.objects.select_for_update().get(pk=holding.pk)
    _check_offer(held, loan, party, amount, factor)
    _demand_sound(loan, found)
    try:
        with transaction.atomic():
            made = Sale.objects.create(
                reference=references.make(Sale.REFERENCE_PREFIX),
                participation=held,
                party=party,
                user=by,
                amount=amount,
                left=amount,
                factor=factor,
                basis=basis_of(loan),
                key=f"sale:{key}",
                turn=_last_turn(),
                offered_at=now,
                expires_at=now + timedelta(days=DAYS),
            )
    except IntegrityError:
        raise UnableToTrade("already_offered", _("This share is offered already. Take that offer back first.")) from None
    audit.record(actor=by, action="sale.offer", target=made.reference, now=now)
    return made


def _same(earlier: Sale, holding: Participation, amount: int, factor: Decimal) -> Sale:
    if (earlier.participation_id, earlier.amount, earlier.factor) != (holding.pk, amount, factor):
        raise UnableToTrade("key_conflict", _("This form was already used for something else."))
    return earlier


def _check_offer(held: Participation, loan: Loan, party: Party, amount: int, factor: Decimal) -> None:
    restriction.refuse(party.subject_id)
    if held.party_id != party.pk or held.ended_at is not None:
        raise UnableToTrade("not_held", _("You do not hold this share any more."))
    if loan.state not in SELLABLE or held.amount == held.received_principal:
        raise UnableToTrade("not_sellable", _("This loan is repaid, in default or not paid out yet; its shares cannot be sold."))
    if not FACTOR_MIN <= factor <= FACTOR_MAX:
        raise UnableToTrade("factor", _("The price may be 70% to 105% of the claim."))
    if not 0 < amount <= held.amount or (amount % UNIT and amount != held.amount):
        raise UnableToTrade("not_a_multiple", _("Offer a multiple of the unit, at most what you hold."))


def _demand_sound(loan: Loan, found: Standing) -> None:
    """Asked when a share is offered and when it is bought: days pass, and disputes begin, in between."""
    if loan.days_late > LATE_DAYS_MAX:
        raise UnableToTrade("too_late", _("Loans more than 60 days late cannot be sold."))
    if found.disputed_on is not None:
        raise UnableToTrade("disputed", _("What is owed on this loan is disputed. Its shares cannot be sold until that is settled."))


def _last_turn() -> int:
    return int(Sale.objects.aggregate(last=Max("turn"))["last"] or 0)


def queue(*, now: datetime) -> QuerySet[Sale]:
    """Offers that can be bought, in the order in which they are served: who has just sold goes to the end, so nobody is starved by being late."""
    rows = Sale.objects.filter(state="open", expires_at__gt=now, participation__loan__state__in=SELLABLE).exclude(UNSOUND)
    rows = rows.filter(participation__loan__listing__in=consent.shown(Listing.objects.all(), now=now))
    return rows.select_related("participation__loan__listing", "participation__loan__standing", "party").order_by(*ORDER)


def of(party: Party) -> QuerySet[Sale]:
    """What the party offers and has offered."""
    return Sale.objects.filter(party=party).select_related("participation__loan__listing", "participation__loan__standing", "party")


@transaction.atomic
def buy(wish: Wish, *, key: str, as_of: date, now: datetime) -> Purchase:
    """Money, register, file and offer in one transaction; the same key again is the same purchase.

    Raises UnableToTrade: not_an_investor, gone, changed, own_offer, own_loan, too_much, not_a_multiple, stale_price, insufficient_funds,
    key_conflict, too_late, disputed,
    or what stands against the buyer putting in so much.
    Lock order: the buyer where amounts are counted, the loan's standing and row, the offer, holdings, then accounts by id.
    """
    earlier = Purchase.objects.filter(key=f"purchase:{key}").select_related("sale").first()
    if earlier is not None:
        return _same_purchase(earlier, wish)
    suitability.alone(wish.party)
    loan, found = standing.lock(wish.sale.participation.loan)
    sale = Sale.objects.select_for_update(of=("self",)).select_related("party").get(pk=wish.sale.pk)
    _check_purchase(sale, loan, wish, now=now)
    _demand_sound(loan, found)
    against = suitability.gate(wish.party, amount=wish.seen_price, currency=loan.currency, now=now, confirmed=wish.large)
    if against is not None:
        raise UnableToTrade(against.code, against.message)
    held = Participation.objects.select_related("loan__standing").get(pk=sale.participation_id)
    worth = claim.of(held, wish.amount, as_of=as_of)
    price = claim.price(worth, sale.factor)
    if price != wish.seen_price or price <= 0:
        raise UnableToTrade("stale_price", _("The price has changed since you saw it. Look at the offer again."))
    reference = references.make(Purchase.REFERENCE_PREFIX)
    _pay(sale, wish, price, reference, loan, as_of=as_of)
    moved = _hand_over(sale, wish, loan, price, reference, as_of=as_of, now=now)
    made = Purchase.objects.create(
        reference=reference,
        sale=sale,
        party=wish.party,
        user=wish.user,
        transfer=moved,
        key=f"purchase:{key}",
        amount=wish.amount,
        claim=worth.total,
        price=price,
        bought_at=now,
    )
    _serve(sale, wish.amount, now=now)
    audit.record(actor=wish.user, action="sale.buy", target=reference, now=now)
    outbox.enqueue("sale.bought", key=f"purchase:{made.pk}", payload={"purchase": made.pk})
    return made


def _same_purchase(earlier: Purchase, wish: Wish) -> Purchase:
    if (earlier.party_id, earlier.sale_id, earlier.amount) != (wish.party.pk, wish.sale.pk, wish.amount):
        raise UnableToTrade("key_conflict", _("This form was already used for something else."))
    return earlier


def _check_purchase(sale: Sale, loan: Loan, wish: Wish, *, now: datetime) -> None:
    restriction.refuse(wish.party.subject_id)
    if not wish.party.invests or wish.party.verified_at is None:
        raise UnableToTrade("not_an_investor", _("Confirm your identity as an investor first. Nothing was taken."))
    if sale.state != "open" or sale.expires_at <= now:
        raise UnableToTrade("gone", _("This offer has ended. Nothing was taken."))
    if loan.state not in SELLABLE or basis_of(loan) != sale.basis:
        raise UnableToTrade("changed", _("The loan has changed since it was offered, so the offer has ended. Nothing was taken."))
    if parties.persons_behind(sale.party) & parties.persons_behind(wish.party):
        raise UnableToTrade("own_offer", _("This is your own offer, or that of a party you belong to."))
    if wish.amount > sale.left:
        raise UnableToTrade("too_much", _("That is more than is still offered. Somebody may have been faster."))
    if wish.amount <= 0 or (wish.amount % UNIT and wish.amount != sale.left):
        raise UnableToTrade("not_a_multiple", _("The amount must be a multiple of the unit."))


def _pay(sale: Sale, wish: Wish, price: int, reference: str, loan: Loan, *, as_of: date) -> None:
    try:
        postings.pay_for_share(buyer=wish.party, seller=sale.party, amount=price, currency=loan.currency, reference=reference, as_of=as_of)
    except postings.InsufficientFunds:
        raise UnableToTrade("insufficient_funds", _("Your wallet does not hold that much. Pay in first, then buy again.")) from None


def _hand_over(sale: Sale, wish: Wish, loan: Loan, price: int, reference: str, *, as_of: date, now: datetime) -> HoldingTransfer:
    try:
        return participation.transfer(
            loan=loan, giver=sale.party, taker=wish.party, amount=wish.amount, price=price, key=f"sale:{reference}", as_of=as_of, now=now
        )
    except UnableToTransfer as error:
        raise UnableToTrade(error.code, error.message) from None


def _serve(sale: Sale, amount: int, *, now: datetime) -> None:
    """Less is left; the seller goes behind everybody who waits; nothing left is sold."""
    Sale.objects.filter(pk=sale.pk).update(left=F("left") - amount)
    Sale.objects.filter(party=sale.party, state="open").update(turn=_last_turn() + 1)
    sale.left -= amount
    if not sale.left:
        states.move(sale, "sold", now=now, why="sold_out", ended_at=now)


@transaction.atomic
def cancel(sale: Sale, *, by: User | None, now: datetime, why: str = "by_seller") -> bool:
    """Take an offer back. False when it had ended already."""
    held = Sale.objects.select_for_update(of=("self",)).get(pk=sale.pk)
    if held.state != "open":
        return False
    states.move(held, "cancelled", now=now, by=by.pk if by else None, why=why, ended_at=now)
    if by is None:
        outbox.enqueue("sale.cancelled", key=f"sale:{held.pk}:cancelled", payload={"sale": held.pk})
    return True


@handles("loan.state_changed")
def on_loan_changed(*, job: JobContext) -> None:
    """What was offered is no longer what it was."""
    for sale in Sale.objects.filter(participation__loan=job.payload["loan"], state="open").select_related("participation__loan"):
        if basis_of(sale.participation.loan) != sale.basis:
            cancel(sale, by=None, now=job.now, why="loan_changed")


def tidy(*, now: datetime) -> int:
    """Offers whose time is over, whose loan was reshaped, is disputed or too late, or that no longer fit what is held. Returns how many ended."""
    over = Q(expires_at__lte=now) | Q(amount__gt=F("participation__amount") + F("amount") - F("left"))
    ended = sweeps.each(Sale.objects.filter(state="open").filter(over)[:500], lambda sale: _end(sale, now=now), what="offer past its time")
    unsound = set(Sale.objects.filter(UNSOUND, state="open").values_list("pk", flat=True))
    rows = Sale.objects.filter(state="open").select_related("participation__loan")
    changed = [sale for sale in rows if sale.pk in unsound or basis_of(sale.participation.loan) != sale.basis]
    return ended + sweeps.each(changed, lambda sale: cancel(sale, by=None, now=now, why="loan_changed"), what="offer whose loan changed")


def _end(sale: Sale, *, now: datetime) -> bool:
    held = Sale.objects.select_for_update(of=("self",)).get(pk=sale.pk)
    if held.state == "open":
        states.move(held, "expired" if held.expires_at <= now else "cancelled", now=now, why="time_over", ended_at=now)
    return held.state != "open"
