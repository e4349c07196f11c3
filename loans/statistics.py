"""How the loans fare, by the quarter in which they were paid out: for anybody, never about one loan. One statement over the whole book.

The public counts loans ten at a time, in the order they were paid out: a ten belongs to the quarter of its last loan, and what is no whole ten yet
waits. So every figure, and every difference between two looks, is about at least ten loans. What became of them is told in steps of an average loan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

SMALLEST = 10
FINEST = 1_000  # shares are told to a tenth of a per cent at the finest

COHORTS = """
WITH placed AS (
    SELECT l.id, l.disbursed_on, (row_number() OVER (ORDER BY l.disbursed_on, l.id) - 1) / %(at_a_time)s AS batch
      FROM loans_loan l WHERE l.currency = %(currency)s AND l.disbursed_on <= %(until)s),
whole AS (
    SELECT id, max(disbursed_on) OVER w AS last_on, count(*) OVER w AS loans FROM placed WINDOW w AS (PARTITION BY batch)),
origin AS (
    SELECT l.id, to_char(w.last_on, 'YYYY"-Q"Q') AS cohort, l.principal, l.state, s.days_late, s.outstanding
      FROM whole w JOIN loans_loan l ON l.id = w.id JOIN loans_standing s ON s.loan_id = l.id WHERE w.loans = %(at_a_time)s),
due AS (
    SELECT loan_id, count(*) AS due, count(*) FILTER (WHERE paid_on <= due_on) AS on_time FROM loans_installment WHERE due_on < %(as_of)s GROUP BY loan_id),
lost AS (
    SELECT DISTINCT ON (loan_id) loan_id, defaulted_on, owed_at_default FROM loans_collectionscase
     WHERE defaulted_on IS NOT NULL ORDER BY loan_id, defaulted_on),
back AS (
    SELECT r.loan_id, sum(r.principal) AS principal FROM loans_repayment r JOIN lost ON lost.loan_id = r.loan_id AND r.paid_on > lost.defaulted_on GROUP BY 1),
planned AS (SELECT DISTINCT loan_id FROM loans_plan WHERE state = 'in_force')
SELECT cohort, count(*), sum(o.principal), sum(o.principal - o.outstanding),
       sum(CASE WHEN live AND o.days_late = 0 THEN o.outstanding ELSE 0 END),
       sum(CASE WHEN live AND o.days_late BETWEEN 1 AND 30 THEN o.outstanding ELSE 0 END),
       sum(CASE WHEN live AND o.days_late BETWEEN 31 AND 60 THEN o.outstanding ELSE 0 END),
       sum(CASE WHEN live AND o.days_late BETWEEN 61 AND 90 THEN o.outstanding ELSE 0 END),
       sum(CASE WHEN live AND o.days_late > 90 THEN o.outstanding ELSE 0 END),
       sum(CASE WHEN o.state = 'written_off' THEN o.outstanding ELSE 0 END),
       count(lost.loan_id), coalesce(sum(lost.owed_at_default), 0), coalesce(sum(back.principal), 0), count(planned.loan_id),
       coalesce(sum(due.due), 0), coalesce(sum(due.on_time), 0)
  FROM (SELECT *, state IN ('active', 'late', 'defaulted') AS live FROM origin) o
  LEFT JOIN due ON due.loan_id = o.id LEFT JOIN lost ON lost.loan_id = o.id LEFT JOIN back ON back.loan_id = o.id LEFT JOIN planned ON planned.loan_id = o.id
 GROUP BY cohort ORDER BY cohort
"""


@dataclass(frozen=True)
class Cohort:
    """Loans paid out in one quarter (or several told together). Amounts are principal, minor units; `late_*` by days late."""

    name: str
    loans: int
    originated: int
    repaid: int
    current: int
    late_30: int
    late_60: int
    late_90: int
    late_more: int
    written_off: int
    defaulted: int
    owed_at_default: int
    recovered: int
    replanned: int
    due: int
    on_time: int

    def of_originated(self, amount: int) -> Decimal:
        return Decimal(amount) / self.originated

    @property
    def shares(self) -> dict[str, Decimal]:
        """Each part of what was lent, as a share of it."""
        return {name: self.of_originated(getattr(self, name)) for name in PARTS}

    @property
    def on_time_rate(self) -> Decimal | None:
        return Decimal(self.on_time) / self.due if self.due else None

    @property
    def default_rate(self) -> Decimal:
        """Principal that was owed at default, of what was lent."""
        return self.of_originated(self.owed_at_default)

    @property
    def recovery_rate(self) -> Decimal | None:
        """Principal that came back after default, of what was owed then."""
        return Decimal(self.recovered) / self.owed_at_default if self.owed_at_default else None


PARTS = ("repaid", "current", "late_30", "late_60", "late_90", "late_more", "written_off")
MONEY = (*PARTS, "owed_at_default", "recovered")
AMOUNTS = tuple(one.name for one in fields(Cohort) if one.name != "name")


def cohorts(*, as_of: date, currency: str) -> list[Cohort]:
    """Every quarter as it is, for the operator's own eyes. The parts of a cohort sum to what was lent."""
    return _read(as_of=as_of, until=as_of, currency=currency, at_a_time=1)


def published(*, as_of: date, currency: str) -> list[Cohort]:
    """What may be told: whole tens of the loans paid out before today, whose order no later payout changes, in rounded amounts."""
    yesterday = as_of - timedelta(days=1)
    return [rounded(one) for one in _read(as_of=as_of, until=yesterday, currency=currency, at_a_time=SMALLEST)]


def _read(*, as_of: date, until: date, currency: str, at_a_time: int) -> list[Cohort]:
    with connection.cursor() as cursor:
        cursor.execute(COHORTS, {"as_of": as_of, "until": until, "currency": currency, "at_a_time": at_a_time})
        return [Cohort(name, *map(int, figures)) for name, *figures in cursor.fetchall()]


def rounded(one: Cohort) -> Cohort:
    """What was lent in three digits, what became of it in steps of an average loan, or a tenth of a per cent where that is more."""
    lent = _to(one.originated, 10 ** max(len(str(one.originated)) - 3, 0))
    step = max(one.originated // min(one.loans, FINEST), 1)
    amounts: dict[str, Any] = {name: min(_to(getattr(one, name), step), lent) for name in MONEY}
    return replace(one, originated=lent, **amounts)


def _to(amount: int, step: int) -> int:
    return (2 * amount + step) // (2 * step) * step


def together(rows: Sequence[Cohort]) -> Cohort:
    """Several as one."""
    name = rows[0].name if len(rows) == 1 else f"{rows[0].name} – {rows[-1].name}"
    return Cohort(name, *(sum(getattr(row, one) for row in rows) for one in AMOUNTS))


def as_rows(told: Iterable[Cohort]) -> list[dict[str, Any]]:
    """The figures of the page as they stand in the CSV."""
    return [
        {
            "cohort": one.name,
            "loans": one.loans,
            "originated": one.originated,
            **{name: _tenth(share) for name, share in one.shares.items()},
            "on_time": _tenth(one.on_time_rate),
            "default": _tenth(one.default_rate),
            "recovery": _tenth(one.recovery_rate),
        }
        for one in told
    ]


def _tenth(share: Decimal | None) -> str:
    return "" if share is None else f"{share * 100:.1f}%"
