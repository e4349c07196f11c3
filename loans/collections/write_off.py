"""Write-off and sale of a claim: one member of staff proposes, another approves, then it is an event of the loan."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import outbox, states
from loans import event as events
from loans import postings
from loans.collections import case as cases
from loans.collections import recovery, two
from loans.collections.case import UnableToCollect, open_case
from loans.event import Entry, UnableToEnter
from loans.models import CollectionsCase, DebtSale, Loan, LoanEvent, WriteOff
from loans.replay import Kind
from payments.models import Payment
from payments.reconciliation import UnableToMatch

LIVE_CLAIM = "written_off"


@transaction.atomic
def propose(loan: Loan, *, reason: str, note: str, by: User, now: datetime) -> WriteOff:
    """Only a loan in default, while no request for help is open. Raises UnableToCollect."""
    _demand_lost(loan)
    if not note.strip():
        raise UnableToCollect("note", _("Say what was tried and why nothing more is expected."))
    return two.proposed(
        lambda: WriteOff.objects.create(loan=loan, reason=reason, note=note.strip(), owed=loan.standing.outstanding, proposed_by=by, proposed_at=now),
        by=by,
        now=now,
    )


def _demand_lost(loan: Loan) -> None:
    if loan.state != "defaulted":
        raise UnableToCollect("not_defaulted", _("Only a loan in default is written off."))
    if loan.hardships.filter(state__in=["open", "claimed", "proposed"]).exists():
        raise UnableToCollect("hardship_open", _("The borrower has asked for help. Answer that first."))


@transaction.atomic
def propose_sale(loan: Loan, *, buyer: str, license: str, price: int, by: User, as_of: date, now: datetime, receipt: str = "") -> DebtSale:
    """The claim of a loan written off passes to a licensed buyer, whose price has come in with that unmatched receipt. Raises UnableToCollect."""
    _demand_sellable(loan)
    if not buyer.strip() or not license.strip():
        raise UnableToCollect("buyer", _("Name the buyer and its license."))
    _check_price(loan, price)
    terms = {"buyer": buyer.strip(), "license": license.strip(), "price": price, "receipt": _receipt(loan, receipt, price), "claim": claim_of(loan)}
    return two.proposed(lambda: DebtSale.objects.create(loan=loan, **terms, sold_on=as_of, proposed_by=by, proposed_at=now), by=by, now=now)


def _check_price(loan: Loan, price: int) -> None:
    if price < 0:
        raise UnableToCollect("price", _("The price cannot be negative."))
    if price >= claim_of(loan):
        raise UnableToCollect("price", _("The price is less than what is owed; else it would be repaid."))


def _receipt(loan: Loan, reference: str, price: int) -> Payment | None:
    """What the buyer has paid, if there is a price."""
    if not price:
        return None
    found = Payment.objects.filter(reference=reference.strip(), state="unmatched", amount=price, currency=loan.currency).first()
    if found is None:
        raise UnableToCollect("receipt", _("There is no unmatched receipt of that amount with this reference. The price comes first, then the sale."))
    return found


def _demand_sellable(loan: Loan) -> CollectionsCase:
    """The open case of a claim that can be sold."""
    case = open_case(loan)
    if loan.state != LIVE_CLAIM or case is None or case.stage not in ("written_off", "in_court"):
        raise UnableToCollect("not_written_off", _("Only the claim of a loan written off is sold, and only once."))
    return case


def claim_of(loan: Loan) -> int:
    """All that is owed now, minor units."""
    return sum(row.open for row in loan.installments.filter(paid_on=None))


@transaction.atomic
def approve(proposal: WriteOff, *, by: User, as_of: date, now: datetime) -> None:
    """Somebody else agrees, and the loan, if it is still lost, is written off and its case with it. Raises UnableToCollect."""
    found, loan = two.held(proposal, by=by)
    _demand_lost(loan)
    owed = loan.standing.outstanding
    event = _enter(loan, Entry(Kind.WRITE_OFF, as_of, data={"why": found.reason}), found, by=by, as_of=as_of, now=now)
    two.decide(found, "approved", by=by, now=now, event=event, owed=owed)
    cases.follow_loan(loan, on=as_of, now=now, by=by, why="written_off")


@transaction.atomic
def approve_sale(proposal: DebtSale, *, by: User, as_of: date, now: datetime) -> None:
    """Somebody else agrees: the price reaches the holders, the loan's case is over for us, and the borrower is told whom to pay. Raises UnableToCollect."""
    found, loan = two.held(proposal, by=by)
    case, claim = _demand_sellable(loan), claim_of(loan)
    _check_price(loan, found.price)
    _share_price(found, loan, by=by, as_of=as_of, now=now)
    entry = Entry(Kind.NOTE, as_of, data={"what": "sold", "price": found.price, "claim": claim})
    two.decide(found, "approved", by=by, now=now, event=_enter(loan, entry, found, by=by, as_of=as_of, now=now), claim=claim, sold_on=as_of)
    if case.stage == "in_court":
        states.move(case, "written_off", now=now, by=by.pk, why="sold", stage_since=as_of)
    states.move(case, "sold", now=now, by=by.pk, why="sold", stage_since=as_of)
    outbox.enqueue("claim.sold", key=f"sale:{found.pk}", payload={"sale": found.pk})


def _share_price(found: DebtSale, loan: Loan, *, by: User, as_of: date, now: datetime) -> None:
    if found.receipt is None:
        return
    try:
        postings.buyers_price(loan, found.receipt, proposed_by=found.proposed_by, by=by, as_of=as_of, now=now)
    except UnableToMatch as error:
        raise UnableToCollect("receipt", _("The receipt of the price was matched to somebody else meanwhile.")) from error
    recovery.hand_on(loan, price=found.price, by=by, key=f"debtsale:{found.pk}:price", as_of=as_of, now=now)


def _enter(loan: Loan, entry: Entry, found: WriteOff | DebtSale, *, by: User, as_of: date, now: datetime) -> LoanEvent:
    try:
        return events.enter(loan, entry, by=by, key=f"{found._meta.model_name}:{found.pk}", as_of=as_of, now=now)
    except UnableToEnter as error:
        raise UnableToCollect(error.code, error.message) from error
