"""The fold: start from the contract's schedule, apply each event on its day, close the days between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from loans import schedule
from loans.replay import pay, rebuild
from loans.replay.course import DAY, LIVE, OPEN_END, PARTS, Course, Row, minus, plus
from loans.replay.events import Contract, Event, Kind, UnableToReplay, standing
from loans.waterfall import Split


def replay(contract: Contract, events: Iterable[Event], *, closed_to: date) -> Course:
    """The course of the loan through the close of `closed_to`. Raises UnableToReplay."""
    listed = list(events)
    course = begin(contract)
    for event in standing(listed):
        if event.on < contract.disbursed_on:
            raise UnableToReplay("before_disbursement", event.number)
        close_through(course, event.on - DAY)
        APPLY[event.kind](course, event)
    close_through(course, closed_to)
    return course


def begin(contract: Contract) -> Course:
    """The rows as agreed, nothing paid, nothing closed."""
    terms: dict[str, Any] = {
        "method": contract.method,
        "principal": contract.principal,
        "annual_rate": contract.annual_rate,
        "periods": contract.periods,
        "currency_digits": contract.currency_digits,
        "disbursed_on": contract.disbursed_on,
    }
    rows, start = [], contract.disbursed_on
    for row in schedule.build(schedule.Terms(**terms)).installments:
        assert row.due_on is not None
        rows.append(Row(row.number, start, row.due_on, Split(row.principal, row.interest), paid_on=None if row.total else contract.disbursed_on))
        start = row.due_on
    return Course(contract, rows, contract.disbursed_on - DAY, contract.annual_rate)


def close_through(course: Course, last: date) -> None:
    """Close every day up to `last`. Days on which nothing can be overdue are passed in one step, and so are those after default: they cost nothing more."""
    while course.closed_to < last and course.state in LIVE:
        oldest = course.oldest_unpaid_on
        if oldest is None or oldest > last:
            break
        if oldest > course.closed_to + DAY:
            course.closed_to = oldest - DAY
        close(course, last if course.state == "defaulted" else course.closed_to + DAY)
    course.closed_to = max(course.closed_to, last)


def close(course: Course, day: date) -> None:
    """The night after `day`: late charges on what is still overdue, days late, and the state they bring."""
    if course.state != "defaulted" and not course.paused(day, day):
        _charge(course, day)
    course.closed_to = day
    course.days_late = course.late_on(day + DAY)
    if course.state == "active" and course.days_late > course.contract.grace_days:
        course.state = "late"
    if course.state == "late" and course.days_late > course.contract.default_after_days:
        course.state = "defaulted"


def _charge(course: Course, day: date) -> None:
    """Overdue amount × penalty rate ÷ 365 for each overdue installment past its grace days, rounded down in the borrower's favor."""
    top, bottom = course.contract.penalty_rate.as_integer_ratio()
    graced = day - timedelta(days=course.contract.grace_days)
    made = sum(row.overdue_base * top // (bottom * 365) for row in course.rows if row.paid_on is None and row.due_on < graced)
    if made:
        home = course.home(day)
        home.owed = plus(home.owed, Split(penalties=made))
        home.paid_on = None


def _fee(course: Course, event: Event) -> None:
    home = course.home(event.on)
    home.owed = plus(home.owed, Split(fees=event.amount))
    home.paid_on = None
    _reopen(course)


def _reopen(course: Course) -> None:
    """Something is owed again on a loan that was repaid."""
    if course.state == "repaid":
        course.state, course.closed_on = "active", None


def _waive(course: Course, event: Event) -> None:
    """The oldest open amounts of that part first; no more than is open."""
    part, left = event.data.get("part"), event.amount
    if part not in ("interest", "fees", "penalties"):
        raise UnableToReplay("no_such_part", event.number)
    for row in course.unpaid():
        taken = min(getattr(row.open, part), left)
        if taken:
            row.waived = plus(row.waived, Split(**{part: taken}))
            course.settle_row(row, event.on)
            left -= taken
    pay.after_payment(course, event.on)


def _chargeback(course: Course, event: Event) -> None:
    """The payment's end is undone: its last parts are owed again, in a row of their own that is due this day."""
    target = event.undoes or 0
    left, back = event.amount, Split()
    brought = course.charged_back.get(target, Split())
    for _number, split in course.paid_by.get(target, []):
        brought = plus(brought, split)
    for part in PARTS:
        taken = min(getattr(brought, part), left)
        left, back = left - taken, plus(back, Split(**{part: taken}))
    if left:
        raise UnableToReplay("more_than_paid", event.number)
    number = max(row.number for row in course.rows) + 1
    course.rows.append(Row(number, event.on, event.on, back))
    course.rows.sort(key=lambda row: (row.due_on, row.number))
    course.paid_by[event.number] = [(number, minus(Split(), back))]
    course.charged_back[target] = minus(course.charged_back.get(target, Split()), back)
    _reopen(course)


def _pause(course: Course, event: Event) -> None:
    until = date.fromisoformat(event.data["until"])
    course.granted_until = max(course.granted_until or until, until)
    _stop_counting(course, event.on, until)


def _stop_counting(course: Course, start: date, until: date) -> None:
    if course.pauses and start <= course.pauses[-1][1] + DAY:
        begun, last = course.pauses.pop()
        start, until = begun, max(last, until)
    if start <= until:
        course.pauses.append((start, until))


def _dispute(course: Course, event: Event) -> None:
    """A pause without an end. Settled in the holders' favor, the event is undone, and the days count after all."""
    if course.disputed_on is not None:
        raise UnableToReplay("disputed_already", event.number)
    course.disputed_on = event.on
    _stop_counting(course, event.on, OPEN_END)


def _dispute_over(course: Course, event: Event) -> None:
    if course.disputed_on is None:
        raise UnableToReplay("not_disputed", event.number)
    course.disputed_on = None
    start, _open = course.pauses.pop()
    until = max(event.on - DAY, course.granted_until or date.min)
    if start <= until:
        course.pauses.append((start, until))


def _reschedule(course: Course, event: Event) -> None:
    if course.state not in LIVE:
        raise UnableToReplay("not_living", event.number)
    rebuild.reschedule(course, event)
    pay.after_payment(course, event.on)


def _write_off(course: Course, event: Event) -> None:
    """The claim stays, less interest that is not earned; the platform stops counting."""
    if course.state not in LIVE:
        raise UnableToReplay("not_living", event.number)
    for row in list(course.unpaid()):
        unearned = max(row.open.interest - max(row.earned(event.on) - row.paid.interest - row.waived.interest, 0), 0)
        row.waived = plus(row.waived, Split(interest=unearned))
        course.settle_row(row, event.on)
    course.state = "written_off"


def _returned(course: Course, event: Event) -> None:
    if event.amount > course.overpaid:
        raise UnableToReplay("returned_too_much", event.number)
    course.overpaid -= event.amount


def _nothing(course: Course, event: Event) -> None:
    """Remembered, moves nothing."""


APPLY: dict[Kind, Callable[[Course, Event], None]] = {
    Kind.PAYMENT: pay.pay,
    Kind.GOODWILL: pay.pay,
    Kind.SETTLEMENT: pay.settle,
    Kind.RECOVERY: pay.recover,
    Kind.FEE: _fee,
    Kind.WAIVER: _waive,
    Kind.CHARGEBACK: _chargeback,
    Kind.PAUSE: _pause,
    Kind.RESCHEDULE: _reschedule,
    Kind.WRITE_OFF: _write_off,
    Kind.RETURNED: _returned,
    Kind.DISPUTE: _dispute,
    Kind.DISPUTE_OVER: _dispute_over,
    Kind.NOTE: _nothing,
}
