"""A plan from proposal to event: staff propose with both schedules before them, the borrower sees the same two and agrees, then the loan follows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import business_day, outbox, states, sweeps
from core.outbox import JobContext, handles
from loans import event as events
from loans import product, repayment, standing
from loans.event import UnableToEnter
from loans.hardship import request as requests
from loans.hardship import terms as terms_of
from loans.hardship.request import UnableToHelp
from loans.hardship.terms import Terms, Wanted
from loans.models import DayRun, HardshipRequest, Loan, Plan
from loans.replay import Course


@dataclass(frozen=True)
class Due:
    """One date of a schedule as both sides see it, minor units."""

    due_on: date
    principal: int
    interest: int
    charges: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.charges


@dataclass(frozen=True)
class Comparison:
    """What is open as it stands, and under the new terms."""

    as_of: date
    old: tuple[Due, ...]
    new: tuple[Due, ...]

    @property
    def old_total(self) -> int:
        return sum(row.total for row in self.old)

    @property
    def new_total(self) -> int:
        return sum(row.total for row in self.new)

    @property
    def costs_more(self) -> int:
        """What the borrower pays more in all; negative when less."""
        return self.new_total - self.old_total

    @property
    def costs_less(self) -> int:
        return -self.costs_more

    @property
    def fingerprint(self) -> str:
        """What an answer is bound to: the new schedule as it was seen."""
        return hashlib.sha256(json.dumps(self.stored()["new"]).encode()).hexdigest()[:32]

    def by_date(self) -> list[dict[str, Any]]:
        """One line a date, with what falls due on it under either schedule."""
        old, new = ({row.due_on: row for row in rows} for rows in (self.old, self.new))
        return [{"due_on": day, "old": old.get(day), "new": new.get(day)} for day in sorted(old.keys() | new.keys())]

    def stored(self) -> dict[str, Any]:
        return {"as_of": self.as_of.isoformat(), "old": _stored(self.old), "new": _stored(self.new)}


def _stored(rows: Iterable[Due]) -> list[list[Any]]:
    return [[row.due_on.isoformat(), row.principal, row.interest, row.charges] for row in rows]


def shown(plan: Plan) -> Comparison:
    """What both sides saw when they last looked."""
    old, new = (tuple(Due(date.fromisoformat(day), *amounts) for day, *amounts in plan.shown[side]) for side in ("old", "new"))
    return Comparison(date.fromisoformat(plan.shown["as_of"]), old, new)


def compare(loan: Loan, terms: Terms, *, as_of: date) -> Comparison:
    """Both schedules as of that day; nothing is written. Raises UnableToHelp."""
    try:
        after = events.course_after(loan, terms.entry(as_of), as_of=as_of)
    except UnableToEnter as error:
        raise UnableToHelp(error.code, error.message) from error
    return Comparison(as_of, _rows(repayment.course(loan, as_of=as_of)), _rows(after))


def _rows(course: Course) -> tuple[Due, ...]:
    found = ((row.due_on, row.open) for row in course.unpaid())
    return tuple(Due(day, left.principal, left.interest, left.fees + left.penalties) for day, left in found if left.total)


@transaction.atomic
def propose(request: HardshipRequest, wanted: Wanted, *, by: User, as_of: date, now: datetime) -> Plan:
    """Put a plan to the borrower; whoever claimed the request has seen both schedules. Raises UnableToHelp."""
    held = requests.claimed_by(request, by)
    loan = held.loan
    requests.demand_stranger(loan, by)
    terms = terms_of.work_out(loan, wanted, as_of=as_of)
    seen = compare(loan, terms, as_of=as_of)
    made = Plan.objects.create(
        request=held,
        loan=loan,
        kind=terms.kind,
        basis=terms.basis,
        first_due_on=terms.first_due_on,
        periods=terms.periods,
        annual_rate=terms.annual_rate,
        waive_charges=terms.waive_charges,
        shown=seen.stored(),
        proposed_by=by,
        proposed_at=now,
        answer_by=min(as_of + timedelta(days=product.STANDARD.plan_days), terms.first_due_on - standing.DAY),
    )
    states.move(held, "proposed", now=now, by=by.pk, why="plan_proposed")
    audit.record(actor=by, action="hardship.propose", target=made.reference, now=now)
    _tell(made)
    return made


@transaction.atomic
def accept(plan: Plan, *, seen: str, by: User, as_of: date, now: datetime) -> Plan:
    """The borrower agrees to the schedule with the fingerprint `seen`. Under the mandate it holds at once; else the holders vote. Raises UnableToHelp."""
    held = _proposed(plan, as_of=as_of)
    standing.lock(held.loan)  # so that nothing comes between the comparison and the event
    current = compare(held.loan, terms_of.of(held), as_of=as_of)
    if current.fingerprint != seen:
        raise UnableToHelp("plan_changed", _("The amounts have changed since you saw them. Please look at the new ones."))
    held.shown = current.stored()
    held.save(update_fields=["shown"])
    audit.record(actor=by, action="hardship.accept", target=held.reference, now=now)
    if held.basis == Plan.Basis.MANDATE:
        return take_effect(held, by=by, as_of=as_of, now=now, accepted_at=now, accepted_by=by)
    until = as_of + timedelta(days=product.STANDARD.vote_days)
    states.move(held, "voting", now=now, by=by.pk, why="accepted", accepted_at=now, accepted_by=by, votes_until=until, quorum=product.STANDARD.vote_quorum)
    _tell(held)
    return held


@transaction.atomic
def decline(plan: Plan, *, by: User, as_of: date, now: datetime) -> None:
    """The borrower does not want it; the request is with staff again. Raises UnableToHelp."""
    held = _proposed(plan, as_of=as_of)
    audit.record(actor=by, action="hardship.decline", target=held.reference, now=now)
    give_back(held, "declined", by=by, why="borrower", now=now)


def _proposed(plan: Plan, *, as_of: date) -> Plan:
    held = locked(plan)
    if held.state != "proposed" or held.answer_by < as_of:
        raise UnableToHelp("not_open", _("This plan no longer waits for an answer."))
    return held


def locked(plan: Plan) -> Plan:
    return Plan.objects.select_for_update(of=("self",)).select_related("loan__party", "request").get(pk=plan.pk)


def take_effect(held: Plan, *, by: User | None, as_of: date, now: datetime, **updates: Any) -> Plan:
    """The loan follows the plan from today. Raises UnableToHelp when it cannot any more."""
    try:
        event = events.enter(held.loan, terms_of.of(held).entry(as_of), by=by, key=f"plan:{held.pk}", as_of=as_of, now=now)
    except UnableToEnter as error:
        raise UnableToHelp(error.code, error.message) from error
    states.move(held, "in_force", now=now, by=by.pk if by else None, why=held.basis, event=event, closed_at=now, **updates)
    requests.agreed(held.request, now=now)
    _tell(held)
    return held


def give_back(held: Plan, to: str, *, by: User | None, why: str, now: datetime) -> None:
    """The plan comes to nothing; the request waits for staff again."""
    states.move(held, to, now=now, by=by.pk if by else None, why=why, closed_at=now)
    states.move(requests.locked(held.request), "claimed", now=now, by=by.pk if by else None, why=f"plan_{to}")
    _tell(held)


def _tell(plan: Plan) -> None:
    outbox.enqueue("plan.changed", key=f"plan:{plan.pk}:{plan.state}", payload={"plan": plan.pk, "state": plan.state})


@handles("loans.day.finished")
def on_day(*, job: JobContext) -> None:
    """Plans whose answer did not come in time."""
    on = DayRun.objects.values_list("on", flat=True).get(pk=job.payload["run"])
    lapse(as_of=min(on + standing.DAY, business_day.current()), now=job.now)


def lapse(*, as_of: date, now: datetime) -> int:
    """Plans nobody answered by their day. Returns how many."""
    late = Plan.objects.filter(state="proposed", answer_by__lt=as_of).order_by("pk")
    return sweeps.each(late, lambda plan: _lapse(plan, now=now), what="plan without an answer")


def _lapse(plan: Plan, *, now: datetime) -> bool:
    held = locked(plan)
    if held.state == "proposed":
        give_back(held, "lapsed", by=None, why="no_answer", now=now)
    return held.state != "proposed"
