"""Prices held against what came: each tenth of risk priced at its predicted share of bads, and what that rate earned with the share observed.

No set says what was lost in a default, nor when. So the loss is an assumption, losses come evenly over the term, and every loan counts as one of
36 months: the backtest is of the probability's price, not of a portfolio. Month by month in floats, apart from the pricing engine it tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from credit import pricing
from credit.pricing import Cap, Risk

MONTHS = 36
LGD, YIELD, FEE = Decimal("0.6"), Decimal("0.05"), Decimal("0.01")
NO_CAP = Cap(pricing.RATE_MAX, "nominal")


def by_decile(deciles: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The assumptions, and for each tenth the rate it needed and the net yield that rate earned."""
    rows = []
    for tenth in deciles:
        rate = float(_needed(tenth["predicted"]))
        rows.append({"rate": rate, "earned": earned(tenth["observed"], rate)})
    return {"months": MONTHS, "lgd": float(LGD), "target_yield": float(YIELD), "servicing_fee": float(FEE), "rows": rows}


def _needed(pd: float) -> Decimal:
    risk = Risk(pd=Decimal(repr(float(pd))), lgd=LGD, term_months=MONTHS, target_yield=YIELD, servicing_fee=FEE, origination_fee=Decimal(0), cap=NO_CAP)
    found = pricing.price(risk).annual_rate
    assert found is not None
    return found


def earned(pd: float, rate: float) -> float:
    """The yearly net yield, after losses and servicing fee, of loans at `rate` of which `pd` went bad."""
    flows = _flows(pd, rate / 12)
    low, high = -0.99, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(flow / (1 + middle) ** month for month, flow in enumerate(flows, start=1)) > 1 else (low, middle)
    return 12 * low - float(FEE)


def _flows(pd: float, rate: float) -> list[float]:
    """What comes back each month of one unit lent: installments of those who still pay, and what is recovered of those who stop."""
    hazard, balance, alive = 1 - (1 - pd) ** (1 / MONTHS), 1.0, 1.0
    level = rate / (1 - (1 + rate) ** -MONTHS)
    found = []
    for _ in range(MONTHS):
        found.append(alive * (1 - hazard) * level + alive * hazard * (1 - float(LGD)) * balance)
        balance, alive = balance * (1 + rate) - level, alive * (1 - hazard)
    return found
