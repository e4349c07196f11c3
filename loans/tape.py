"""The loan tape: one line a loan, with no name, number or date of its own, as it stood at a month's end that is at least DELAY_DAYS past.

Every combination of what could point at a loan (quarter, term, amount, rate) is shared by at least K loans; where it is not, the line speaks in
wider words until it is, and at the last is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

K = 10
DELAY_DAYS = 30
ANY = "*"
AMOUNTS = (1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000)

ROWS = """
SELECT l.disbursed_on, l.term_months, l.principal, l.annual_rate, at_end.state,
       floor(coalesce((SELECT sum(r.principal) FROM loans_repayment r JOIN loans_loanevent e ON e.id = r.event_id
                   WHERE r.loan_id = l.id AND e.booked_on <= %(until)s), 0) * 10 / l.principal)::int  -- at least so much
  FROM loans_loan l
 CROSS JOIN LATERAL (
       SELECT e.state FROM loans_loanstateevent e
        WHERE e.pgh_obj_id = l.id AND (coalesce((e.pgh_context->>'at')::timestamptz, e.pgh_created_at) AT TIME ZONE %(zone)s)::date <= %(until)s
        ORDER BY e.pgh_id DESC LIMIT 1) at_end
 WHERE l.disbursed_on <= %(until)s AND l.currency = %(currency)s
"""
Keys = tuple[str, str, str, str]  # cohort, term, amount, rate


@dataclass(frozen=True, order=True)
class Line:
    """`keys` are what could point at somebody; `state` and `repaid_tenths` are what the tape is for."""

    keys: Keys
    state: str
    repaid_tenths: int


@dataclass(frozen=True)
class Tape:
    """Lines in an order that says nothing; how many loans could not be told even in the widest words."""

    as_of: date
    lines: tuple[Line, ...]
    left_out: int


def latest(today: date) -> date:
    """The month's end the tape speaks of."""
    return (today - timedelta(days=DELAY_DAYS - 1)).replace(day=1) - timedelta(days=1)


def read(*, as_of: date, currency: str, zone: str) -> Tape:
    """The tape as of a month's end."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"until": as_of, "currency": currency, "zone": zone})
        rows = [Line(_keys(paid_out, term, amount, rate), state, tenths) for paid_out, term, amount, rate, state, tenths in cursor.fetchall()]
    return anonymous(rows, as_of=as_of)


def _keys(paid_out: date, term: int, amount: int, rate: Decimal) -> Keys:
    band = next((f"under {limit // 100}" for limit in AMOUNTS if amount < limit), f"{AMOUNTS[-1] // 100} or more")
    return f"{paid_out.year}-Q{(paid_out.month + 2) // 3}", str(term), band, f"{int(rate * 100)}%"


# Wider and wider words, the least telling first to go.
WIDER: tuple[Callable[[Keys], Keys], ...] = (
    lambda k: k,
    lambda k: (k[0], k[1], k[2], ANY),
    lambda k: (k[0], k[1], ANY, ANY),
    lambda k: (k[0], ANY, ANY, ANY),
    lambda k: (k[0][:4], ANY, ANY, ANY),
    lambda k: (ANY, ANY, ANY, ANY),
)


def anonymous(rows: Sequence[Line], *, as_of: date, k: int = K) -> Tape:
    """Each line in the narrowest words that at least `k` lines share once all have been chosen."""
    told: list[Line] = []
    waiting = list(rows)
    for widen in WIDER:
        shared = Counter(widen(row.keys) for row in waiting)
        told += [Line(widen(row.keys), row.state, row.repaid_tenths) for row in waiting if shared[widen(row.keys)] >= k]
        waiting = [row for row in waiting if shared[widen(row.keys)] < k]
    return Tape(as_of, tuple(sorted(told)), len(waiting))
