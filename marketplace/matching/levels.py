"""Exact levels: the lexicographically max-min fair maximum flow, by divide and conquer on minimal minimum cuts.

Sources: N. Megiddo, "Optimal flows in networks with multiple sources and sinks" (1974); S. Fujishige, "Lexicographically optimal base of a
polymatroid with respect to a weight vector" (1980). A level is a fraction p/q of idle cash; caps are scaled by q, so no float decides.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.market import Market
from marketplace.matching.parts import Part, State
from marketplace.matching.water import water_level


@dataclass(frozen=True, eq=False)
class Levels:
    """What is unique about the fair maximum flow.

    Investor i's exact total is top[i] / bottom[i] units. Blocks run from the poorest: `of_node`, `of_listing`; each was closed at the level
    p/q of `at`. Arcs from a poorer block into a richer one are full, other arcs between blocks are empty; `state` keeps what those fix.
    All listings of a block are full, except in the last one if money is `short`: there everybody is stopped by limits of their own.
    """

    volume: int
    top: Units
    bottom: Units
    of_node: Index
    of_listing: Index
    at: list[tuple[int, int]]
    state: State
    short: bool


def levels(market: Market) -> Levels:
    """Blocks, exact totals and the volume of a market."""
    search = _Search(market)
    search.run()
    state = search.state
    short = search.volume < int(market.size.sum())
    return Levels(search.volume, search.top, search.bottom, search.of_node, search.of_listing, search.at, state, short)


class _Search:
    """The divide and conquer: closes blocks one by one, from the poorest."""

    def __init__(self, market: Market) -> None:
        self.market, self.state = market, State(market)
        self.investors, self.alone = len(market.investors), market.alone()
        self.top, self.bottom = np.zeros(self.investors, np.int64), np.ones(self.investors, np.int64)
        self.of_node, self.of_listing = np.zeros(len(market.cap), np.int32), np.zeros(len(market.size), np.int32)
        self.at: list[tuple[int, int]] = []

    def run(self) -> None:
        """The first flow gives everybody what they could place alone: who gets it is the last block, the others share what there is."""
        whole = self.state.whole()
        supply = np.where(self.state.root, self.alone, 0)
        first = self.state.attempt(whole, supply, self.market.size)
        self.volume = first.placed
        waiting = [(whole, first.placed)]
        if first.placed < int(supply.sum()):
            waiting = self._parted(whole, first.placed, first.cut)
        while waiting:
            part, total = waiting.pop()
            cut = self._level(part, total)
            if cut is not None:
                waiting += self._parted(part, total, cut)

    def _parted(self, part: Part, total: int, cut: Index) -> list[tuple[Part, int]]:
        """What lies below the level (taken up next) and the rest, each with what its investors get in all."""
        poor, rest = self.state.split(part, cut)
        below = self._total(poor)
        return [(one, units) for one, units in ((rest, total - below), (poor, below)) if len(one.nodes) + len(one.listings)]

    def _total(self, poor: Part) -> int:
        """All listings of a poorer side are full; so its investors get those and what they surely place elsewhere, less what fixed groups bring."""
        roots = poor.nodes[self.state.root[poor.nodes]]
        brought = self.market.cap[roots[roots >= self.investors]]
        return int(self.state.open(poor.listings).sum() + self.state.low[roots].sum() - brought.sum())

    def _level(self, part: Part, total: int) -> Index | None:
        """Close the block at the level that uses up its total; or, if not all of its investors can stand there, return the cut that says who cannot."""
        funded = part.nodes < self.investors
        mine = part.nodes[funded]
        weight, low, high = self.market.weight[mine], self.state.low[mine], self.alone[mine]
        p, q = water_level(weight, low, high, total)
        top = np.clip(p * weight, q * low, q * high)
        if not (top == q * high).all():
            supply = np.where(self.state.root[part.nodes], q * self.state.left(part.nodes), 0)
            supply[funded] = top - q * low
            attempt = self.state.attempt(part, supply, q * self.state.open(part.listings), q)
            if attempt.placed < int(supply.sum()):
                return attempt.cut
        self.top[mine], self.bottom[mine] = top, q
        self.of_node[part.nodes] = self.of_listing[part.listings] = len(self.at)
        self.at.append((p, q))
        return None
