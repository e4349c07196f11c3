"""Two people for what cannot be taken back lightly: one proposes, another approves or turns down, both strangers to the loan.

Lock order: the loan first (`standing.lock`), then the proposal. A proposal whose loan has moved on lapses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import states
from core.outbox import JobContext, handles
from loans import standing
from loans.collections.case import UnableToCollect, demand_stranger
from loans.models import DebtSale, Loan, LoanEvent, RecoveryProposal, WriteOff

Two = TypeVar("Two", WriteOff, DebtSale, RecoveryProposal)
AnyOfTwo = WriteOff | DebtSale | RecoveryProposal
STANDS_WHILE: dict[type[AnyOfTwo], tuple[str, ...]] = {
    WriteOff: ("defaulted",),
    DebtSale: ("written_off",),
    RecoveryProposal: ("defaulted", "written_off"),
}


def proposed(create: Callable[[], Two], *, by: User, now: datetime) -> Two:
    """The first person's row. Raises UnableToCollect when one waits already."""
    try:
        with transaction.atomic():
            made = create()
    except IntegrityError as error:
        raise UnableToCollect("already_proposed", _("It is proposed already.")) from error
    demand_stranger(made.loan, by)
    audit.record(actor=by, action=f"{made._meta.model_name}.propose", target=made.reference, now=now)
    return made


def held(proposal: Two, *, by: User) -> tuple[Two, Loan]:
    """The proposal and its loan, both locked, for the second person. Raises UnableToCollect."""
    loan, _standing = standing.lock(proposal.loan)
    found = type(proposal).objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if found.state != "proposed":
        raise UnableToCollect("decided", _("That is not possible in its present state. Somebody may have been faster."))
    if found.proposed_by_id == by.pk:
        raise UnableToCollect("own_proposal", _("You proposed it. Somebody else has to approve."))
    demand_stranger(loan, by)
    return found, loan


def decide(found: AnyOfTwo, to: str, *, by: User, now: datetime, event: LoanEvent | None = None, **updates: Any) -> None:
    states.move(found, to, now=now, by=by.pk, why="four_eyes", decided_by=by, decided_at=now, event=event, **updates)
    audit.record(actor=by, action=f"{found._meta.model_name}.{to}", target=found.reference, now=now)


@transaction.atomic
def turn_down(proposal: Two, *, by: User, now: datetime) -> None:
    """Somebody else does not agree. Raises UnableToCollect."""
    found, _loan = held(proposal, by=by)
    decide(found, "turned_down", by=by, now=now)


@handles("loan.state_changed")
def on_loan_changed(*, job: JobContext) -> None:
    lapse(Loan(pk=job.payload["loan"]), now=job.now)


@transaction.atomic
def lapse(loan: Loan, *, now: datetime) -> None:
    """What was proposed for a state the loan has left waits for nobody any more. Approval asks again by itself; this clears the desk."""
    if not any(model._default_manager.filter(loan=loan, state="proposed").exists() for model in STANDS_WHILE):
        return
    kept, _standing = standing.lock(loan)
    for model, while_in in STANDS_WHILE.items():
        for proposal in model._default_manager.filter(loan=kept, state="proposed"):
            if kept.state not in while_in:
                states.move(proposal, "lapsed", now=now, why="loan_moved_on", decided_at=now)
