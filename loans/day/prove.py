"""The last phase: what the book holds tonight, by currency and bucket, and the proof that register, installments and ledger agree."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from ledger import checks
from loans.models import DayBook, DayRun
from loans.product import PROVISIONS

# Bucket by days late; the last name is for everything beyond.
BUCKETS: tuple[tuple[int, str], ...] = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
BEYOND = "90+"

BOOK = """
SELECT currency, CASE WHEN days_late = 0 THEN 'current' WHEN days_late <= 30 THEN '1-30' WHEN days_late <= 60 THEN '31-60'
                      WHEN days_late <= 90 THEN '61-90' ELSE '90+' END AS bucket,
       count(*), sum(outstanding)::bigint, sum(accrued)::bigint
  FROM loans_standing WHERE live GROUP BY 1, 2 ORDER BY 1, 2
"""

# Each selects one text per offence; no row means that all is well.
PROOFS = {
    "holders_received": """
        WITH moved AS (
            SELECT participation_id, principal, interest, fees, penalties FROM loans_share
            UNION ALL SELECT taker_id, carried_principal, carried_interest, carried_fees, carried_penalties FROM loans_holdingtransfer
            UNION ALL SELECT giver_id, -carried_principal, -carried_interest, -carried_fees, -carried_penalties FROM loans_holdingtransfer)
        SELECT 'participation ' || p.id || ': totals are not the sum of its shares' FROM loans_participation p
          JOIN (SELECT participation_id, sum(principal) AS principal, sum(interest) AS interest, sum(fees) AS fees, sum(penalties) AS penalties
                  FROM moved GROUP BY participation_id) s ON s.participation_id = p.id
         WHERE (p.received_principal, p.received_interest, p.received_fees, p.received_penalties) <> (s.principal, s.interest, s.fees, s.penalties)""",
    "register": """
        SELECT 'loan ' || l.id || ': holdings are not the principal' FROM loans_loan l JOIN loans_participation p ON p.loan_id = l.id
         GROUP BY l.id HAVING sum(p.amount) <> l.principal""",
    "shares_sum": """
        SELECT 'repayment ' || r.id || ': shares are not the whole' FROM loans_repayment r
          LEFT JOIN (SELECT repayment_id, sum(principal) AS principal, sum(interest) AS interest, sum(fees) AS fees, sum(penalties) AS penalties
                  FROM loans_share GROUP BY repayment_id) s ON s.repayment_id = r.id
         WHERE (r.principal, r.interest, r.fees, r.penalties)
            <> (coalesce(s.principal, 0), coalesce(s.interest, 0), coalesce(s.fees, 0), coalesce(s.penalties, 0))""",
    "outstanding": """
        SELECT 'loan ' || s.loan_id || ': principal is not outstanding plus received' FROM loans_standing s JOIN loans_loan l ON l.id = s.loan_id
          LEFT JOIN (SELECT loan_id, sum(principal) AS principal FROM loans_repayment GROUP BY loan_id) r ON r.loan_id = s.loan_id
         WHERE l.principal - coalesce(r.principal, 0) <> s.outstanding""",
}


def bucket(days_late: int) -> str:
    """The bucket's name."""
    return next((name for limit, name in BUCKETS if days_late <= limit), BEYOND)


def write_book(run: DayRun) -> dict[str, Any]:
    """The day book of `run`, and its sums for the run's figures."""
    with connection.cursor() as cursor:
        cursor.execute(BOOK)
        rows = cursor.fetchall()
    books = [
        DayBook(run=run, on=run.on, currency=currency, bucket=name, loans=count, outstanding=left, accrued=accrued, provision=provision(name, left))
        for currency, name, count, left, accrued in rows
    ]
    DayBook.objects.bulk_create(books)
    return {"loans": sum(one.loans for one in books), "outstanding": sum(one.outstanding for one in books), "provision": sum(one.provision for one in books)}


def provision(name: str, outstanding: int) -> int:
    """Expected loss of one bucket, rounded up: an estimate should not flatter."""
    return -int(-Decimal(outstanding) * PROVISIONS[name] // 1)


def prove(*, as_of: date) -> list[str]:
    """What is wrong, in words without names; empty when everything agrees."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for statement in PROOFS.values():
            cursor.execute(f"SELECT * FROM ({statement}) AS offence LIMIT 5")  # noqa: S608 fixed texts
            found += [text for (text,) in cursor.fetchall()]
    report = checks.check_books(as_of=as_of)
    return found + [finding.text for finding in report.findings if finding.is_error]
