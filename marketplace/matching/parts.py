"""Subproblems of a market's graph: what earlier cuts fixed, the network that is left, and cutting it once more."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.market import Market
from marketplace.matching.network import Network


@dataclass(frozen=True, eq=False)
class Part:
    """Nodes, listings and arcs of one subproblem, as indices into the market."""

    nodes: Index
    listings: Index
    arcs: Index


class State:
    """What the cuts so far have fixed, in whole units.

    `low` [nodes] surely leaves a node through cut arcs, `taken` [listings] surely arrives; a `root` is fed from outside its subproblem:
    an investor, or a group that a cut separated from its owner, which then brings exactly its cap.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        count = len(market.cap)
        self.low = np.zeros(count, np.int64)
        self.taken = np.zeros(len(market.size), np.int64)
        self.root = np.arange(count) < len(market.investors)
        self._place = np.zeros(count + len(market.size), np.int32)
        self._inside = np.zeros(count + len(market.size), bool)

    def whole(self) -> Part:
        sizes = (len(self.low), len(self.taken), len(self.market.tail))
        return Part(*(np.arange(size, dtype=np.int32) for size in sizes))

    def open(self, listings: Index) -> Units:
        """Units of these listings that no cut has fixed."""
        return self.market.size[listings] - self.taken[listings]

    def left(self, nodes: Index) -> Units:
        """What these groups may still pass on."""
        return self.market.cap[nodes] - self.low[nodes]

    def ids(self, part: Part) -> Index:
        """The part's nodes, then its listings, as the numbering of its network."""
        return np.concatenate([part.nodes, part.listings + len(self.low)])

    def network(self, part: Part, supply: Units, demand: Units, q: int = 1) -> Network:
        """The part's graph, numbered as `ids`, with limits times q; `supply` [part.nodes] and `demand` [part.listings] as given."""
        market, place, count = self.market, self._place, len(self.low)
        ids = self.ids(part)
        place[ids] = np.arange(len(ids), dtype=np.int32)
        fed, wanted = supply > 0, demand > 0
        inner = part.nodes[~self.root[part.nodes]]
        tail = np.concatenate([place[market.parent[inner]], place[market.tail[part.arcs]]])
        head = np.concatenate([place[inner], place[count + market.head[part.arcs]]])
        cap = np.concatenate([self.left(inner), market.room[part.arcs]])
        return Network(place[part.nodes[fed]], supply[fed], tail, head, q * cap, place[count + part.listings[wanted]], demand[wanted])

    def split(self, part: Part, cut: Index) -> tuple[Part, Part]:
        """The source side of a minimal cut (`cut` as in `ids`) and the rest. What leaves the source side is full, what would enter it is empty."""
        market, count, inside = self.market, len(self.low), self._inside
        crossing = self.ids(part)[cut]
        inside[crossing] = True
        node_in, listing_in = inside[part.nodes], inside[count + part.listings]
        from_in, to_in = inside[market.tail[part.arcs]], inside[count + market.head[part.arcs]]
        full = part.arcs[from_in & ~to_in]
        inner = part.nodes[~node_in & ~self.root[part.nodes]]
        fed = inner[inside[market.parent[inner]]]
        inside[crossing] = False
        np.add.at(self.taken, market.head[full], market.room[full])
        self._fix(market.tail[full], market.room[full])
        self._fix(market.parent[fed], self.left(fed))
        self.root[fed] = True
        source_side = Part(part.nodes[node_in], part.listings[listing_in], part.arcs[from_in & to_in])
        return source_side, Part(part.nodes[~node_in], part.listings[~listing_in], part.arcs[~from_in & ~to_in])

    def _fix(self, node: Index, amount: Units) -> None:
        """Units that surely pass `node` count at it and at everything above it up to the root of its subproblem."""
        while len(node):
            np.add.at(self.low, node, amount)
            above = ~self.root[node]
            node, amount = self.market.parent[node[above]], amount[above]
