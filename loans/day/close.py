"""Closing one business day for a stretch of loans, in a handful of statements: the same figures as `loans.replay`, loan by loan.

A loan that was already closed for the day (a payment caught it up) is left alone. One that lags behind is replayed by itself, and
one that cannot be closed is parked with its reason: the stretch is halved until the offender stands alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from core import outbox, states
from loans import loan as loans
from loans import standing
from loans.models import BorrowerFile, Loan, ParkedLoan, Standing

log = logging.getLogger(__name__)
DAY = timedelta(days=1)

# The figures of every loan for the morning after %(day)s, one new version of its row; what comes back are those with something more to do.
ACCRUE = """
WITH open_ones AS (
    SELECT loan_id, accrued AS before FROM loans_standing
     WHERE loan_id BETWEEN %(first)s AND %(last)s AND live AND NOT parked AND closed_to = %(day)s::date - 1),
closed AS (
    UPDATE loans_standing s
       SET closed_to = %(day)s,
           accrued = s.accrued_base + CASE WHEN s.period_due IS NULL THEN 0 ELSE
               least(s.period_interest * least(%(day)s::date + 1 - s.period_from, s.period_due - s.period_from)
                     / (s.period_due - s.period_from), s.period_cap) END,
           days_late = CASE WHEN s.oldest_unpaid_on <= %(day)s THEN
               %(day)s::date + 1 - s.oldest_unpaid_on - s.paused_days
               - CASE WHEN s.pause_from IS NULL THEN 0
                      ELSE greatest(least(s.pause_until, %(day)s) - greatest(s.pause_from, s.oldest_unpaid_on) + 1, 0) END
               ELSE s.days_late END
      FROM open_ones o WHERE o.loan_id = s.loan_id
    RETURNING s.loan_id, s.accrued - o.before AS amount, s.oldest_unpaid_on, s.period_due),
booked AS (
    INSERT INTO loans_accrual ("on", loan_id, event, amount) SELECT %(day)s, loan_id, 0, amount FROM closed WHERE amount <> 0)
SELECT count(*), coalesce(sum(amount), 0)::bigint,
       coalesce(array_agg(loan_id ORDER BY loan_id) FILTER (WHERE oldest_unpaid_on <= %(day)s), '{}'),
       coalesce(array_agg(loan_id ORDER BY loan_id) FILTER (WHERE period_due = %(day)s::date + 1), '{}')
  FROM closed
"""

# The period that ends tomorrow morning gives way to the next one.
ROLL = """
UPDATE loans_standing s
   SET accrued_base = over.interest, period_from = next.starts_on, period_due = next.due_on,
       period_interest = coalesce(next.interest - next.carried_interest, 0),
       period_cap = greatest(next.interest - next.carried_interest - next.waived_interest, 0)
  FROM loans_standing k
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(CASE WHEN i.due_on <= %(day)s::date + 1 THEN i.interest - i.waived_interest
                                ELSE least(i.carried_interest, i.interest - i.waived_interest) END), 0)::bigint AS interest
         FROM loans_installment i WHERE i.loan_id = k.loan_id) over
  LEFT JOIN LATERAL (
       SELECT i.* FROM loans_installment i WHERE i.loan_id = k.loan_id AND i.due_on > %(day)s::date + 1 ORDER BY i.due_on, i.number LIMIT 1) next ON true
 WHERE k.loan_id = ANY(%(ids)s) AND s.loan_id = k.loan_id
"""

# Overdue amount × penalty rate ÷ 365 for each installment past its grace days, rounded down in the borrower's favor; due with the
# installment next to fall due, as every charge is. Nothing in a pause, nothing after default.
CHARGE = """
WITH made AS (
    SELECT i.loan_id, sum(floor((i.principal - i.paid_principal + i.interest - i.paid_interest - i.waived_interest) * l.penalty_rate / 365))::bigint AS amount
      FROM loans_standing s JOIN loans_loan l ON l.id = s.loan_id JOIN loans_installment i ON i.loan_id = s.loan_id
     WHERE s.loan_id = ANY(%(ids)s) AND l.id = ANY(%(ids)s) AND l.state IN ('active', 'late') AND i.paid_on IS NULL AND i.due_on + l.grace_days < %(day)s
       AND NOT coalesce(%(day)s BETWEEN s.pause_from AND s.pause_until, false)
     GROUP BY i.loan_id),
homes AS (
    SELECT made.loan_id, made.amount, home.number FROM made
     CROSS JOIN LATERAL (
           SELECT i.number FROM loans_installment i WHERE i.loan_id = made.loan_id
            ORDER BY i.due_on < %(day)s, CASE WHEN i.due_on >= %(day)s THEN i.due_on END,
                     CASE WHEN i.due_on >= %(day)s THEN i.number END, i.due_on DESC, i.number DESC LIMIT 1) home
     WHERE made.amount > 0),
written AS (
    UPDATE loans_installment i SET penalties = i.penalties + h.amount, paid_on = NULL
      FROM homes h WHERE i.loan_id = h.loan_id AND i.number = h.number),
booked AS (
    INSERT INTO loans_charge (loan_id, number, kind, amount, charged_on, event) SELECT loan_id, number, 'penalties', amount, %(day)s, 0 FROM homes)
SELECT count(*), coalesce(sum(amount), 0)::bigint FROM homes
"""

AGE = """
UPDATE loans_loan l SET days_late = s.days_late
  FROM loans_standing s WHERE s.loan_id = ANY(%(ids)s) AND l.id = ANY(%(ids)s) AND l.id = s.loan_id AND l.days_late <> s.days_late
"""

MOVES = (
    ("late", "UPDATE loans_loan SET state = 'late' WHERE id = ANY(%s) AND state = 'active' AND days_late > grace_days RETURNING id, file_id"),
    ("defaulted", "UPDATE loans_loan SET state = 'defaulted' WHERE id = ANY(%s) AND state = 'late' AND days_late > default_after_days RETURNING id, file_id"),
)


@dataclass
class Tally:
    """What a shard did."""

    closed: int = 0
    accrued: int = 0
    charged: int = 0
    late: int = 0
    moved: int = 0
    caught_up: int = 0
    parked: int = 0


def close(first: int, last: int, *, day: date, now: datetime) -> Tally:
    """Close `day` for the loans from `first` to `last`. Never raises for a single loan's trouble."""
    tally = Tally()
    _catch_up(first, last, day=day, now=now, tally=tally)
    _isolated(first, last, lambda low, high: _close(low, high, day=day, now=now, tally=tally), day=day, now=now, tally=tally)
    return tally


def _isolated(first: int, last: int, work: Callable[[int, int], None], *, day: date, now: datetime, tally: Tally) -> None:
    """Run `work` on the stretch; where it fails, on its halves; where one loan fails, park it."""
    try:
        with transaction.atomic():
            work(first, last)
    except Exception as error:
        if first < last:
            middle = (first + last) // 2
            _isolated(first, middle, work, day=day, now=now, tally=tally)
            _isolated(middle + 1, last, work, day=day, now=now, tally=tally)
        else:
            park(first, reason=reason_of(error), day=day, now=now, tally=tally)


def reason_of(error: Exception) -> str:
    """The class and the first line: neither carries a person's data, the statements hold ids and amounts only."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]


def park(loan_id: int, *, reason: str, day: date, now: datetime, tally: Tally) -> None:
    """Set one loan aside: later runs pass it by until a person releases it."""
    if not Standing.objects.filter(pk=loan_id, live=True, parked=False).update(parked=True):
        return
    ParkedLoan.objects.create(loan_id=loan_id, on=day, reason=reason, parked_at=now)
    tally.parked += 1
    log.error("end of day %s: loan %s is parked: %s", day, loan_id, reason)


def _catch_up(first: int, last: int, *, day: date, now: datetime, tally: Tally) -> None:
    """Loans that lag behind (released ones, or paid out late) are replayed through the day before."""
    lagging = Standing.objects.filter(pk__gte=first, pk__lte=last, live=True, parked=False, closed_to__lt=day - DAY)
    for loan_id in list(lagging.values_list("loan_id", flat=True).order_by("loan_id")):
        try:
            with transaction.atomic():
                bring_to(loan_id, day=day - DAY, now=now)
            tally.caught_up += 1
        except Exception as error:
            park(loan_id, reason=reason_of(error), day=day, now=now, tally=tally)


def bring_to(loan_id: int, *, day: date, now: datetime) -> None:
    """Replay one loan through the close of `day` and store what comes out."""
    held, before = standing.lock(Loan(pk=loan_id))
    course = standing.course_of(held, closed_to=max(before.closed_to, day))
    last = held.events.order_by("-number").values_list("number", flat=True).first() or 0
    standing.store(held, course, before=before, event=last)
    loans.follow(held, course, now=now)


def _close(first: int, last: int, *, day: date, now: datetime, tally: Tally) -> None:
    closed, accrued, late, rolling = _row(ACCRUE, {"first": first, "last": last, "day": day})
    charged = 0
    if rolling:
        _run(ROLL, {"ids": rolling, "day": day})
    if late:
        _count, charged = _row(CHARGE, {"ids": late, "day": day})
        _run(AGE, {"ids": late, "day": day})
        tally.moved += _move(late, day=day, now=now)
    tally.closed, tally.accrued, tally.charged, tally.late = tally.closed + closed, tally.accrued + accrued, tally.charged + charged, tally.late + len(late)


def _run(statement: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _row(statement: str, params: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()


def _move(ids: list[int], *, day: date, now: datetime) -> int:
    """Late past the grace days, default past the contract's limit; each change with its history, its file's stage, and the fact told upward."""
    moved = 0
    for state, statement in MOVES:
        with states.because(why="days_late", now=now), connection.cursor() as cursor:
            cursor.execute(statement, [ids])
            rows = cursor.fetchall()
        if rows:
            BorrowerFile.objects.filter(pk__in=[file for _loan, file in rows]).update(stage=loans.STAGES[state])
            for loan_id, _file in rows:
                payload = {"loan": loan_id, "state": state, "why": "days_late"}
                outbox.enqueue("loan.state_changed", key=f"loan:{loan_id}:{state}:{day.isoformat()}", payload=payload)
        moved += len(rows)
    return moved
