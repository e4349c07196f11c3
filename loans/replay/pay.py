"""Money that arrives: how a payment, a settlement or a recovery lands on the rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from loans import waterfall
from loans.replay import rebuild
from loans.replay.course import LIVE, NOTHING, Course, Row, minus, plus
from loans.replay.events import Event
from loans.replay.quote import earned_open, quote
from loans.waterfall import Claim, Order, Overpayment, Split, parse_order

IN_ADVANCE: dict[str, Overpayment] = {"next": "next", "last": "last"}
PREPAYING = ("shorten", "lower")
NAMES = {"principal": "principal", "interest": "interest", "fee": "fees", "penalty": "penalties"}
LONG_AGO = date.min


def pay(course: Course, event: Event) -> None:
    """What is due first; the rest as the borrower chose: next installments, the last, a shorter loan, or lower installments."""
    order = parse_order(course.contract.order)
    choice = event.data.get("choice", "next")
    if choice in PREPAYING:
        left = _land(course, event, event.amount, order, "next", only_due=True)
        left = rebuild.prepay(course, event, left, keep="installment" if choice == "shorten" else "term")
    else:
        left = _land(course, event, event.amount, order, IN_ADVANCE.get(choice, "next"))
    course.overpaid += left
    after_payment(course, event.on)


def recover(course: Course, event: Event) -> None:
    """Money after a write-off: one part after the other over all rows, principal first as the order of recoveries has it."""
    left, split = event.amount, {row.number: NOTHING for row in course.unpaid()}
    rows = list(course.unpaid())
    for part in parse_order(course.contract.recovery_order).due:
        for row in rows:
            taken = min(getattr(row.open, NAMES[part]) - getattr(split[row.number], NAMES[part]), left)
            left, split[row.number] = left - taken, plus(split[row.number], Split(**{NAMES[part]: taken}))
    for row in rows:
        _credit(course, event, row, split[row.number])
        course.settle_row(row, event.on)
    course.overpaid += left
    if not any(course.unpaid()):
        course.state, course.closed_on = "repaid", event.on


def settle(course: Course, event: Event) -> None:
    """Closes the loan when the amount covers principal and earned interest; charges it does not cover are waived, as the quote promised.

    An amount that no longer covers them (an earlier payment was undone) is an ordinary payment.
    """
    owed = quote(course, event.on)
    if event.amount < owed.principal + owed.interest:
        pay(course, event)
        return
    charges = event.amount - owed.principal - owed.interest
    for row in list(course.unpaid()):
        left = row.open
        penalties = min(left.penalties, charges)
        fees = min(left.fees, charges - penalties)
        charges -= penalties + fees
        _credit(course, event, row, Split(left.principal, earned_open(row, event.on), fees, penalties))
        row.waived = plus(row.waived, Split(0, row.open.interest, row.open.fees, row.open.penalties))
        course.settle_row(row, event.on)
    course.overpaid += charges
    after_payment(course, event.on)


def after_payment(course: Course, on: date) -> None:
    """Repaid when nothing is open; back on schedule when nothing is overdue."""
    if course.state not in LIVE:
        return
    course.days_late = course.late_on(on)
    if not any(course.unpaid()):
        course.state, course.closed_on, course.days_late = "repaid", on, 0
    elif course.state in ("late", "defaulted") and course.days_late == 0:
        course.state = "active"


def _land(course: Course, event: Event, amount: int, order: Order, overpayment: Overpayment, *, only_due: bool = False) -> int:
    """Spread `amount` over what is open; returns what is left of it."""
    if not amount:
        return 0
    rows = list(course.unpaid())
    claims = [claim for index, row in enumerate(rows) for claim in _claims(index, row)]
    if only_due:
        claims = [claim for claim in claims if claim.due_on <= event.on]
    pieces = waterfall.take(claims, waterfall.Payment(event.on, amount), order, overpayment)
    _take_from_spread(rows, pieces)
    for index, found in _by_row(pieces):
        _credit(course, event, rows[index], waterfall.split_of(found))
        course.settle_row(rows[index], event.on)
    return amount - sum(piece for _claim, piece in pieces)


def _claims(index: int, row: Row) -> Iterable[Claim]:
    """Principal, interest and what a new schedule spread are due with the row; any other charge from the day it was made, which has passed."""
    left = minus(row.open, row.spread)
    yield Claim(index, "principal", row.due_on, left.principal)
    yield Claim(index, "interest", row.due_on, left.interest)
    yield Claim(index, "fee", LONG_AGO, left.fees)
    yield Claim(index, "penalty", LONG_AGO, left.penalties)
    yield Claim(index, "fee", row.due_on, row.spread.fees)
    yield Claim(index, "penalty", row.due_on, row.spread.penalties)


def _take_from_spread(rows: list[Row], pieces: list[tuple[Claim, int]]) -> None:
    for claim, amount in pieces:
        if claim.part in ("fee", "penalty") and claim.due_on > LONG_AGO:
            rows[claim.index].spread = minus(rows[claim.index].spread, Split(**{NAMES[claim.part]: amount}))


def _by_row(pieces: list[tuple[Claim, int]]) -> list[tuple[int, list[tuple[waterfall.Part, int]]]]:
    found: dict[int, list[tuple[waterfall.Part, int]]] = {}
    for claim, amount in pieces:
        found.setdefault(claim.index, []).append((claim.part, amount))
    return list(found.items())


def _credit(course: Course, event: Event, row: Row, split: Split) -> None:
    if split.total:
        row.paid = plus(row.paid, split)
        course.paid_by.setdefault(event.number, []).append((row.number, split))
