"""The even plan: every investor's units over the fitting loans in proportion to their own limits, as far as the loans' sums allow.

Multiplicative scaling (after R. Sinkhorn, 1964) of x = room · min(1, investor's factor · listing's factor), with groups capped. Doubles, but only
sums in canonical order, products and quotients: the same bits everywhere. A plan decides no total; `rounding` turns it into whole units.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Doubles, totals
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
        self.groups = np.concatenate([np.zeros(0, np.int32), *field.layers])

    def run(self) -> Plan:
        for _sweep in range(SWEEPS):
            self._investors()
            if len(self.groups):
                self._limits()
            self._listings()
        return Plan(self._shares()[0], self.hunger)

    def _shares(self) -> tuple[Doubles, Doubles]:
        """(shares now, the part of them that cannot grow)."""
        factor = self.factor.copy()
        for layer in self.field.layers:
            factor[layer] *= factor[self.field.parent[layer]]
        pull = factor[self.field.tail]
        pull *= self.hunger[self.field.head]
        shares = self.room * np.minimum(pull, 1.0)
        return shares, np.where(pull >= 1.0, shares, 0.0)

    def _through(self, shares: Doubles) -> Doubles:
        total = totals(self.field.tail, shares, len(self.place))
        for layer in reversed(self.field.layers):
            total += totals(self.field.parent[layer], total[layer], len(total))
        return total

    def _investors(self) -> None:
        shares, stuck = self._shares()
        step = _step(self.place, self._through(shares), self._through(stuck))
        self.factor[self.field.root] *= step[self.field.root]

    def _limits(self) -> None:
        total = self._through(self._shares()[0])
        step = np.divide(self.place, total, out=np.ones(len(total)), where=total > 0)
        self.factor[self.groups] = np.minimum(self.factor[self.groups] * step[self.groups], 1.0)

    def _listings(self) -> None:
        shares, stuck = self._shares()
        count, head = len(self.fill), self.field.head
        self.hunger *= _step(self.fill, totals(head, shares, count), totals(head, stuck, count))


def _step(wanted: Doubles, total: Doubles, stuck: Doubles) -> Doubles:
    """The factor towards `wanted`: down over everything, up over what can still grow."""
    loose = total - stuck
    up = np.divide(wanted - stuck, loose, out=np.ones(len(total)), where=loose > 1e-9)
    down = np.divide(wanted, total, out=np.ones(len(total)), where=total > 0)
    return np.minimum(np.where(total > wanted, down, up), STEP_MAX)
