"""A correction reaches every holder: what each should have had by now, less what they got, part by part; signed, in one statement.

The new totals are the plain largest-remainder shares of everything repaid so far, so they sum exactly and nobody is a full minor unit off.
Servicing fee follows interest; what is taken back never exceeds what was kept.
"""

from __future__ import annotations

from django.db import connection

from loans.models import Repayment

SHARES = """
WITH parts (part, total) AS (
    VALUES ('principal', %(principal)s::bigint), ('interest', %(interest)s::bigint), ('fees', %(fees)s::bigint), ('penalties', %(penalties)s::bigint)),
held AS (
    SELECT p.id, p.amount, parts.part, parts.total, sum(p.amount) OVER w AS whole,
           CASE parts.part WHEN 'principal' THEN p.received_principal WHEN 'interest' THEN p.received_interest
                           WHEN 'fees' THEN p.received_fees ELSE p.received_penalties END AS received
      FROM loans_participation p CROSS JOIN parts WHERE p.loan_id = %(loan)s AND parts.total <> 0 WINDOW w AS (PARTITION BY parts.part)),
entitled AS (
    SELECT *, sum(received) OVER w + total AS claim FROM held WINDOW w AS (PARTITION BY part)),
whole_units AS (
    SELECT *, div(claim::numeric * amount, whole)::bigint AS units, mod(claim::numeric * amount, whole) AS rest FROM entitled),
ranked AS (
    SELECT *, claim - sum(units) OVER (PARTITION BY part) AS left_over, row_number() OVER (PARTITION BY part ORDER BY rest DESC, id) AS place FROM whole_units),
rows AS (
    SELECT id, coalesce(sum(share) FILTER (WHERE part = 'principal'), 0)::bigint AS principal,
           coalesce(sum(share) FILTER (WHERE part = 'interest'), 0)::bigint AS interest,
           coalesce(sum(share) FILTER (WHERE part = 'fees'), 0)::bigint AS fees, coalesce(sum(share) FILTER (WHERE part = 'penalties'), 0)::bigint AS penalties
      FROM (SELECT id, part, units + CASE WHEN place <= left_over THEN 1 ELSE 0 END - received AS share FROM ranked) shared GROUP BY id),
kept AS (
    SELECT rows.id, coalesce(sum(s.servicing_fee), 0)::bigint AS fees FROM rows LEFT JOIN loans_share s ON s.participation_id = rows.id GROUP BY rows.id),
paid AS (
    SELECT rows.*, CASE WHEN %(annual_rate)s::numeric = 0 THEN 0
                        WHEN interest >= 0 THEN floor(interest * %(fee_rate)s::numeric / %(annual_rate)s::numeric)::bigint
                        ELSE -least(ceil(-interest * %(fee_rate)s::numeric / %(annual_rate)s::numeric)::bigint, kept.fees) END AS fee
      FROM rows JOIN kept USING (id)),
totals AS (
    UPDATE loans_participation p
       SET received_principal = p.received_principal + paid.principal, received_interest = p.received_interest + paid.interest,
           received_fees = p.received_fees + paid.fees, received_penalties = p.received_penalties + paid.penalties
      FROM paid WHERE p.id = paid.id)
INSERT INTO loans_share (repayment_id, participation_id, principal, interest, fees, penalties, servicing_fee, net)
SELECT %(repayment)s, id, principal, interest, fees, penalties, fee, principal + interest + fees + penalties - fee
  FROM paid WHERE principal <> 0 OR interest <> 0 OR fees <> 0 OR penalties <> 0 OR fee <> 0
"""


def share_out(repayment: Repayment) -> int:
    """Write every holder's signed share of a correction and their running totals. Returns how many holders it touches."""
    loan = repayment.loan
    with connection.cursor() as cursor:
        cursor.execute(
            SHARES,
            {
                "loan": loan.pk,
                "repayment": repayment.pk,
                "principal": repayment.principal,
                "interest": repayment.interest,
                "fees": repayment.fees,
                "penalties": repayment.penalties,
                "annual_rate": loan.annual_rate,
                "fee_rate": loan.servicing_fee_rate,
            },
        )
        return int(cursor.rowcount)
