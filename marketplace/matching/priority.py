"""Where money is short: listings served in a published order, as far as nobody's total changes.

Totals of listings form a polymatroid too, so serving them greedily in order is one vector; the same divide and conquer finds it from their side.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.levels import Levels
from marketplace.matching.market import Market
from marketplace.matching.parts import Part, State

LAST = datetime.max.replace(tzinfo=UTC)


def order(market: Market) -> Index:
    """Listings by closing date (none: last), then by hash, which is the market's own order."""
    return np.array(sorted(range(len(market.listings)), key=lambda index: (market.listings[index].closes_at or LAST, index)), dtype=np.int64)


@dataclass(eq=False)
class Served:
    """`filled` [listings] in units; `of_node` and `of_listing` number parts within which only the split is still open."""

    filled: Units
    of_node: Index
    of_listing: Index
    parts: int


def serve(market: Market, levels: Levels, whole: Units) -> Served:
    """What every listing gets, given everybody's whole units."""
    served = Served(market.size.copy(), levels.of_node.copy(), levels.of_listing.copy(), len(levels.at))
    if levels.short:
        last = len(levels.at) - 1
        rank = np.empty(len(market.size), np.int64)
        rank[order(market)] = np.arange(len(rank))
        _Line(market, levels.state, whole, served).run(levels.state.part(levels.of_node, levels.of_listing, last), rank)
    return served


class _Line:
    """Divide and conquer on the queue: how much the front of it can take decides which part of the graph serves whom."""

    def __init__(self, market: Market, state: State, whole: Units, served: Served) -> None:
        self.state, self.served = state, served
        self.total = np.concatenate([whole, market.cap[len(whole) :]])

    def run(self, part: Part, rank: Index) -> None:
        """`first` (all of these will be full) and `queue` (in order) of each part, until every listing's units are known."""
        queue = part.listings[np.argsort(rank[part.listings])]
        waiting = [(part, queue[:0], queue, True)]
        while waiting:
            part, first, queue, guess = waiting.pop()
            supply = np.where(self.state.root[part.nodes], self.total[part.nodes] - self.state.low[part.nodes], 0)
            left = int(supply.sum()) - int(self.state.open(first).sum())
            count = self._front(queue, left, guess=guess)
            if count is None:
                self._close(part)
                continue
            front, back = queue[:count], queue[count:]
            open_now = np.isin(part.listings, np.concatenate([first, front]))
            attempt = self.state.attempt(part, supply, np.where(open_now, self.state.open(part.listings), 0))
            if attempt.placed == int(supply.sum()):
                waiting.append((self._without(part, back), first, front, not guess))
            else:
                waiting += [(*one, not guess) for one in self._parted(part, attempt.cut, first, front, back)]

    def _front(self, queue: Index, left: int, *, guess: bool) -> int | None:
        """How many of the queue to try next: as many as could be full, and every other time half of it. None when what is left decides it."""
        wanted = self.state.open(queue)
        if left == 0 or len(queue) < 2 or left == int(wanted.sum()):
            self.served.filled[queue] = self.state.taken[queue] + (wanted if left == int(wanted.sum()) else left)
            return None
        return int(np.clip(np.searchsorted(np.cumsum(wanted), left), 1, len(queue) - 1)) if guess else len(queue) // 2

    def _parted(self, part: Part, cut: Index, first: Index, front: Index, back: Index) -> list[tuple[Part, Index, Index]]:
        """The source side has units left when first and front are full: it serves the back. The rest of the graph serves only first and front."""
        rich, rest = self.state.split(part, cut)
        mine = np.zeros(len(self.served.filled), bool)
        mine[rich.listings] = True
        full = np.concatenate([first[mine[first]], front[mine[front]]])
        self.served.filled[full] = self.state.market.size[full]
        rest = self._without(rest, back[~mine[back]])
        return [(rest, first[~mine[first]], front[~mine[front]]), (rich, full, back[mine[back]])]

    def _without(self, part: Part, back: Index) -> Part:
        """Nobody here serves these listings: they become a part of their own, numbered before the others, so that arcs into it are empty."""
        self.served.filled[back] = self.state.taken[back]
        self.served.of_listing[back] = self.served.parts
        self.served.parts += 1
        kept = np.ones(len(self.served.filled), bool)
        kept[back] = False
        return Part(part.nodes, part.listings[kept[part.listings]], *part.arcs(kept[part.head]))

    def _close(self, part: Part) -> None:
        self.served.of_node[part.nodes] = self.served.of_listing[part.listings] = self.served.parts
        self.served.parts += 1
