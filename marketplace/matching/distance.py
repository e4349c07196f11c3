"""How far a placement is from the optimum: volume against the maximum flow, and how evenly cash was filled."""

from dataclasses import dataclass
from fractions import Fraction
from math import fsum

import numpy as np

from marketplace.matching.arrays import Units
from marketplace.matching.market import Market


@dataclass(frozen=True, slots=True)
class Evenness:
    """Over investors who could place at least one unit: the lowest filled share, the tenth percentile, and the Gini coefficient."""

    lowest: Fraction
    tenth: Fraction
    gini: float


def evenness(market: Market, placed: Units) -> Evenness:
    able = np.flatnonzero(market.alone()[: len(market.investors)] > 0)
    shares = sorted(Fraction(int(placed[one]), int(market.weight[one])) for one in able)
    if not shares:
        return Evenness(Fraction(0), Fraction(0), 0.0)
    count, total = len(shares), fsum(map(float, shares))
    gaps = fsum((2 * rank - count - 1) * float(share) for rank, share in enumerate(shares, start=1))
    return Evenness(shares[0], shares[(count - 1) // 10], gaps / (count * total) if total else 0.0)


def placed_by(market: Market, flow: Units) -> Units:
    """Units of each investor."""
    return market.carried(flow)[: len(market.investors)]
