"""The plan in whole units: one pass over the listings, the hardest to fill first, each to whoever is furthest behind their plan."""

import numpy as np

from marketplace.matching.arrays import Doubles, Index, Units, totals
from marketplace.matching.field import Field, Ledger, by_listing
from marketplace.matching.scaling import Plan

TINY = 1e-12
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: multiples spread evenly


def rounded(field: Field, plan: Plan) -> Units:
    """Whole units [open arcs], every cap kept; a few listings may stay short of their sum, `dinic` brings those."""
    walk = _Pass(field, plan)
    order = np.lexsort((np.arange(len(plan.hunger)), -plan.hunger))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    for arcs in by_listing(field.head, rank):
        walk.fill(arcs)
    return walk.flow


def phases(count: int) -> Doubles:
    """A number from 0 to 1 for each place in the canonical order, neighbors far apart."""
    return (np.arange(count, dtype=np.uint64) * GOLDEN >> np.uint64(11)) * 2.0**-53


class _Pass:
    def __init__(self, field: Field, plan: Plan) -> None:
        self.field, self.share = field, plan.share
        self.flow = np.zeros(len(field.arcs), np.int64)
        self.ledger = Ledger(field.parent, field.place)
        self.root = field.root_of()[field.tail]
        self.ahead = totals(self.root, plan.share, len(field.place))
        self.behind = phases(len(field.place))

    def fill(self, arcs: Index) -> None:
        """One listing: everybody's plan for it, stretched to what they still have to place, on top of how far behind they are."""
        root, node = self.root[arcs], self.field.tail[arcs]
        share = self.share[arcs]
        wish = self.behind[root] + share * self.ledger.left[root] / np.maximum(self.ahead[root], TINY)
        most = self.ledger.most(node, self.field.room[arcs])
        units = apportioned(wish, most, int(self.field.fill[self.field.head[arcs[0]]]))
        self.flow[arcs] = units
        self.ahead[root] -= share
        self.behind[root] = wish - units
        self.ledger.take(node, units)


def apportioned(wish: Doubles, most: Units, total: int) -> Units:
    """`total` units (or all that fit) by wish: whole parts first, then one by one to whoever's wish is least met; ties to the first in order."""
    units = np.minimum(np.maximum(np.floor(wish), 0), most).astype(np.int64)
    while (missing := total - int(units.sum())) != 0:
        step = 1 if missing > 0 else -1
        able = (units < most if step > 0 else units > 0).nonzero()[0]
        if not len(able):
            break
        unmet = (wish[able] - units[able]) * step
        units[able[np.argsort(-unmet, kind="stable")[: abs(missing)]]] += step
    return units
