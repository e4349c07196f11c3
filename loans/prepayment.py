"""Repaying early, looked at before it is done: what each way of using the money does to the end of the loan, the installments and the interest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from loans import repayment, standing
from loans.models import Loan
from loans.repayment import CHOICES
from loans.replay import Course, Event, Kind


@dataclass(frozen=True)
class Way:
    """One way. `principal` is what the money repays of it; `interest` all that is still to come; `saved` what another way would cost more."""

    choice: str
    words: str | Promise
    principal: int
    last_due_on: date | None
    left: int
    next_due_on: date | None
    next_amount: int
    interest: int
    saved: int


def ways(loan: Loan, amount: int, *, as_of: date) -> list[Way]:
    """Each way `amount` could be used today, the customary one first. Raises repayment.UnableToRepay for an amount that cannot be paid."""
    repayment.demand_payable(loan, amount)
    number = repayment.last_event(loan) + 1
    closed_to = max(loan.standing.closed_to, as_of - standing.DAY)
    courses = {
        choice: standing.course_of(loan, closed_to=closed_to, more=[Event(number, Kind.PAYMENT, as_of, amount, {"choice": choice})]) for choice in CHOICES
    }
    dearest = max(_interest(course) for course in courses.values())
    return [_way(choice, course, number, as_of, dearest) for choice, course in courses.items()]


def _interest(course: Course) -> int:
    """All interest of the contract as it now stands, paid or not."""
    return sum(row.owed.interest - row.waived.interest for row in course.rows)


def _way(choice: str, course: Course, number: int, as_of: date, dearest: int) -> Way:
    coming = [row for row in course.unpaid() if row.due_on > as_of]
    return Way(
        choice=choice,
        words=CHOICES[choice],
        principal=sum(split.principal for _row, split in course.paid_by.get(number, [])),
        last_due_on=coming[-1].due_on if coming else None,
        left=len(coming),
        next_due_on=coming[0].due_on if coming else None,
        next_amount=coming[0].open.total if coming else 0,
        interest=sum(row.open.interest for row in coming),
        saved=dearest - _interest(course),
    )
