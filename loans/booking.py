"""What an event moves: its own repayment to the holders, the correction of earlier ones, and the money of both.

Every movement balances: what the holders get, with the platform's fee, and what the borrower is owed back, is what came in (or went out).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db.models import Sum

from loans import correction, event, postings
from loans.models import Loan, LoanEvent, Portion, Recovery, Repayment, Standing
from loans.replay import Course, Kind
from loans.replay.course import NOTHING, PARTS, minus, plus
from loans.waterfall import Split

FROM_WALLET = {Kind.PAYMENT, Kind.SETTLEMENT, Kind.RECOVERY}
SOURCES = {Kind.PAYMENT, Kind.SETTLEMENT, Kind.GOODWILL, Kind.RECOVERY}
ByRow = dict[int, Split]


def book(loan: Loan, row: LoanEvent, course: Course, *, before: Standing, as_of: date, now: datetime) -> list[Repayment]:
    """Repayments, portions, shares and transfers of one event; returns what it brought the holders or took back. Raises UnableToEnter: money is missing."""
    own, rest = _own(course, row.number), _rest(loan, course, row.number)
    over, inflow, costs = course.overpaid - before.overpaid, _inflow(loan, row), _costs_undone(loan, row)
    assert _total(own).total + _total(rest).total + over == inflow
    try:
        made = _move(loan, row, own, rest, over=over, inflow=inflow, as_of=as_of, now=now)
        if costs:
            postings.recovery_costs_back(loan, row, costs, as_of=as_of)
        return made
    except postings.InsufficientFunds as error:
        raise event.UnableToEnter(_short(row, error)) from error


def _short(row: LoanEvent, error: Exception) -> str:
    """Whose money is missing: a wallet gives only for what is paid from it; what is taken back from holders who spent it, the platform advances."""
    from_wallet = row.kind in FROM_WALLET and not isinstance(error, postings.PlatformShort)
    return "insufficient_funds" if from_wallet else "platform_short"


def _move(loan: Loan, row: LoanEvent, own: ByRow, rest: ByRow, *, over: int, inflow: int, as_of: date, now: datetime) -> list[Repayment]:
    """Shares of the correction first, so that nobody is ever entitled to more than they hold; money of the event first, so that less is taken back."""
    source, own_total = postings.source_of(loan, row), _total(own).total
    signed: list[Repayment] = []
    if own and own_total <= 0:
        signed.append(_repayment(loan, row, row.kind, own, as_of=as_of, now=now))
    if rest:
        signed.append(_repayment(loan, row, Repayment.Kind.CORRECTION, rest, as_of=as_of, now=now))
    for one in signed:
        correction.share_out(one)
    made: list[Repayment] = []
    if own_total > 0:
        made = [_repayment(loan, row, row.kind, own, as_of=as_of, now=now)]
        postings.distribute(made[0], source=source)
    left = inflow - max(own_total, 0)
    if signed or left or over:
        postings.correct(loan, row, signed, source=source, inflow=left, overpaid=over, as_of=as_of, now=now)
    postings.collect_clawbacks(loan, row, as_of=as_of)
    return signed + made


def _inflow(loan: Loan, row: LoanEvent) -> int:
    """What the event brings from outside the loan; negative when money leaves."""
    if row.kind in SOURCES:
        return row.amount
    if row.kind in (Kind.CHARGEBACK, Kind.RETURNED):
        return -row.amount
    if row.kind == Kind.VOID:
        target = loan.events.get(number=row.undoes or 0)
        return -target.amount if target.kind in SOURCES else 0
    return 0


def _costs_undone(loan: Loan, row: LoanEvent) -> int:
    """What came off the recovery that this event undoes."""
    if row.kind != Kind.VOID:
        return 0
    return Recovery.objects.filter(loan=loan, event__number=row.undoes or 0).values_list("costs", flat=True).first() or 0


def _own(course: Course, number: int) -> ByRow:
    return _by_row(course.paid_by.get(number, []))


def _by_row(pieces: Iterable[tuple[int, Split]]) -> ByRow:
    found: ByRow = {}
    for number, split in pieces:
        found[number] = plus(found.get(number, NOTHING), split)
    return found


def _rest(loan: Loan, course: Course, number: int) -> ByRow:
    """By installment: what all other events brought by the new course, less what was booked for them so far."""
    wanted = _by_row(piece for event_number, pieces in course.paid_by.items() if event_number != number for piece in pieces)
    sums = Portion.objects.filter(repayment__loan=loan).values("number").annotate(**{f"sum_{part}": Sum(part) for part in PARTS})
    booked = {number_: Split(*map(int, parts)) for number_, *parts in sums.values_list("number", *(f"sum_{part}" for part in PARTS))}
    rest = {n: minus(wanted.get(n, NOTHING), booked.get(n, NOTHING)) for n in sorted(wanted.keys() | booked.keys())}
    return {n: split for n, split in rest.items() if split != NOTHING}


def _total(rows: Mapping[int, Split]) -> Split:
    total = NOTHING
    for split in rows.values():
        total = plus(total, split)
    return total


def _repayment(loan: Loan, row: LoanEvent, kind: str, rows: ByRow, *, as_of: date, now: datetime) -> Repayment:
    total = _total(rows)
    made = Repayment.objects.create(
        loan=loan,
        event=row,
        kind=kind,
        key=f"{row.key}:{kind}"[:100],
        amount=total.total,
        principal=total.principal,
        interest=total.interest,
        fees=total.fees,
        penalties=total.penalties,
        paid_on=row.on if kind != Repayment.Kind.CORRECTION else as_of,
        created_at=now,
    )
    Portion.objects.bulk_create(
        Portion(repayment=made, number=n, principal=split.principal, interest=split.interest, fees=split.fees, penalties=split.penalties)
        for n, split in rows.items()
    )
    return made
