"""The level at which a block's total is used up: one rational number, found exactly."""

from math import gcd

import numpy as np

from marketplace.matching.arrays import Units


def water_level(weight: Units, low: Units, high: Units, total: int) -> tuple[int, int]:
    """p/q with Σ clamp(p/q · weight, low, high) = total, for Σ low ≤ total ≤ Σ high.

    Breakpoints low/weight and high/weight are compared by cross products; the pivots are chosen by double, what they decide is not.
    Where no one is free at the level (it falls on a breakpoint, or total = Σ low) the breakpoint itself is the answer.
    """
    top, bottom = np.concatenate([low, high]), np.concatenate([weight, weight])
    at, at_bottom = 0, 1  # the highest breakpoint known to need no more than the total
    while len(top):
        middle = np.argpartition(top / bottom, len(top) // 2)[len(top) // 2]
        p, q = int(top[middle]), int(bottom[middle])
        if int(np.minimum(np.maximum(p * weight, q * low), q * high).sum()) <= q * total:  # np.clip takes far longer on few numbers
            at, at_bottom = p, q
            left = top * q > p * bottom
        else:
            left = top * q < p * bottom
        top, bottom = top[left], bottom[left]
    started = low * at_bottom <= at * weight
    stopped = high * at_bottom <= at * weight
    free = started & ~stopped
    if not free.any():
        return _reduced(at, at_bottom)
    rest = total - int(high[stopped].sum()) - int(low[~started].sum())
    return _reduced(rest, int(weight[free].sum()))


def _reduced(p: int, q: int) -> tuple[int, int]:
    shared = gcd(p, q) or 1
    return p // shared, q // shared
