"""What follows from a probability: points on the common scale, the grade, the outcome; and a recalibration that a person signed.

Whatever the probability: what takes more of the income each month than the rules say is never approved by itself. A model saw hardly any such loan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from functools import lru_cache
from typing import Any

from credit.facts import Facts
from credit.lending_rules import Rules

EXACT = Context(prec=40)
PLACES = Decimal("0.0000000001")  # of a probability
OUTCOMES = ("decline", "refer", "approve")  # worst first
RATIO_MAX = Decimal(999)  # of anything to no income at all
Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Calibration:
    """Log-odds become intercept + slope × log-odds."""

    intercept: Decimal
    slope: Decimal

    def as_dict(self) -> dict[str, str]:
        return {"intercept": str(self.intercept), "slope": str(self.slope)}


def probability(policy: Policy, points: int) -> Decimal:
    """PD of twelve months: 1 ÷ (1 + odds), odds doubling with the scale's step; ten decimals."""
    scale = policy["scale"]
    return _probability(points, scale["odds"], scale["points_at_odds"], scale["points_to_double_odds"])


@lru_cache(maxsize=4096)
def _probability(points: int, odds: int, at: int, doubling: int) -> Decimal:
    with localcontext(EXACT):
        return Decimal(1 / (1 + odds * Decimal(2) ** (Decimal(points - at) / doubling))).quantize(PLACES)


def points(policy: Policy, pd: Decimal) -> int:
    """The points that probability stands for, rounded down."""
    scale = policy["scale"]
    with localcontext(EXACT):
        inside = min(max(pd, PLACES), 1 - PLACES)
        doublings = ((1 - inside) / inside / scale["odds"]).ln() / Decimal(2).ln()
        return int((scale["points_at_odds"] + scale["points_to_double_odds"] * doublings).to_integral_value(ROUND_FLOOR))


def grade(policy: Policy, pd: Decimal) -> str:
    return next(str(row["grade"]) for row in policy["grades"] if pd < Decimal(row["pd_below"]))


def outcome(policy: Policy, pd: Decimal, burden: Decimal, *, rules: Rules) -> str:
    """By the probability that the policy's points stand for; the worst grade, and what income does not carry, are never approved by themselves."""
    limits = policy["thresholds"]
    if pd > probability(policy, limits["refer_from"]):
        return "decline"
    sound = grade(policy, pd) != rules.never_approved and rules.carries(burden)
    return "approve" if sound and pd <= probability(policy, limits["approve_from"]) else "refer"


def burden(policy: Policy, facts: Facts, *, debts: int) -> Decimal:
    """What `debts` and this loan take each month, of income; the loan at the policy's reference rate, for its price is not known yet."""
    with localcontext(EXACT):
        rate = Decimal(policy["reference_rate"]) / 12
        return ratio(debts + facts.amount * rate / (1 - (1 + rate) ** -facts.term_months), facts.income_monthly or 0)


def ratio(part: Decimal, whole: int) -> Decimal:
    return min(part / whole, RATIO_MAX) if whole else RATIO_MAX if part else Decimal(0)


def calibrated(pd: Decimal, by: Calibration | None) -> Decimal:
    """The probability after a recalibration; the same without one."""
    if by is None:
        return pd
    with localcontext(EXACT):
        inside = min(max(pd, PLACES), 1 - PLACES)
        odds = (by.intercept + by.slope * (inside / (1 - inside)).ln()).exp()
        return Decimal(odds / (1 + odds)).quantize(PLACES)
