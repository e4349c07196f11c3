"""New schedules for a loan in life: principal repaid early, or what is open spread over new installments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from core.money import split as shares_of
from loans import schedule
from loans.replay.course import Course, Row, minus, plus
from loans.replay.events import Event, UnableToReplay
from loans.schedule.build import divide
from loans.waterfall import Split

Keep = Literal["installment", "term"]


def prepay(course: Course, event: Event, amount: int, *, keep: Keep) -> int:
    """Repay principal that is not due yet; the rows to come are computed again. Returns what is left of the amount.

    Interest earned until that day stays: in the running installment, and in each row the part an earlier new schedule brought, which moves to
    the last row when the loan ends earlier. The running row's other days, and all later rows, bear interest on the new balance; flat interest falls
    with its principal. Rows that are paid already are left as they are, and one paid in part asks nothing again.
    """
    rows = [row for row in course.unpaid() if row.due_on > event.on and row.moved_on is None]
    open_now = sum(row.open.principal for row in rows)
    repaid = min(amount, open_now)
    if not repaid:
        return amount
    running, kept = rows[0], rows[0].earned(event.on)
    stays = (open_now - repaid, open_now)
    if keep == "installment" and course.contract.method == "flat":
        stays = _slice_left(rows, open_now - repaid)
    first = kept + divide((running.owed.interest - kept) * stays[0], stays[1], "half_even")
    plan = _plan(course, rows, open_now - repaid, open_now)
    if keep == "installment":
        asked = max(first, running.paid.interest + running.waived.interest) - running.brought  # interest paid ahead counts as it is
        plan = list(_same_installment(course, rows, open_now - repaid, asked)) or plan
        moved = _gather(rows, max(len(plan), 1))
        first, kept = (first + moved, kept + moved) if len(plan) < 2 else (first, kept)
    for k, row in enumerate(rows):
        principal, interest = plan[k] if k < len(plan) else (0, 0)
        _redraw(row, principal, interest + row.brought if k else first, event.on)
        row.early = row.paid.principal if k and keep == "term" else row.early  # what is ahead of the first row stays a part of it
    running.began_on = running.began_on or running.starts_on
    running.starts_on, running.carried = max(running.starts_on, event.on), kept
    _book(course, event, running, repaid)
    course.rows = [row for row in course.rows if row.owed.total or row.paid_on or row.due_on <= event.on or row is running]
    return amount - repaid


def _gather(rows: list[Row], count: int) -> int:
    """What a new schedule brought into rows that fall away is asked with the last one that stays, so that the loan does end earlier.

    Returns how much interest.
    """
    moved, last = 0, rows[count - 1]
    for row in rows[count:]:
        last.owed, last.spread = plus(last.owed, row.spread), plus(last.spread, row.spread)
        row.owed, row.spread = minus(row.owed, row.spread), Split()
        left = max(row.brought - row.paid.interest - row.waived.interest, 0)
        row.brought, row.carried, moved = row.brought - left, row.carried - left, moved + left
    last.brought, last.carried = last.brought + moved, last.carried + moved
    return moved


def _redraw(row: Row, principal: int, interest: int, on: date) -> None:
    """What is open becomes these amounts; what was paid or waived stays."""
    done = plus(row.paid, row.waived)
    row.owed = Split(done.principal + principal, max(interest, done.interest), row.owed.fees, row.owed.penalties)
    row.paid_on = (row.paid_on or on) if row.open.total == 0 and row.owed.total else None


def _book(course: Course, event: Event, running: Row, repaid: int) -> None:
    """The early principal stands in the running row as owed and paid, so that principal always adds up."""
    split = Split(principal=repaid)
    running.owed, running.paid = plus(running.owed, split), plus(running.paid, split)
    running.early += repaid
    course.paid_by.setdefault(event.number, []).append((running.number, split))
    course.settle_row(running, event.on)


def _plan(course: Course, rows: list[Row], principal: int, before: int) -> list[tuple[int, int]]:
    """(principal, interest) of the rows to come, as many as `before` some was repaid. The first row's interest is told by its days."""
    if not principal:
        return []
    if course.contract.method == "bullet":
        return [(principal, 0)]
    plan = _level(course, rows, principal)
    if course.contract.method == "flat":
        return [(part, divide(_own(row) * principal, before, "half_even")) for (part, _interest), row in zip(plan, rows, strict=True)]
    return plan


def _level(course: Course, rows: list[Row], principal: int) -> list[tuple[int, int]]:
    """Leveled as one loan. What was paid ahead of the first row counts for it; where that is more than its part, the others share the rest."""
    ahead, start = rows[0].paid.principal - rows[0].early, rows[0].began_on or rows[0].starts_on
    plan = _built(course, rows, principal + ahead, start)
    if plan[0][0] >= ahead:
        return [(plan[0][0] - ahead, plan[0][1]), *plan[1:]]
    return [(0, 0), *_built(course, rows[1:], principal, rows[0].due_on)]


def _built(course: Course, rows: list[Row], principal: int, start: date) -> list[tuple[int, int]]:
    built = schedule.build(_terms(course, principal, len(rows), disbursed_on=start, first_due_on=rows[0].due_on)).installments
    return [(row.principal, row.interest) for row in built]


def _own(row: Row) -> int:
    """The interest of a row by its own method, without what a new schedule brought."""
    return row.owed.interest - row.brought


def _slice_left(rows: list[Row], principal: int) -> tuple[int, int]:
    """How much of the first row's part of the principal is still to come, and that part."""
    part = _slice(rows) - (rows[0].paid.principal - rows[0].early)
    return (min(principal, part), part) if part > 0 else (1 if principal else 0, 1)


def _slice(rows: list[Row]) -> int:
    return max(row.owed.principal - row.early for row in rows if row.open.principal)


def _same_installment(course: Course, rows: list[Row], principal: int, first: int) -> Iterator[tuple[int, int]]:
    """The installment stays what it was and the loan ends earlier; nothing for methods whose principal comes at the end.

    A row paid in part keeps what was paid ahead of time: it is not filled up again. `first` is the interest of the first row, by its days.
    """
    method = course.contract.method
    if method in ("interest_only", "bullet"):
        return
    top, bottom = (course.rate / 12).as_integer_ratio()
    slice_ = _slice(rows)
    target = max(row.owed.principal - row.early + _own(row) for row in rows if row.open.principal)
    balance = principal
    for k, row in enumerate(rows):
        if not balance:
            return
        interest = divide(balance * top, bottom, "half_even") if k else first
        if k and method == "flat":
            interest = divide(_own(row) * min(balance, slice_), slice_, "half_even")
        wanted = target - interest if method == "equal_installment" else slice_
        part = balance if k == len(rows) - 1 else min(max(wanted - (row.paid.principal - row.early), 0), balance)
        yield part, interest
        balance -= part


def _terms(course: Course, principal: int, periods: int, **changes: Any) -> schedule.Terms:
    found: dict[str, Any] = {
        "method": course.contract.method,
        "principal": principal,
        "annual_rate": course.rate,
        "periods": periods,
        "currency_digits": course.contract.currency_digits,
    }
    return schedule.Terms(**(found | changes))


def reschedule(course: Course, event: Event) -> None:
    """Everything open goes into new installments: principal by the method, earned interest and charges spread over them evenly, due with them.

    Raises UnableToReplay when there is nothing to spread or the new terms have no schedule.
    """
    principal, interest, charges = _lift(course, event.on)
    if not principal:
        raise UnableToReplay("nothing_to_reschedule", event.number)
    if event.data.get("charges") == "waive":
        charges = Split()
    try:
        terms = _new_terms(course, event, principal)
        built = schedule.build(terms).installments
    except (schedule.UnableToSchedule, KeyError, ValueError, ArithmeticError) as error:
        raise UnableToReplay("no_such_schedule", event.number) from error
    course.rate = terms.annual_rate
    _append(course, event.on, built, interest, charges)


def _new_terms(course: Course, event: Event, principal: int) -> schedule.Terms:
    data = event.data
    rate = Decimal(data["annual_rate"]) if data.get("annual_rate") else course.rate
    return _terms(
        course,
        principal,
        int(data["periods"]),
        annual_rate=rate,
        disbursed_on=event.on,
        first_due_on=date.fromisoformat(data["first_due_on"]),
    )


def _lift(course: Course, on: date) -> tuple[int, int, Split]:
    """Take what is open out of the old rows: principal, interest earned by `on`, charges. Rows to come that nothing was paid of go."""
    principal, interest, charges = 0, 0, Split()
    for row in course.unpaid():
        left = row.open
        earned = max(min(row.earned(on), row.owed.interest) - row.paid.interest - row.waived.interest, 0)
        principal, interest = principal + left.principal, interest + earned
        charges = plus(charges, Split(fees=left.fees, penalties=left.penalties))
        row.owed, row.spread = plus(row.paid, row.waived), Split()
        row.paid_on, row.moved_on = on, on
    course.rows = [row for row in course.rows if row.due_on <= on or row.owed.total]
    return principal, interest, charges


def _append(course: Course, on: date, built: tuple[schedule.Installment, ...], interest: int, charges: Split) -> None:
    count = len(built)
    extra = [shares_of(amount, [1] * count) for amount in (interest, charges.fees, charges.penalties)]
    number, start = max((row.number for row in course.rows), default=0), on
    for k, new in enumerate(built):
        assert new.due_on is not None
        owed = Split(new.principal, new.interest + extra[0][k], extra[1][k], extra[2][k])
        waits = Split(fees=extra[1][k], penalties=extra[2][k])
        paid_on = None if owed.total else on
        course.rows.append(Row(number + new.number, start, new.due_on, owed, carried=extra[0][k], brought=extra[0][k], spread=waits, paid_on=paid_on))
        start = new.due_on
    course.rows.sort(key=lambda row: (row.due_on, row.number))
