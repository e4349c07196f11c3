"""What happened to a party's holdings, as the tax year reads it: from the register, its transfers, the shares received and the write-offs.

Everything counts on the day it was booked, and rows of the past are never changed, so a year that is over reads the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

from django.db import connection

from accounts.models import Party
from marketplace.tax_year import Entry

ENTRIES = """
WITH mine AS (
    SELECT p.id, p.amount, l.id AS loan_id, l.disbursed_on, m.reference
      FROM loans_participation p JOIN loans_loan l ON l.id = p.loan_id JOIN marketplace_listing m ON m.loan_id = l.id
     WHERE p.party_id = %(party)s AND l.currency = %(currency)s AND l.disbursed_on <= %(until)s),
handed (id, day, at, amount, carried, price, side) AS (
    SELECT mine.id, t."on", t.created_at, t.amount, t.carried_principal, t.price, 1 FROM mine JOIN loans_holdingtransfer t ON t.taker_id = mine.id
    UNION ALL
    SELECT mine.id, t."on", t.created_at, t.amount, t.carried_principal, t.price, -1 FROM mine JOIN loans_holdingtransfer t ON t.giver_id = mine.id),
entries (id, reference, day, at, number, kind, principal, money, interest, charges, fee) AS (
    SELECT id, reference, disbursed_on, '-infinity'::timestamptz, 0, 'lent',
           amount - coalesce((SELECT sum(side * h.amount) FROM handed h WHERE h.id = mine.id), 0)::bigint, 0, 0, 0, 0 FROM mine
    UNION ALL
    SELECT id, mine.reference, day, at, 0, CASE side WHEN 1 THEN 'bought' ELSE 'sold' END, handed.amount - carried, price, 0, 0, 0
      FROM handed JOIN mine USING (id)
    UNION ALL
    SELECT mine.id, mine.reference, e.booked_on, r.created_at, e.number, 'paid', s.principal, 0, s.interest, s.fees + s.penalties, s.servicing_fee
      FROM mine JOIN loans_share s ON s.participation_id = mine.id JOIN loans_repayment r ON r.id = s.repayment_id JOIN loans_loanevent e ON e.id = r.event_id
    UNION ALL
    SELECT mine.id, mine.reference, e.booked_on, e.created_at, e.number, CASE e.kind WHEN 'void' THEN 'restored' ELSE 'written_off' END, 0, 0, 0, 0, 0
      FROM mine JOIN loans_loanevent e ON e.loan_id = mine.loan_id
     WHERE e.kind = 'write_off' OR e.kind = 'void'
           AND EXISTS (SELECT FROM loans_loanevent w WHERE w.loan_id = e.loan_id AND w.number = e.undoes AND w.kind = 'write_off'))
SELECT reference, day, kind, principal, money, interest, charges, fee
  FROM entries WHERE day <= %(until)s ORDER BY reference, day, at, number"""


def by_listing(party: Party, *, currency: str, until: date) -> Iterator[tuple[str, list[Entry]]]:
    """Each loan the party had money in by then, by its listing's reference, with what happened to the party's holding, in order."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, {"party": party.pk, "currency": currency, "until": until})
        rows = cursor.fetchall()
    for reference, group in groupby(rows, key=itemgetter(0)):
        yield reference, [Entry(*row[1:]) for row in group]


def first_year(party: Party, *, currency: str) -> int | None:
    """The year in which the party's first loan was paid out; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(year FROM min(l.disbursed_on))::int FROM loans_participation p JOIN loans_loan l ON l.id = p.loan_id"
            " WHERE p.party_id = %s AND l.currency = %s",
            [party.pk, currency],
        )
        (year,) = cursor.fetchone()
    return None if year is None else int(year)
