"""Other platforms' rules on the same market, to be compared with `fair-flow/1`: listing by listing in published order, every cap kept.

queue          served investors go to the back, but only if the loan was oversubscribed (PeerStreet)
pro-rata       in proportion to what each could take, floored to units, the rest by largest remainder (Funding Societies)
first-come     by the time a mandate was set, each all it can take (Octopus Choice and many others)
lottery        everybody if it suffices, else drawn anew for each loan (Klear)
least-filled   who has placed the smallest share of their cash first (Monestro)
largest-first  the larger ticket first, then the lower rate asked (Cashare)
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from marketplace.matching.arrays import Index, Units
from marketplace.matching.field import Ledger, by_listing
from marketplace.matching.market import Market
from marketplace.matching.priority import order
from marketplace.matching.rounding import GOLDEN
from marketplace.matching.terms import draw

LATEST = datetime.max.replace(tzinfo=UTC)


def place(market: Market, policy: str, *, seed: str) -> Units:
    """Units [arcs] under one of POLICIES."""
    return POLICIES[policy](_Round(market, seed))


class _Round:
    def __init__(self, market: Market, seed: str) -> None:
        self.market, self.seed = market, seed
        self.ledger = Ledger(market.parent, market.cap)
        self.owner = market.owner()[market.tail]
        self.flow = np.zeros(len(market.tail), np.int64)

    def run(self, share: Callable[[Index, Units, int], Units]) -> Units:
        """`share(arcs, most, size)` says who gets what of a listing."""
        rank = np.empty(len(self.market.size), np.int64)
        rank[order(self.market)] = np.arange(len(rank))
        for arcs in by_listing(self.market.head, rank):
            node = self.market.tail[arcs]
            most = self.ledger.most(node, self.market.room[arcs])
            units = share(arcs, most, int(self.market.size[self.market.head[arcs[0]]]))
            self.flow[arcs] = units
            self.ledger.take(node, units)
        return self.flow


def in_turn(most: Units, turn: Index, size: int) -> Units:
    """All that each can take, in the order `turn`, until the listing is full."""
    reached = np.cumsum(most[turn])
    units = np.zeros(len(most), np.int64)
    units[turn] = np.clip(size - (reached - most[turn]), 0, most[turn])
    return units


def in_proportion(most: Units, size: int) -> Units:
    """By what each could take, floored; what is left by largest remainder, ties to the first in (hash) order."""
    total = int(most.sum())
    if total <= size:
        return most
    units = most * size // total
    rest = size - int(units.sum())
    largest = np.argsort(-(most * size % total), kind="stable")[:rest]
    units[largest] += 1
    return units


def _pro_rata(round_: _Round) -> Units:
    return round_.run(lambda arcs, most, size: in_proportion(most, size))


def _queue(round_: _Round) -> Units:
    position = np.full(len(round_.market.investors), len(round_.market.mandates))
    np.minimum.at(position, round_.owner, _ranks(round_, _since(round_)))

    def share(arcs: Index, most: Units, size: int) -> Units:
        mine = round_.owner[arcs]
        turn = np.argsort(position[mine], kind="stable")
        units = in_turn(most, turn, size)
        if int(most.sum()) > size:
            served = turn[units[turn] > 0]
            position[mine[served]] = position.max() + 1 + np.arange(len(served))
        return units

    return round_.run(share)


def _first_come(round_: _Round) -> Units:
    place = _ranks(round_, _since(round_))
    return round_.run(lambda arcs, most, size: in_turn(most, np.argsort(place[arcs], kind="stable"), size))


def _largest_first(round_: _Round) -> Units:
    asked = _ranks(round_, lambda mandate: round_.market.mandates[mandate].min_rate or Decimal(0))
    return round_.run(lambda arcs, most, size: in_turn(most, np.lexsort((asked[arcs], -most)), size))


def _least_filled(round_: _Round) -> Units:
    def share(arcs: Index, most: Units, size: int) -> Units:
        mine = round_.owner[arcs]
        weight = round_.market.weight[mine]
        filled = weight - round_.ledger.left[mine]
        return in_turn(most, np.argsort(filled / weight, kind="stable"), size)

    return round_.run(share)


def _lottery(round_: _Round) -> Units:
    def share(arcs: Index, most: Units, size: int) -> Units:
        lots = _lots(draw(round_.seed, "lot", round_.market.listings[round_.market.head[arcs[0]]].id), round_.owner[arcs])
        return in_turn(most, np.argsort(lots, kind="stable"), size)

    return round_.run(share)


def _lots(start: bytes, numbers: Index) -> NDArray[np.uint64]:
    """A lot for each number: SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, 2014), the same everywhere."""
    lots = np.uint64(int.from_bytes(start[:8])) + (numbers.astype(np.uint64) + np.uint64(1)) * GOLDEN
    lots = (lots ^ (lots >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    lots = (lots ^ (lots >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return lots ^ (lots >> np.uint64(31))


def _since(round_: _Round) -> Callable[[int], datetime]:
    return lambda mandate: round_.market.mandates[mandate].since or LATEST


def _ranks(round_: _Round, key: Callable[[int], datetime | Decimal]) -> Index:
    """The rank of each arc's mandate by `key`, ties in hash order."""
    count = len(round_.market.mandates)
    found = np.empty(count, np.int64)
    found[sorted(range(count), key=lambda mandate: (key(mandate), mandate))] = np.arange(count)
    return found[round_.market.mandate]


POLICIES: dict[str, Callable[[_Round], Units]] = {
    "queue": _queue,
    "pro-rata": _pro_rata,
    "first-come": _first_come,
    "lottery": _lottery,
    "least-filled": _least_filled,
    "largest-first": _largest_first,
}
