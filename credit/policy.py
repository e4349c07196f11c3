"""What follows from a probability: points on the common scale, the grade, the outcome; and a recalibration that a person signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from functools import lru_cache
from typing import Any

EXACT = Context(prec=40)
PLACES = Decimal("0.0000000001")  # of a probability
OUTCOMES = ("decline", "refer", "approve")  # worst first
NEVER_APPROVED = "E"
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


def outcome(policy: Policy, pd: Decimal) -> str:
    """By the probability that the policy's points stand for; the worst grade is never approved by itself."""
    limits = policy["thresholds"]
    if pd > probability(policy, limits["refer_from"]):
        return "decline"
    return "approve" if pd <= probability(policy, limits["approve_from"]) and grade(policy, pd) != NEVER_APPROVED else "refer"


def calibrated(pd: Decimal, by: Calibration | None) -> Decimal:
    """The probability after a recalibration; the same without one."""
    if by is None:
        return pd
    with localcontext(EXACT):
        inside = min(max(pd, PLACES), 1 - PLACES)
        odds = (by.intercept + by.slope * (inside / (1 - inside)).ln()).exp()
        return Decimal(odds / (1 + odds)).quantize(PLACES)
