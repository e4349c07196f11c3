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
from loans.replay.course import PARTS

# A principal up to which entitlements, amount × everything received, fit a bigint even when thirty times the principal comes back.
WHOLE_NUMBERS_UP_TO = 2**29

# What each step knows of one part of the payment: the parts stand side by side, so one row is one holder all the way.
# A part of which nothing came changes nobody's share of it, so it is left out.
WHOLE = "sum(received_{part})::{number} + %({part})s AS {part}"
ENTITLED = {
    "bigint": "whole.{part} * p.amount / whole.amount AS units_{part}, whole.{part} * p.amount %% whole.amount AS rest_{part}",
    "numeric": "div(whole.{part} * p.amount, whole.amount) AS units_{part}, mod(whole.{part} * p.amount, whole.amount) AS rest_{part}",
}
FLOORS = "greatest(units_{part} - received_{part}, 0)::bigint AS base_{part}, rest_{part} > 0 AND received_{part} <= units_{part} AS may_round_up_{part}"
LEFT_OVER = "(%({part})s - sum(base_{part}) OVER ())::bigint AS left_{part}"
PLACES = "count(*) FILTER (WHERE may_round_up_{part}) OVER by_{part} AS place_{part}, (sum(base_{part}) OVER by_{part})::bigint - base_{part} AS before_{part}"
BY_REST = "by_{part} AS (ORDER BY CASE WHEN left_{part} < 0 THEN rest_{part} ELSE -rest_{part} END, id ROWS UNBOUNDED PRECEDING)"
SHARE = (
    "base_{part} + CASE WHEN may_round_up_{part} AND place_{part} <= left_{part} THEN 1 ELSE 0 END"
    " - greatest(0, least(base_{part}, -left_{part} - before_{part})) AS {part}"
)
ARMS = """
whole AS MATERIALIZED (SELECT sum(amount)::{number} AS amount, {whole} FROM loans_participation WHERE loan_id = %(loan)s),
entitled AS (SELECT p.*, {entitled} FROM loans_participation p CROSS JOIN whole WHERE p.loan_id = %(loan)s),
floors AS (SELECT *, {floors} FROM entitled),
left_over AS (SELECT *, {left_over} FROM floors),
ranked AS (SELECT *, {places} FROM left_over WINDOW {by_rest}),
divided AS (SELECT id, party_id, {shares} FROM ranked),
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
    came = [part for part in PARTS if getattr(repayment, part) > 0]

    def each(columns: str) -> str:
        return ", ".join(columns.format(part=part, number=number) for part in came)

    steps = {"whole": WHOLE, "entitled": ENTITLED[number], "floors": FLOORS, "left_over": LEFT_OVER, "places": PLACES, "by_rest": BY_REST, "shares": SHARE}
    columns = {step: each(text) for step, text in steps.items()}
    columns["shares"] += "".join(f", 0::bigint AS {part}" for part in PARTS if part not in came)
    return ARMS.format(number=number, **columns)


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
