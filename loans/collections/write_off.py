"""Write-off and sale of a claim: one member of staff proposes, another approves, then it is an event of the loan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from loans import event as events
from loans.collections.case import UnableToCollect, open_case
from loans.event import Entry, UnableToEnter
from loans.models import DebtSale, Loan, LoanEvent, WriteOff
from loans.replay import Kind

Two = TypeVar("Two", WriteOff, DebtSale)
LIVE_CLAIM = "written_off"


@transaction.atomic
def propose(loan: Loan, *, reason: str, note: str, by: User, now: datetime) -> WriteOff:
    """Only a loan in default, while no request for help is open. Raises UnableToCollect."""
    if loan.state != "defaulted":
        raise UnableToCollect("not_defaulted", _("Only a loan in default is written off."))
    if loan.hardships.filter(state__in=["open", "claimed", "proposed"]).exists():
        raise UnableToCollect("hardship_open", _("The borrower has asked for help. Answer that first."))
    if not note.strip():
        raise UnableToCollect("note", _("Say what was tried and why nothing more is expected."))
    return _proposed(
        lambda: WriteOff.objects.create(loan=loan, reason=reason, note=note.strip(), owed=loan.standing.outstanding, proposed_by=by, proposed_at=now),
        by=by,
        now=now,
    )


@transaction.atomic
def propose_sale(loan: Loan, *, buyer: str, license: str, price: int, by: User, as_of: date, now: datetime) -> DebtSale:
    """The claim of a loan written off passes to a licensed buyer. Raises UnableToCollect."""
    if loan.state != LIVE_CLAIM or (case := open_case(loan)) is None or case.stage == "sold":
        raise UnableToCollect("not_written_off", _("Only the claim of a loan written off is sold, and only once."))
    if not buyer.strip() or not license.strip():
        raise UnableToCollect("buyer", _("Name the buyer and its license."))
    if price < 0:
        raise UnableToCollect("price", _("The price cannot be negative."))
    claim = sum(row.open for row in loan.installments.filter(paid_on=None))
    return _proposed(
        lambda: DebtSale.objects.create(
            loan=loan, buyer=buyer.strip(), license=license.strip(), price=price, claim=claim, sold_on=as_of, proposed_by=by, proposed_at=now
        ),
        by=by,
        now=now,
    )


def _proposed(create: Callable[[], Two], *, by: User, now: datetime) -> Two:
    try:
        with transaction.atomic():
            made = create()
    except IntegrityError as error:
        raise UnableToCollect("already_proposed", _("It is proposed already.")) from error
    audit.record(actor=by, action=f"{made._meta.model_name}.propose", target=made.reference, now=now)
    return made


@transaction.atomic
def approve(proposal: WriteOff, *, by: User, as_of: date, now: datetime) -> None:
    """Somebody else agrees, and the loan is written off. Raises UnableToCollect."""
    held = _held(proposal, by=by)
    _decide(
        held, "approved", by=by, now=now, event=_enter(held.loan, Entry(Kind.WRITE_OFF, as_of, data={"why": held.reason}), held, by=by, as_of=as_of, now=now)
    )


@transaction.atomic
def approve_sale(proposal: DebtSale, *, by: User, as_of: date, now: datetime) -> None:
    """Somebody else agrees: noted on the loan, its case is over for us, and the borrower is told whom to pay. Raises UnableToCollect."""
    held = _held(proposal, by=by)
    entry = Entry(Kind.NOTE, as_of, data={"what": "sold", "price": held.price, "claim": held.claim})
    _decide(held, "approved", by=by, now=now, event=_enter(held.loan, entry, held, by=by, as_of=as_of, now=now))
    case = open_case(held.loan)
    if case is None or case.stage not in ("written_off", "in_court"):
        raise UnableToCollect("not_written_off", _("Only the claim of a loan written off is sold, and only once."))
    if case.stage == "in_court":
        states.move(case, "written_off", now=now, by=by.pk, why="sold", stage_since=as_of)
    states.move(case, "sold", now=now, by=by.pk, why="sold", stage_since=as_of)
    outbox.enqueue("claim.sold", key=f"sale:{held.pk}", payload={"sale": held.pk})


@transaction.atomic
def turn_down(proposal: Two, *, by: User, now: datetime) -> None:
    """Somebody else does not agree. Raises UnableToCollect."""
    _decide(_held(proposal, by=by), "turned_down", by=by, now=now)


def _held(proposal: Two, *, by: User) -> Two:
    held = type(proposal).objects.select_for_update(of=("self",)).select_related("loan__party").get(pk=proposal.pk)
    if held.state != "proposed":
        raise UnableToCollect("decided", _("That is not possible in its present state. Somebody may have been faster."))
    if held.proposed_by_id == by.pk:
        raise UnableToCollect("own_proposal", _("You proposed it. Somebody else has to approve."))
    return held


def _enter(loan: Loan, entry: Entry, held: WriteOff | DebtSale, *, by: User, as_of: date, now: datetime) -> LoanEvent:
    try:
        return events.enter(loan, entry, by=by, key=f"{held._meta.model_name}:{held.pk}", as_of=as_of, now=now)
    except UnableToEnter as error:
        raise UnableToCollect(error.code, error.message) from error


def _decide(held: WriteOff | DebtSale, to: str, *, by: User, now: datetime, event: LoanEvent | None = None) -> None:
    states.move(held, to, now=now, by=by.pk, why="four_eyes", decided_by=by, decided_at=now, event=event)
    audit.record(actor=by, action=f"{held._meta.model_name}.{to}", target=held.reference, now=now)
