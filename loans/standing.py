"""Where a loan stands in the tables: its course, replayed from its events, and the rows derived from it.

Lock order: the standing first, then the loan; every writer of a loan in life begins with `lock`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Sum

from core.money import digits
from loans.models import Accrual, Charge, Installment, Loan, LoanEvent, Standing
from loans.replay import Contract, Course, Event, Kind, Row, replay
from loans.replay.course import LIVE

DAY = timedelta(days=1)
DERIVED = [field.name for field in Installment._meta.concrete_fields if field.name not in ("loan", "number")]
STANDING = [field.name for field in Standing._meta.concrete_fields if field.name not in ("loan", "parked", "currency")]


def lock(loan: Loan) -> tuple[Loan, Standing]:
    """The loan in life, held until the transaction ends. Raises Standing.DoesNotExist for a loan that was never paid out."""
    standing = Standing.objects.select_for_update().get(pk=loan.pk)
    held = Loan.objects.select_for_update(of=("self",)).select_related("party").get(pk=loan.pk)
    return held, standing


def contract_of(loan: Loan) -> Contract:
    """What was agreed, for the engine."""
    assert loan.disbursed_on is not None
    return Contract(
        principal=loan.principal,
        annual_rate=loan.annual_rate,
        penalty_rate=loan.penalty_rate,
        grace_days=loan.grace_days,
        default_after_days=loan.default_after_days,
        method=loan.method,
        periods=loan.term_months,
        currency_digits=digits(loan.currency),
        disbursed_on=loan.disbursed_on,
        order=loan.payment_order,
    )


def event_of(row: LoanEvent) -> Event:
    return Event(row.number, Kind(row.kind), row.on, row.amount, row.data, row.undoes)


def events_of(loan: Loan) -> list[Event]:
    """Everything that happened, in the order it was entered."""
    return [event_of(row) for row in loan.events.order_by("number")]


def course_of(loan: Loan, *, closed_to: date, more: Iterable[Event] = ()) -> Course:
    """The loan's course through the close of `closed_to`, with events that are not entered yet. Raises UnableToReplay."""
    return replay(contract_of(loan), [*events_of(loan), *more], closed_to=closed_to)


def installment_of(loan_id: int, row: Row, balance_after: int) -> Installment:
    return Installment(
        loan_id=loan_id,
        number=row.number,
        starts_on=row.starts_on,
        due_on=row.due_on,
        principal=row.owed.principal,
        interest=row.owed.interest,
        fees=row.owed.fees,
        penalties=row.owed.penalties,
        balance_after=balance_after,
        paid_principal=row.paid.principal,
        paid_interest=row.paid.interest,
        paid_fees=row.paid.fees,
        paid_penalties=row.paid.penalties,
        waived_interest=row.waived.interest,
        waived_fees=row.waived.fees,
        waived_penalties=row.waived.penalties,
        carried_interest=row.carried,
        spread_fees=row.spread.fees,
        spread_penalties=row.spread.penalties,
        paid_on=row.paid_on,
        moved_on=row.moved_on,
    )


def installments_of(loan_id: int, course: Course) -> list[Installment]:
    """The course's rows as they are stored. The balance is what the rows after one still ask for."""
    balance, rows = sum(row.owed.principal for row in course.rows), []
    for row in course.rows:
        balance -= row.owed.principal
        rows.append(installment_of(loan_id, row, balance))
    return rows


def standing_of(loan: Loan, course: Course) -> Standing:
    """The course's figures as they are stored."""
    morning = course.closed_to + DAY
    running = course.running(course.closed_to) if course.state in LIVE else None
    if running is not None and running.due_on == morning:
        running = course.running(morning)
    oldest = course.oldest_unpaid_on
    pause = next((pause for pause in course.pauses if pause[1] >= course.closed_to), None)
    past = [(start, end) for start, end in course.pauses if (start, end) != pause]
    base = sum(min(row.owed.interest if row.due_on <= morning else row.carried, row.owed.interest - row.waived.interest) for row in course.rows)
    return Standing(
        loan=loan,
        currency=loan.currency,
        closed_to=course.closed_to,
        live=course.state in LIVE,
        outstanding=course.outstanding,
        accrued=course.accrued,
        accrued_base=base,
        overpaid=course.overpaid,
        period_from=running.starts_on if running else None,
        period_due=running.due_on if running else None,
        period_interest=running.owed.interest - running.carried if running else 0,
        period_cap=max(running.owed.interest - running.carried - running.waived.interest, 0) if running else 0,
        oldest_unpaid_on=oldest,
        days_late=course.days_late,
        paused_days=_overlap(past, oldest, course.closed_to) if oldest else 0,
        pause_from=pause[0] if pause else None,
        pause_until=pause[1] if pause else None,
        disputed_on=course.disputed_on,
    )


def _overlap(pauses: list[tuple[date, date]], first: date, last: date) -> int:
    return sum(max((min(end, last) - max(start, first)).days + 1, 0) for start, end in pauses)


def store(loan: Loan, course: Course, *, before: Standing | None, event: int) -> Standing:
    """Bring the derived rows to the course: only what differs is written, and each difference of a sub-ledger is booked, never edited."""
    wanted, known = installments_of(loan.pk, course), {row.number: row for row in loan.installments.all()}
    gone = known.keys() - {row.number for row in wanted}
    if gone:
        Installment.objects.filter(loan=loan, number__in=gone).delete()
    Installment.objects.bulk_create([row for row in wanted if row.number not in known])
    changed = {row.number: fields for row in wanted if row.number in known and (fields := _differing(row, known[row.number]))}
    if changed:
        Installment.objects.bulk_update([row for row in wanted if row.number in changed], sorted(set().union(*changed.values())))
    _book_charges(loan, course, event=event)
    standing = standing_of(loan, course)
    _book_accrual(loan, standing, before, event=event)
    if before is None:
        standing.save(force_insert=True)
    else:
        standing.parked = before.parked
        standing.save(update_fields=STANDING)
    return standing


def _differing(one: Installment, other: Installment) -> set[str]:
    return {name for name in DERIVED if getattr(one, name) != getattr(other, name)}


def _book_charges(loan: Loan, course: Course, *, event: int) -> None:
    """What the charges booked so far lack to the rows' fees and penalties, signed."""
    booked: dict[tuple[int, str], int] = {}
    for number, kind, amount in loan.charges.values("number", "kind").annotate(total=Sum("amount")).values_list("number", "kind", "total"):
        booked[number, kind] = amount
    owed = {(row.number, kind): getattr(row.owed, kind) for row in course.rows for kind in ("fees", "penalties")}
    lacking = {key: owed.get(key, 0) - booked.get(key, 0) for key in sorted(owed.keys() | booked.keys())}
    Charge.objects.bulk_create(
        Charge(loan=loan, number=number, kind=kind, amount=amount, charged_on=course.closed_to, event=event)
        for (number, kind), amount in lacking.items()
        if amount
    )


def _book_accrual(loan: Loan, standing: Standing, before: Standing | None, *, event: int) -> None:
    difference = standing.accrued - (before.accrued if before else 0)
    if difference:
        Accrual.objects.create(on=standing.closed_to, loan=loan, event=event, amount=difference)
