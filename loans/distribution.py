"""How a repayment reaches every holder: exact shares, as arms of the one set-based statement that also moves the money (loans/postings.py).

Rule: largest remainder over *cumulative* entitlement. After each repayment a holder is entitled to holding ÷ principal of everything
repaid so far, part by part; they receive the difference to what they had, rounded so that shares sum to the payment, nobody is ever a
full minor unit away from their entitlement, nobody gives back, and at the end everybody has received exactly their principal.
For the first repayment this is the plain largest-remainder method (Hamilton); the cumulative form keeps it exact for life.

The servicing fee is a part of interest: interest × fee rate ÷ loan rate, both on the same balance, rounded down for the holder.
"""

from __future__ import annotations

from typing import Any

from loans.models import Repayment

# A principal up to which entitlements, amount × everything received, fit a bigint even when thirty times the principal comes back.
WHOLE_NUMBERS_UP_TO = 2**29
DIVISION = {"bigint": ("claim / whole", "claim %% whole"), "numeric": ("div(claim, whole)", "mod(claim, whole)")}

# A part of which nothing came changes nobody's share of it, so it is left out.
ARMS = """
parts AS MATERIALIZED (
    SELECT part, total FROM (VALUES ('principal', %(principal)s::bigint), ('interest', %(interest)s::bigint),
                                    ('fees', %(fees)s::bigint), ('penalties', %(penalties)s::bigint)) AS v (part, total) WHERE total > 0),
held AS (
    SELECT p.id, p.party_id, p.amount, parts.part, parts.total,
           CASE parts.part WHEN 'principal' THEN p.received_principal WHEN 'interest' THEN p.received_interest
                           WHEN 'fees' THEN p.received_fees ELSE p.received_penalties END AS received
      FROM loans_participation p CROSS JOIN parts WHERE p.loan_id = %(loan)s),
entitled AS (
    SELECT *, (sum(amount) OVER w)::{number} AS whole, ((sum(received) OVER w)::{number} + total) * amount AS claim FROM held WINDOW w AS (PARTITION BY part)),
whole_units AS (
    SELECT *, ({quotient})::bigint AS units, {rest} AS rest, greatest(({quotient})::bigint - received, 0) AS base FROM entitled),
ranked AS (
    SELECT *, (rest > 0 AND received <= units) AS may_round_up, total - sum(base) OVER (PARTITION BY part) AS left_over,
           row_number() OVER (PARTITION BY part, (rest > 0 AND received <= units) ORDER BY rest DESC, id) AS place,
           coalesce(sum(base) OVER (PARTITION BY part ORDER BY rest, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM whole_units),
shared AS (
    SELECT id, party_id, part,
           (base + CASE WHEN may_round_up AND place <= left_over THEN 1 ELSE 0 END - greatest(0, least(base, -left_over - before)))::bigint AS share
      FROM ranked),
divided AS (
    SELECT id, party_id, coalesce(max(share) FILTER (WHERE part = 'principal'), 0) AS principal,
           coalesce(max(share) FILTER (WHERE part = 'interest'), 0) AS interest, coalesce(max(share) FILTER (WHERE part = 'fees'), 0) AS fees,
           coalesce(max(share) FILTER (WHERE part = 'penalties'), 0) AS penalties
      FROM shared GROUP BY id, party_id),
paid AS MATERIALIZED (
    SELECT *, CASE WHEN %(annual_rate)s::numeric > 0 THEN floor(interest * %(fee_rate)s::numeric / %(annual_rate)s::numeric)::bigint ELSE 0 END AS fee
      FROM divided WHERE principal + interest + fees + penalties > 0),
totals AS (
    UPDATE loans_participation p
       SET received_principal = p.received_principal + paid.principal, received_interest = p.received_interest + paid.interest,
           received_fees = p.received_fees + paid.fees, received_penalties = p.received_penalties + paid.penalties
      FROM paid WHERE p.id = paid.id),
shares AS (
    INSERT INTO loans_share (repayment_id, participation_id, principal, interest, fees, penalties, servicing_fee, net)
    SELECT %(repayment)s, id, principal, interest, fees, penalties, fee, principal + interest + fees + penalties - fee FROM paid)"""


def arms(repayment: Repayment) -> str:
    """`paid` (id, party_id, principal, interest, fees, penalties, fee): what each holder gets; with it their shares and running totals are written.

    Whole-number arithmetic where the numbers surely fit, exact decimals beyond: the same shares.
    """
    number = "bigint" if repayment.loan.principal <= WHOLE_NUMBERS_UP_TO else "numeric"
    quotient, rest = DIVISION[number]
    return ARMS.format(number=number, quotient=quotient, rest=rest)


def values(repayment: Repayment) -> dict[str, Any]:
    """The parameters of `arms`."""
    loan = repayment.loan
    return {
        "loan": loan.pk,
        "repayment": repayment.pk,
        "principal": repayment.principal,
        "interest": repayment.interest,
        "fees": repayment.fees,
        "penalties": repayment.penalties,
        "annual_rate": loan.annual_rate,
        "fee_rate": loan.servicing_fee_rate,
    }
