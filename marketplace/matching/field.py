"""The arcs on which a split is still open: inside one part of the graph each, with what is left to place and to fill."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Mask, Units, sums
from marketplace.matching.levels import Levels
from marketplace.matching.market import Market
from marketplace.matching.priority import Served


@dataclass(frozen=True, eq=False)
class Field:
    """`tail`, `head`, `room` [open arcs]; `arcs` are their indices in the market. `place` [nodes] and `fill` [listings] in units.

    A `root` places exactly its `place`, any other node at most; `parent` is NONE at roots. `layers` are the other nodes by depth. Arcs stay within
    a `part` [nodes].
    """

    arcs: Index
    tail: Index
    head: Index
    room: Units
    place: Units
    fill: Units
    root: Mask
    parent: Index
    layers: list[Index]
    part: Index

    def through(self, flow: Units) -> Units:
        """What passes each node when the open arcs carry `flow`."""
        total = sums(self.tail, flow, len(self.place))
        for layer in reversed(self.layers):
            total += sums(self.parent[layer], total[layer], len(self.place))
        return total

    def root_of(self) -> Index:
        found = np.arange(len(self.place))
        for layer in self.layers:
            found[layer] = found[self.parent[layer]]
        return found


def field(market: Market, levels: Levels, served: Served, whole: Units) -> Field:
    """What the cuts left open. Arcs between parts are full or empty already (`fixed`)."""
    state = levels.state
    open_arcs = np.flatnonzero(served.of_node[market.tail] == served.of_listing[market.head])
    place = np.concatenate([whole, market.cap[len(whole) :]]) - state.low
    parent = np.where(state.root, np.int32(-1), market.parent)
    layers = [layer[~state.root[layer]] for layer in market.layers]
    ends = (market.tail[open_arcs].astype(np.intp), market.head[open_arcs].astype(np.intp))  # as numpy's indexing wants them
    return Field(open_arcs, *ends, market.room[open_arcs], place, served.filled - state.taken, state.root, parent, layers, served.of_node)


def fixed(market: Market, served: Served) -> Units:
    """What arcs between parts carry: all they can from a poorer part into a richer one, else nothing."""
    return np.where(served.of_node[market.tail] < served.of_listing[market.head], market.room, 0)


class Ledger:
    """What nodes can still place, while arcs are filled listing by listing (an investor has one arc to a listing, so no node is met twice)."""

    def __init__(self, parent: Index, place: Units) -> None:
        self.parent, self.left = parent, place.copy()

    def most(self, node: Index, room: Units) -> Units:
        """The units these nodes can still place on arcs with this room, with every limit above them."""
        most = np.minimum(room, self.left[node])
        above = self.parent[node]
        while (above >= 0).any():
            most = np.where(above >= 0, np.minimum(most, self.left[above]), most)
            above = np.where(above >= 0, self.parent[above], -1)
        return most

    def take(self, node: Index, units: Units) -> None:
        node, units = node[units > 0], units[units > 0]
        while len(node):
            self.left[node] -= units
            up = self.parent[node] >= 0
            node, units = self.parent[node[up]], units[up]


def by_listing(head: Index, rank: Index) -> list[Index]:
    """The arcs of each listing that has some, listings by `rank`."""
    order = np.argsort(rank[head], kind="stable")
    return [arcs for arcs in np.split(order, np.flatnonzero(np.diff(rank[head[order]])) + 1) if len(arcs)]
