"""Repaying a loan from the borrower's wallet: what is owed, a payment, a quote that closes it, and paying that quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.refusals import Conflict
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import event as events
from loans import standing
from loans.event import Entry, UnableToEnter
from loans.models import Loan, PayoffQuote, Repayment, Standing
from loans.replay import Course, Kind, Quote, quote

REPAYABLE = ("active", "late", "defaulted")
CHOICES: dict[str, str | Promise] = {
    "next": _("Pay the next installments in advance"),
    "shorten": _("Repay principal now and finish sooner"),
    "lower": _("Repay principal now and lower the installments"),
}
QUOTE_DAYS = 7
# What ends a quote: money that moves, and what changes the schedule. A note, a pause or a charge does not.
ENDS_QUOTE = [*events.MONEY, Kind.VOID, Kind.CHARGEBACK, Kind.RESCHEDULE, Kind.WAIVER, Kind.WRITE_OFF]


class UnableToRepay(Conflict):
    """Nothing was taken; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@dataclass(frozen=True)
class Owed:
    """What stands open on a day, in minor units. `due` is what should have been paid by then; `all` what is left in the whole contract."""

    due: int
    all: int
    next_due_on: date | None
    next_amount: int


def owed(loan: Loan, *, as_of: date) -> Owed:
    """What the borrower owes here on `as_of`, and when the next payment falls due. Charges made so far are due, but for those a new schedule spread.

    Nothing of a claim that was sold is owed here.
    """
    if loan.state == "written_off" and events.is_sold(loan):
        return Owed(0, 0, None, 0)
    rows = list(loan.installments.filter(paid_on=None).order_by("due_on", "number"))
    coming = [row for row in rows if row.due_on > as_of]
    return Owed(
        due=sum(row.open for row in rows if row.due_on <= as_of) + sum(row.due_already for row in coming),
        all=sum(row.open for row in rows),
        next_due_on=coming[0].due_on if coming else None,
        next_amount=coming[0].open - coming[0].due_already if coming else 0,
    )


def course(loan: Loan, *, as_of: date) -> Course:
    """The loan's course as of the morning of `as_of`."""
    return standing.course_of(loan, closed_to=max(loan.standing.closed_to, as_of - standing.DAY))


@transaction.atomic
def pay(*, loan: Loan, amount: int, by: User | None, key: str, as_of: date, now: datetime, choice: str = "next", currency: str = "") -> Repayment:
    """Take `amount` from the borrower's wallet and give every holder their share. The same key again returns the same repayment.

    `choice` says what happens to money beyond what is due. Raises UnableToRepay when nothing can be repaid or what is owed is disputed, the amount
    is not positive, in another currency, more than owed, or more than the wallet holds.
    """
    if choice not in CHOICES:
        raise UnableToRepay("choice", _("Choose one of the ways listed."))
    return _enter(loan, Entry(Kind.PAYMENT, as_of, amount, {"choice": choice}, currency=currency), by=by, key=key, as_of=as_of, now=now)


def quote_settlement(loan: Loan, *, as_of: date) -> Quote:
    """What closes the loan on `as_of`. Interest not yet earned is waived: the running period counts by days, later periods not at all."""
    return quote(course(loan, as_of=as_of), as_of)


@transaction.atomic
def make_quote(loan: Loan, *, as_of: date, now: datetime) -> PayoffQuote:
    """A quote for each day until it expires. Within that time it holds, as long as no other money moves and the schedule stays."""
    if loan.state not in REPAYABLE:
        raise UnableToRepay("not_repayable", _("This loan has nothing to repay."))
    found = course(loan, as_of=as_of)
    days = [as_of + timedelta(days=k) for k in range(QUOTE_DAYS)]
    figures = {day.isoformat(): _figures(quote(found, day)) for day in days}
    return PayoffQuote.objects.create(loan=loan, quoted_on=as_of, expires_on=days[-1], days=figures, after_event=_last_move(loan), created_at=now)


def last_event(loan: Loan) -> int:
    """The number of the last thing that happened; 0 before the first."""
    return loan.events.aggregate(last=Max("number"))["last"] or 0


def _last_move(loan: Loan) -> int:
    return loan.events.filter(kind__in=ENDS_QUOTE).aggregate(last=Max("number"))["last"] or 0


def _figures(found: Quote) -> dict[str, int]:
    return {
        "total": found.total,
        "principal": found.principal,
        "interest": found.interest,
        "fees": found.fees,
        "penalties": found.penalties,
        "saved": found.saved,
    }


def standing_quote(loan: Loan, *, as_of: date) -> dict[str, Any] | None:
    """Today's figures of the newest quote that still holds, with its reference and expiry."""
    made = loan.payoff_quotes.filter(expires_on__gte=as_of, quoted_on__lte=as_of).order_by("-pk").first()
    if made is None or made.after_event != _last_move(loan):
        return None
    days = [
        {"on": date.fromisoformat(day), **figures, "charges": figures["fees"] + figures["penalties"]}
        for day, figures in made.days.items()
        if day >= as_of.isoformat()
    ]
    return {**made.days[as_of.isoformat()], "reference": made.reference, "expires_on": made.expires_on, "days": days}


@transaction.atomic
def settle_early(*, loan: Loan, expected: int, by: User | None, key: str, as_of: date, now: datetime) -> Repayment:
    """Close the loan at today's figure, or at that of a quote that still holds. `expected` is the total the borrower saw.

    Raises UnableToRepay("quote_changed") for any other figure.
    """
    _lock(loan)
    held = standing_quote(loan, as_of=as_of)
    totals = {quote_settlement(loan, as_of=as_of).total, *([held["total"]] if held else [])}
    earlier = Repayment.objects.filter(event__key=key).exists()
    if expected not in totals and not earlier:
        raise UnableToRepay("quote_changed", _("The amount has changed since you saw it. Please look at the new one."))
    data = {"quote": held["reference"]} if held and expected == held["total"] else {}
    return _enter(loan, Entry(Kind.SETTLEMENT, as_of, expected, data), by=by, key=key, as_of=as_of, now=now)


def _enter(loan: Loan, entry: Entry, *, by: User | None, key: str, as_of: date, now: datetime) -> Repayment:
    try:
        held, _standing = _lock(loan)
        if not held.events.filter(key=key).exists():
            _check(held, entry)
        made = events.repayment_of(events.enter(held, entry, by=by, key=key, as_of=as_of, now=now))
    except UnableToEnter as error:
        raise UnableToRepay(error.code, error.message) from error
    loan.refresh_from_db()
    assert made is not None
    return made


def _lock(loan: Loan) -> tuple[Loan, Standing]:
    """The loan in life, held. Raises UnableToRepay for one that was never paid out: nobody owes anything on it."""
    try:
        return standing.lock(loan)
    except Standing.DoesNotExist:
        raise UnableToRepay("not_repayable", _("This loan has nothing to repay.")) from None


def demand_payable(loan: Loan, amount: int) -> None:
    """An amount that could be paid now, wherever it comes from. Raises UnableToRepay."""
    _demand_living(loan, amount)
    if amount > sum(row.open for row in loan.installments.filter(paid_on=None)):
        raise UnableToRepay("more_than_owed", _("That is more than you owe. Nothing was taken."))


def _demand_living(loan: Loan, amount: int) -> None:
    if loan.state not in REPAYABLE:
        raise UnableToRepay("not_repayable", _("This loan has nothing to repay."))
    if amount <= 0:
        raise UnableToRepay("not_positive", _("The amount must be more than zero."))


def _check(loan: Loan, entry: Entry) -> None:
    """The nearest reason first: what the loan is, then what the wallet holds, then what is owed."""
    _demand_living(loan, entry.amount)
    if entry.currency not in ("", loan.currency):
        raise UnableToRepay("other_currency", events.MESSAGES["other_currency"])
    if entry.amount > balance(code=AccountCode.CLIENT_CASH, owner=loan.party.ledger_owner, currency=loan.currency).available:
        raise UnableToRepay("insufficient_funds", _("Your wallet does not hold that much. Pay in first."))
    demand_payable(loan, entry.amount)


def set_autopay(loan: Loan, *, on: bool, by: User, now: datetime) -> None:
    """The borrower's standing order: what falls due is taken from the wallet that morning, if it is there."""
    Loan.objects.filter(pk=loan.pk).update(autopay=on)
    loan.autopay = on
    audit.record(actor=by, action="loan.autopay_on" if on else "loan.autopay_off", target=loan.reference, now=now)


@transaction.atomic
def return_overpaid(loan: Loan, *, by: User, key: str, as_of: date, now: datetime) -> int:
    """What was paid beyond everything owed goes back to the borrower's wallet. Returns how much. Raises UnableToRepay when there is nothing."""
    held, before = _lock(loan)
    if not before.overpaid and not held.events.filter(key=key).exists():
        raise UnableToRepay("nothing_overpaid", _("Nothing was overpaid, or it was returned already."))
    known = held.events.filter(key=key).first()
    amount = known.amount if known else before.overpaid
    return events.enter(held, Entry(Kind.RETURNED, known.on if known else as_of, amount), by=by, key=key, as_of=as_of, now=now).amount


def made(loan: Loan) -> QuerySet[Repayment]:
    """What was paid on the loan for its borrower; the price a buyer paid for the claim is the holders' affair."""
    return loan.repayments.exclude(event__recovery__source="buyer")


def repaid_principal(loan: Loan) -> int:
    """Principal that has come back so far, in minor units."""
    return events.booked(loan).principal
