"""A loan's beginning and its changes of state: the schedule, the file's stage, the holders' grants, and who is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from core import outbox, states
from core.money import digits
from loans import file as files
from loans import schedule, standing
from loans.models import BorrowerFile, Loan
from loans.models.loan import LOAN
from loans.replay import Course, replay
from privacy import consents

WHY = {"active": "caught_up", "late": "days_late", "defaulted": "days_late", "written_off": "written_off", "repaid": "paid_in_full"}
STEPS = ("active", "late", "defaulted")
STAGES = {"active": "funded", "late": "late", "defaulted": "default", "written_off": "default", "repaid": "closed"}


def terms(loan: Loan, *, disbursed_on: date | None) -> schedule.Terms:
    """The schedule engine's input for this contract."""
    return schedule.Terms(
        method=loan.method,  # type: ignore[arg-type]
        principal=loan.principal,
        annual_rate=loan.annual_rate,
        periods=loan.term_months,
        currency_digits=digits(loan.currency),
        disbursed_on=disbursed_on,
    )


def begin(loan: Loan, *, disbursed_on: date, now: datetime) -> None:
    """Write the schedule and the standing, open the file to the holders, and make the loan active."""
    change(loan, "active", now=now, why="disbursed", disbursed_on=disbursed_on)
    course = replay(standing.contract_of(loan), [], closed_to=disbursed_on - standing.DAY)
    standing.store(loan, course, before=None, event=0)
    open_to_holders(loan, now=now)


def open_to_holders(loan: Loan, *, now: datetime) -> None:
    """Every holder sees what holders see, on the borrower's standing consent; without one, nobody does."""
    standing = consents.state(subject=loan.file.subject, purpose="listing_disclosure", matter=loan.file.matter, now=now)
    if not standing.given or standing.last is None:
        return
    for participation in loan.participations.select_related("party"):
        files.grant(file=loan.file, party=participation.party, relation="holder", consent=standing.last, now=now)


def change(loan: Loan, to: str, *, now: datetime, why: str, **updates: Any) -> None:
    """Move the loan, carry its file to the matching stage, and say so upward."""
    states.move(loan, to, now=now, why=why, **updates)
    BorrowerFile.objects.filter(pk=loan.file_id).update(stage=STAGES[to])
    serial = loan.state_events.count()  # type: ignore[attr-defined]  # made by track_state; a loan may be late more than once
    outbox.enqueue("loan.state_changed", key=f"loan:{loan.pk}:{serial}", payload={"loan": loan.pk, "state": to, "why": why})


def follow(loan: Loan, course: Course, *, now: datetime) -> None:
    """Bring the loan's row to its course: state by legal steps, days late, the day it was closed."""
    for step in _way(loan.state, course.state):
        closed = {"closed_on": course.closed_on if step == "repaid" else None} if "repaid" in (step, loan.state) else {}
        change(loan, step, now=now, why=WHY[step], **closed)
    changed = {name: value for name, value in (("days_late", course.days_late), ("closed_on", course.closed_on)) if getattr(loan, name) != value}
    if changed:
        Loan.objects.filter(pk=loan.pk).update(**changed)
        for name, value in changed.items():
            setattr(loan, name, value)


def _way(start: str, end: str) -> list[str]:
    """The shortest way through the transition table; nobody is repaid on the way to something else."""
    ways: list[list[str]] = [[start]]
    while ways:
        way = ways.pop(0)
        if way[-1] == end:
            return way[1:]
        ways += [[*way, step] for step in LOAN.moves.get(way[-1], ()) if step not in way and step in (end, *STEPS)]
    raise states.IllegalMove(f"loans.Loan: {start} > {end}")
