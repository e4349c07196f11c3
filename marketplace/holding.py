"""One holding as its holder may see it: the own part of each installment, what came, how the loan stands in public words, and what recoveries brought.

Only what loans.disclosure lets this relation see. The own money is always shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from accounts.models import User
from loans import file as files
from loans import ladder
from loans.collections import recovery
from loans.collections.case import open_case
from loans.disclosure import shows
from loans.models import CollectionsCase, Installment, Loan, Participation, Plan, Rung, Share
from loans.participation import PARTS


@dataclass(frozen=True)
class Part:
    """The holder's part of one installment, each rounded down; minor units."""

    due_on: date
    principal: int
    interest: int
    charges: int
    paid: int
    paid_on: date | None
    moved_on: date | None
    days_late: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.charges


@dataclass(frozen=True)
class View:
    """What of the loan this reader sees. None or empty where the table has no row for them."""

    relation: str | None
    parts: tuple[Part, ...]
    days_late: int | None
    case: CollectionsCase | None
    plans: tuple[Plan, ...]
    waterfall: recovery.Waterfall | None
    own_of_it: int
    steps: tuple[tuple[str, str], ...] = ()


def view(holding: Participation, *, user: User, today: date) -> View:
    loan = holding.loan
    relation = files.relation_of(user, loan.file)

    def may(fact: str) -> bool:
        return shows(fact, relation=relation, stage=loan.file.stage)

    flow = recovery.waterfall(loan) if may("recovery") else None
    return View(
        relation=relation,
        parts=tuple(_part(row, holding, today) for row in _rows(holding)) if may("schedule") else (),
        days_late=loan.days_late if may("days_late") else None,
        case=open_case(loan) if may("stage") else None,
        plans=tuple(loan.plans.filter(accepted_at__isnull=False).order_by("-pk")) if may("plan") else (),
        waterfall=flow,
        own_of_it=_own_of(flow, holding) if flow else 0,
        steps=_steps(loan) if may("steps") else (),
    )


def _steps(loan: Loan) -> tuple[tuple[str, str], ...]:
    """(rung, what came of it) in words; never that anybody around the borrower was asked."""
    taken = ladder.steps_for_investors(loan.agreement.offer.application)
    return tuple((str(ladder.LEVELS[level]), str(Rung.Outcome(outcome).label)) for level, outcome in taken)


def _own_of(flow: recovery.Waterfall, holding: Participation) -> int:
    """What this holder got of all that came since the default; whoever held the share before got what came before."""
    since = holding.shares.filter(repayment__paid_on__gt=flow.since)
    return sum(since.aggregate(**{part: Sum(part) for part in PARTS}).values(), start=0) if since.exists() else 0


def _rows(holding: Participation) -> QuerySet[Installment]:
    return holding.loan.installments.order_by("due_on", "number")


def _part(row: Installment, holding: Participation, today: date) -> Part:
    def mine(amount: int) -> int:
        return amount * holding.amount // holding.loan.principal

    late_until = row.paid_on or row.moved_on or today
    return Part(
        due_on=row.due_on,
        principal=mine(row.principal),
        interest=mine(row.interest - row.waived_interest),
        charges=mine(row.fees + row.penalties - row.waived_fees - row.waived_penalties),
        paid=mine(row.paid),
        paid_on=row.paid_on,
        moved_on=row.moved_on,
        days_late=max((late_until - row.due_on).days, 0),
    )


def received(holding: Participation) -> QuerySet[Share]:
    """What came, newest first; a correction is a line of its own, signed."""
    return holding.shares.select_related("repayment__event").order_by("-repayment__pk")
