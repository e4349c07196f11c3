"""Subproblems of a market's graph: what earlier cuts fixed, the network that is left, and cutting it once more."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Mask, Units
from marketplace.matching.market import Market
from marketplace.matching.network import Network, solve


@dataclass(frozen=True, eq=False)
class Part:
    """One subproblem: nodes and listings (indices into the market), and its arcs by their tails, heads and rooms."""

    nodes: Index
    listings: Index
    tail: Index
    head: Index
    room: Units

    def arcs(self, kept: Mask) -> tuple[Index, Index, Units]:
        places = kept.nonzero()[0]
        return self.tail.take(places), self.head.take(places), self.room.take(places)


@dataclass(frozen=True, eq=False)
class Attempt:
    """`placed` units of a supply; if that is not all of it, `cut` (as in `State.ids`) is the source side of the minimal minimum cut."""

    placed: int
    cut: Index


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
        nodes, listings = np.arange(len(self.low), dtype=np.int32), np.arange(len(self.taken), dtype=np.int32)
        return Part(nodes, listings, self.market.tail, self.market.head, self.market.room)

    def open(self, listings: Index) -> Units:
        """Units of these listings that no cut has fixed."""
        return self.market.size[listings] - self.taken[listings]

    def left(self, nodes: Index) -> Units:
        """What these groups may still pass on."""
        return self.market.cap[nodes] - self.low[nodes]

    def part(self, of_node: Index, of_listing: Index, number: int) -> Part:
        """All that carries this number."""
        market = self.market
        inside = (of_node[market.tail] == number) & (of_listing[market.head] == number)
        nodes, listings = np.flatnonzero(of_node == number), np.flatnonzero(of_listing == number)
        return Part(nodes, listings, market.tail[inside], market.head[inside], market.room[inside])

    def ids(self, part: Part) -> Index:
        """The part's nodes, then its listings, as the numbering of its network."""
        return np.concatenate([part.nodes, part.listings + len(self.low)])

    def attempt(self, part: Part, supply: Units, demand: Units, q: int = 1) -> Attempt:
        """Try to place `supply` [part.nodes] on `demand` [part.listings], with limits times q."""
        if not supply.any():
            return Attempt(0, np.zeros(0, np.intp))
        wanted = np.zeros(len(self.taken), bool)
        wanted[part.listings] = demand > 0
        every = bool((demand > 0).all())
        useful = np.ones(0, bool) if every else wanted[part.head]
        arcs = (part.tail, part.head, part.room) if every else part.arcs(useful)
        solved = solve(self._network(part, arcs, supply, demand, q))
        if solved.value == int(supply.sum()):
            return Attempt(solved.value, solved.cut)
        cut = np.zeros(len(part.nodes) + len(part.listings), bool)
        cut[solved.cut] = True
        if not every:
            within = np.zeros(len(self.low), bool)
            within[part.nodes] = cut[: len(part.nodes)]
            reached = np.zeros(len(self.taken), bool)
            reached[part.head[~useful & within[part.tail]]] = True
            cut[len(part.nodes) :] |= reached[part.listings]
        return Attempt(solved.value, np.flatnonzero(cut))

    def _network(self, part: Part, arcs: tuple[Index, Index, Units], supply: Units, demand: Units, q: int) -> Network:
        """The part's graph, numbered as `ids`; listings that take nothing, and the arcs to them, are left out."""
        place, count = self._place, len(self.low)
        ids = self.ids(part)
        place[ids] = np.arange(len(ids), dtype=np.int32)
        fed, wanted = supply > 0, demand > 0
        inner = part.nodes[~self.root[part.nodes]]
        limits = (place[self.market.parent[inner]], place[inner], q * self.left(inner))
        own = (place[arcs[0]], place[count:][arcs[1]], arcs[2] if q == 1 else q * arcs[2])
        return Network(len(ids), place[part.nodes[fed]], supply[fed], (limits, own), place[count + part.listings[wanted]], demand[wanted])

    def split(self, part: Part, cut: Index) -> tuple[Part, Part]:
        """The source side of a minimal cut (`cut` as in `ids`) and the rest. What leaves the source side is full, what would enter it is empty."""
        market, count, inside = self.market, len(self.low), self._inside
        crossing = self.ids(part)[cut]
        inside[crossing] = True
        node_in, listing_in = inside[part.nodes], inside[count + part.listings]
        from_in, to_in = inside[part.tail], inside[count:][part.head]
        inner = part.nodes[~node_in & ~self.root[part.nodes]]
        fed = inner[inside[market.parent[inner]]]
        inside[crossing] = False
        tail, head, room = part.arcs(from_in & ~to_in)
        np.add.at(self.taken, head, room)
        self._fix(tail, room)
        self._fix(market.parent[fed], self.left(fed))
        self.root[fed] = True
        source_side = Part(part.nodes[node_in], part.listings[listing_in], *part.arcs(from_in & to_in))
        return source_side, Part(part.nodes[~node_in], part.listings[~listing_in], *part.arcs(~from_in & ~to_in))

    def _fix(self, node: Index, amount: Units) -> None:
        """Units that surely pass `node` count at it and at everything above it up to the root of its subproblem."""
        while len(node):
            np.add.at(self.low, node, amount)
            above = ~self.root[node]
            node, amount = self.market.parent[node[above]], amount[above]
