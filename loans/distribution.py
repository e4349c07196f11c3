"""How a repayment reaches every holder: exact shares, in one set-based statement.

Rule: largest remainder over *cumulative* entitlement. After each repayment a holder is entitled to holding ÷ principal of everything
repaid so far, part by part; they receive the difference to what they had, rounded so that shares sum to the payment, nobody is ever a
full minor unit away from their entitlement, nobody gives back, and at the end everybody has received exactly their principal.
For the first repayment this is the plain largest-remainder method (Hamilton); the cumulative form keeps it exact for life.
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
      FROM loans_participation p CROSS JOIN parts WHERE p.loan_id = %(loan)s WINDOW w AS (PARTITION BY parts.part)),
entitled AS (
    SELECT *, (sum(received) OVER w + total)::numeric * amount AS claim FROM held WINDOW w AS (PARTITION BY part)),
whole_units AS (
    SELECT *, div(claim, whole)::bigint AS units, mod(claim, whole) AS rest, greatest(div(claim, whole)::bigint - received, 0) AS base FROM entitled),
ranked AS (
    SELECT *, (rest > 0 AND received <= units) AS may_round_up, total - sum(base) OVER (PARTITION BY part) AS left_over,
           row_number() OVER (PARTITION BY part, (rest > 0 AND received <= units) ORDER BY rest DESC, id) AS place,
           coalesce(sum(base) OVER (PARTITION BY part ORDER BY rest, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM whole_units),
shared AS (
    SELECT id, part, base + CASE WHEN may_round_up AND place <= left_over THEN 1 ELSE 0 END - greatest(0, least(base, -left_over - before)) AS share
      FROM ranked),
rows AS (
    SELECT id, coalesce(sum(share) FILTER (WHERE part = 'principal'), 0)::bigint AS principal,
           coalesce(sum(share) FILTER (WHERE part = 'interest'), 0)::bigint AS interest,
           coalesce(sum(share) FILTER (WHERE part = 'fees'), 0)::bigint AS fees, coalesce(sum(share) FILTER (WHERE part = 'penalties'), 0)::bigint AS penalties
      FROM shared GROUP BY id),
paid AS (
    SELECT *, CASE WHEN %(annual_rate)s::numeric > 0 THEN floor(interest * %(fee_rate)s::numeric / %(annual_rate)s::numeric)::bigint ELSE 0 END AS fee
      FROM rows),
totals AS (
    UPDATE loans_participation p
       SET received_principal = p.received_principal + paid.principal, received_interest = p.received_interest + paid.interest,
           received_fees = p.received_fees + paid.fees, received_penalties = p.received_penalties + paid.penalties
      FROM paid WHERE p.id = paid.id)
INSERT INTO loans_share (repayment_id, participation_id, principal, interest, fees, penalties, servicing_fee, net)
SELECT %(repayment)s, id, principal, interest, fees, penalties, fee, principal + interest + fees + penalties - fee
  FROM paid WHERE principal + interest + fees + penalties > 0
"""


def share_out(repayment: Repayment) -> int:
    """Write every holder's share of `repayment` and their running totals. Returns how many holders received something.

    The servicing fee is a part of interest: interest × fee rate ÷ loan rate, both on the same balance, rounded down for the holder.
    """
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


def fee_of(repayment: Repayment) -> int:
    """What the holders' shares left to the platform, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(servicing_fee), 0) FROM loans_share WHERE repayment_id = %s", [repayment.pk])
        return int(cursor.fetchone()[0])
