"""The even plan: every investor's units over the fitting loans in proportion to their own limits, as far as the loans' sums allow.

Multiplicative scaling (after R. Sinkhorn, 1964) of x = room · min(1, investor's factor · listing's factor), with groups capped. Doubles, but only
sums in canonical order, products and quotients: the same bits everywhere. A plan decides no total; `rounding` turns it into whole units.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Doubles, Index, totals
from marketplace.matching.field import Field

SWEEPS = 8
STEP_MAX = 1e6


@dataclass(frozen=True, eq=False)
class Plan:
    """`share` [open arcs] in units, not whole; `hunger` [listings]: how hard a listing is to fill, its factor."""

    share: Doubles
    hunger: Doubles


def plan(field: Field) -> Plan:
    return _Scaling(field).run()


class _Scaling:
    def __init__(self, field: Field) -> None:
        self.field = field
        self.room = field.room.astype(np.float64)
        self.place, self.fill = field.place.astype(np.float64), field.fill.astype(np.float64)
        self.factor, self.hunger = np.ones(len(self.place)), np.ones(len(self.fill))
        self.groups = np.concatenate([np.zeros(0, np.intp), *field.layers])
        self.shares, self.pull = np.empty(len(field.arcs)), np.empty(len(field.arcs))
        limited = np.zeros(len(self.place), bool)
        limited[self.groups] = True
        self.limited = np.flatnonzero(limited[field.tail])
        self.limited_tail = field.tail[self.limited]

    def run(self) -> Plan:
        for _sweep in range(SWEEPS):
            self._investors()
            if len(self.groups):
                self._limits()
            self._listings()
        self._share()
        return Plan(self.shares, self.hunger)

    def _share(self) -> Index:
        """Shares under the present factors (into `shares`); returns the arcs whose share cannot grow."""
        factor = self.factor.copy()
        for layer in self.field.layers:
            factor[layer] *= factor[self.field.parent[layer]]
        np.take(factor, self.field.tail, out=self.pull, mode="clip")
        self.pull *= np.take(self.hunger, self.field.head, out=self.shares, mode="clip")
        stuck = np.flatnonzero(self.pull >= 1.0)
        np.minimum(self.pull, 1.0, out=self.pull)
        np.multiply(self.room, self.pull, out=self.shares)
        return stuck

    def _upward(self, total: Doubles) -> Doubles:
        """Totals at the tails, carried up to the roots."""
        for layer in reversed(self.field.layers):
            total += totals(self.field.parent[layer], total[layer], len(total))
        return total

    def _investors(self) -> None:
        stuck = self._share()
        total = self._upward(totals(self.field.tail, self.shares, len(self.place)))
        held = self._upward(totals(self.field.tail[stuck], self.shares[stuck], len(self.place)))
        self.factor[self.field.root] *= _step(self.place, total, held)[self.field.root]

    def _limits(self) -> None:
        self._share()
        total = self._upward(totals(self.limited_tail, self.shares[self.limited], len(self.place)))
        step = np.divide(self.place, total, out=np.ones(len(total)), where=total > 0)
        self.factor[self.groups] = np.minimum(self.factor[self.groups] * step[self.groups], 1.0)

    def _listings(self) -> None:
        stuck = self._share()
        count, head = len(self.fill), self.field.head
        self.hunger *= _step(self.fill, totals(head, self.shares, count), totals(head[stuck], self.shares[stuck], count))


def _step(wanted: Doubles, total: Doubles, stuck: Doubles) -> Doubles:
    """The factor towards `wanted`: down over everything, up over what can still grow."""
    loose = total - stuck
    up = np.divide(wanted - stuck, loose, out=np.ones(len(total)), where=loose > 1e-9)
    down = np.divide(wanted, total, out=np.ones(len(total)), where=total > 0)
    return np.minimum(np.where(total > wanted, down, up), STEP_MAX)
