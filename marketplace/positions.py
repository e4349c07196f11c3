"""An investor's holdings as the return engine reads them: dated money by grade, from the register, the shares received and the installments.

Added up inside the database, one line a day and grade, so that a portfolio of thousands of loans is read as quickly as one of ten.
"""

# ruff: noqa: S608  statements are put together from the fixed texts of this file; values are parameters

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import connection

from accounts.models import Party
from marketplace.returns import Flow, Position

MINE = """
WITH mine AS (
    SELECT p.id, p.amount, p.received_principal, p.amount - p.received_principal AS outstanding, p.originated_at, l.id AS loan_id, l.state, l.principal,
           CASE WHEN %(ids)s::bigint[] IS NULL THEN m.grade ELSE p.id::text END AS grade, (m.disclosed ->> 'expected_loss')::numeric AS term_loss
      FROM loans_participation p JOIN loans_loan l ON l.id = p.loan_id JOIN marketplace_listing m ON m.loan_id = l.id
     WHERE p.party_id = %(party)s AND l.currency = %(currency)s AND l.state NOT IN ('agreed', 'cancelled')
       AND (%(ids)s::bigint[] IS NULL OR p.id = ANY(%(ids)s)))"""
# Money put in, money come back, and principal at work, by grade and day: who sells and buys on one day has done both. What a correction takes back lessens
# what came back. What was bought or sold counts at its price; principal at what was owed on it.
# Lost: principal past its due date, from that date; in default everything, from the oldest date still open.
MOVES = (
    MINE
    + """,
handed AS (
    SELECT mine.id, mine.grade, t."on" AS day, t.amount, t.carried_principal, t.price, 1 AS side FROM mine JOIN loans_holdingtransfer t ON t.taker_id = mine.id
    UNION ALL
    SELECT mine.id, mine.grade, t."on", t.amount, t.carried_principal, t.price, -1 FROM mine JOIN loans_holdingtransfer t ON t.giver_id = mine.id),
first AS (
    SELECT mine.grade, (mine.originated_at AT TIME ZONE %(zone)s)::date AS day,
           mine.amount - coalesce((SELECT sum(h.side * h.amount) FROM handed h WHERE h.id = mine.id), 0) AS amount FROM mine),
lost AS (
    SELECT mine.grade, i.due_on AS day, (i.principal - i.paid_principal) * mine.amount / mine.principal AS amount
      FROM mine JOIN loans_installment i ON i.loan_id = mine.loan_id
     WHERE mine.state = 'late' AND i.paid_on IS NULL AND i.moved_on IS NULL AND i.due_on < %(as_of)s
    UNION ALL
    SELECT mine.grade, coalesce((SELECT min(i.due_on) FROM loans_installment i WHERE i.loan_id = mine.loan_id AND i.paid_on IS NULL), %(as_of)s),
           mine.outstanding
      FROM mine WHERE mine.state IN ('defaulted', 'written_off')),
moves (grade, day, put, back, at_work, lost) AS (
    SELECT grade, day, amount, 0, amount, 0 FROM first WHERE amount > 0
    UNION ALL SELECT grade, day, CASE side WHEN 1 THEN price ELSE 0 END, CASE side WHEN -1 THEN price ELSE 0 END, side * (amount - carried_principal), 0
      FROM handed
    UNION ALL SELECT mine.grade, e.booked_on, 0, s.net, -s.principal, 0
      FROM mine JOIN loans_share s ON s.participation_id = mine.id JOIN loans_repayment r ON r.id = s.repayment_id JOIN loans_loanevent e ON e.id = r.event_id
    UNION ALL SELECT grade, least(day, %(as_of)s), 0, 0, -amount, amount FROM lost)
SELECT grade, day, -sum(put)::bigint, sum(back)::bigint, sum(at_work)::bigint, sum(lost)::bigint
  FROM moves WHERE day <= %(as_of)s GROUP BY grade, day ORDER BY grade, day"""
)
# What was expected: each loan's loss over its term, spread over the principal still out month by month, and of it what is to come.
EXPECTED = (
    MINE
    + """,
owed AS (
    SELECT mine.loan_id, mine.principal + coalesce(sum(i.balance_after), 0) AS months,
           coalesce(sum(i.balance_after) FILTER (WHERE i.due_on >= %(as_of)s), 0) AS to_come
      FROM mine LEFT JOIN loans_installment i ON i.loan_id = mine.loan_id AND i.moved_on IS NULL GROUP BY mine.loan_id, mine.principal)
SELECT mine.grade, sum(mine.outstanding)::bigint, sum(mine.amount * mine.term_loss * 12 * mine.principal / owed.months) / nullif(sum(mine.amount), 0),
       coalesce(sum(mine.amount * mine.term_loss * owed.to_come / owed.months) FILTER (WHERE mine.state IN ('funded', 'active', 'late')), 0)::bigint
  FROM mine JOIN owed USING (loan_id) GROUP BY mine.grade"""
)


@dataclass
class _Grade:
    flows: list[Flow] = field(default_factory=list)
    principal: list[Flow] = field(default_factory=list)
    lost: int = 0


def positions(party: Party, *, currency: str, as_of: date, holdings: Sequence[int] | None = None) -> list[Position]:
    """One position for each grade the party has money in, or had; with `holdings` one for each of those, labelled by its number."""
    values = {"party": party.pk, "currency": currency, "as_of": as_of, "zone": settings.TIME_ZONE, "ids": holdings}
    grades: dict[str, _Grade] = {}
    with connection.cursor() as cursor:
        cursor.execute(MOVES, values)
        for grade, day, out, back, at_work, lost in cursor.fetchall():
            found = grades.setdefault(grade, _Grade())
            found.flows += [Flow(day, money) for money in (out, back) if money]
            found.principal += [Flow(day, at_work)] if at_work else []
            found.lost += lost
        cursor.execute(EXPECTED, values)
        expected = {grade: (outstanding, Decimal(yearly or 0), to_come) for grade, outstanding, yearly, to_come in cursor.fetchall()}
    return [_position(grade, found, *expected.get(grade, (0, Decimal(0), 0))) for grade, found in sorted(grades.items())]


def _position(grade: str, found: _Grade, outstanding: int, yearly_loss: Decimal, to_come: int) -> Position:
    return Position(
        flows=tuple(found.flows),
        principal=tuple(found.principal),
        outstanding=outstanding,
        written_down=found.lost,
        yearly_loss=yearly_loss,
        loss_to_come=to_come,
        label=grade,
    )
