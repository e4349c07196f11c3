"""What can still move after a flow: the residual graph of the parts that are not finished, and how far everything is from a listing that is short."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Mask, Units, sums
from marketplace.matching.field import Field

FAR = np.int32(2**30)


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Arcs by one of their ends: those of end e are order[start[e]:start[e + 1]]."""

    start: Index
    order: Index

    def one(self, end: int) -> Index:
        return self.order[self.start[end] : self.start[end + 1]]

    def degree(self, ends: Index) -> int:
        return int((self.start[ends + 1] - self.start[ends]).sum())

    def of(self, ends: Index) -> Index:
        """All arcs of several ends."""
        counts = self.start[ends + 1] - self.start[ends]
        shift = np.repeat(self.start[ends] - np.cumsum(counts) + counts, counts)
        return self.order[shift + np.arange(len(shift))]


def adjacency(ends: Index, count: int) -> Adjacency:
    return Adjacency(np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=count))]), np.argsort(ends, kind="stable"))


def some(arcs: Index, ends: Index, count: int) -> Adjacency:
    """Of these arcs alone, which lie in order; `ends` are those of all arcs."""
    found = adjacency(ends[arcs], count)
    return Adjacency(found.start, arcs[found.order])


class Residual:
    """A feasible flow on a field that may change. `left` [nodes]: what roots still have to place, and the room of groups; `short` [listings]: units missing.

    Only parts with a root that has something left are here: `arcs` are theirs, with `tail`, `head`, `room` and `flow`; `live` are their nodes.
    """

    def __init__(self, field: Field, flow: Units) -> None:
        self.field, self._flow = field, flow
        self.nodes, self.listings = len(field.place), len(field.fill)
        self.parent, self.root = field.parent, field.root
        self.through = field.through(flow)
        self.left = field.place - self.through
        self.short = field.fill - sums(field.head, flow, self.listings)
        self.live = np.isin(field.part, field.part[self.stuck()])
        self.arcs = np.flatnonzero(self.live[field.tail])
        self.tail, self.head, self.room, self.flow = field.tail[self.arcs], field.head[self.arcs], field.room[self.arcs], flow[self.arcs]
        self.by_tail, self.by_head = adjacency(self.tail, self.nodes), adjacency(self.head, self.listings)
        self.held_by = self.by_tail  # what carried units when distances were last taken
        groups = np.concatenate([np.zeros(0, np.intp), *field.layers])
        below = adjacency(field.parent[groups], self.nodes)
        self.by_parent = Adjacency(below.start, groups[below.order])

    def result(self) -> Units:
        """The flow on the whole field."""
        found = self._flow.copy()
        found[self.arcs] = self.flow
        return found

    def stuck(self) -> Mask:
        """Roots that have not placed all they should."""
        return self.root & (self.left > 0)

    def distances(self, needy: Index) -> tuple[Index, Index]:
        """Steps from each node and listing to the nearest listing that is short, as far as the needy roots need them."""
        node, listing = np.full(self.nodes, FAR), np.full(self.listings, FAR)
        self.held_by = some(self.flow.nonzero()[0], self.tail, self.nodes)
        fresh, steps = (np.zeros(0, np.intp), np.flatnonzero(self.short > 0)), 1
        listing[fresh[1]] = steps
        while (len(fresh[0]) or len(fresh[1])) and (node[needy] == FAR).any():
            nodes, listings = np.zeros(self.nodes, bool), np.zeros(self.listings, bool)
            nodes[self._into_listings(fresh[1], node, listing == steps)] = nodes[self._into_nodes(fresh[0])] = True
            listings[self.head[self.held_by.of(fresh[0])]] = True
            fresh = np.flatnonzero(nodes & (node == FAR)), np.flatnonzero(listings & (listing == FAR))
            steps += 1
            node[fresh[0]], listing[fresh[1]] = steps, steps
        return node, listing

    def _into_listings(self, listings: Index, node: Index, wanted: Mask) -> Index:
        """Nodes that could send a unit straight to these listings: looked up from whichever side has fewer arcs."""
        waiting = np.flatnonzero(self.live & (node == FAR))
        if self.by_head.degree(listings) <= self.by_tail.degree(waiting):
            arcs = self.by_head.of(listings)
        else:
            arcs = self.by_tail.of(waiting)
            arcs = arcs[wanted[self.head[arcs]]]
        return self.tail[arcs[self.flow[arcs] < self.room[arcs]]]

    def _into_nodes(self, nodes: Index) -> Index:
        """Nodes from which a unit can go to these: parents with room below, and groups that could hand a unit back up."""
        above = self.parent[nodes]
        below = self.by_parent.of(nodes)
        return np.concatenate([above[(above >= 0) & (self.left[nodes] > 0)], below[self.through[below] > 0]])

    def reachable(self) -> tuple[Mask, Mask]:
        """Nodes and listings a stuck root could still send to: the source side of the minimal cut when no path is left."""
        node, listing = np.zeros(self.nodes, bool), np.zeros(self.listings, bool)
        fresh, heads = np.flatnonzero(self.stuck()), np.zeros(0, np.intp)
        while len(fresh) or len(heads):
            node[fresh], listing[heads] = True, True
            out, back = self.by_tail.of(fresh), self.by_head.of(heads)
            onward = self.head[out[self.flow[out] < self.room[out]]]
            below, above = self.by_parent.of(fresh), self.parent[fresh]
            holders = self.tail[back[self.flow[back] > 0]]
            nodes = np.unique(np.concatenate([holders, below[self.left[below] > 0], above[(above >= 0) & (self.through[fresh] > 0)]]))
            fresh, heads = nodes[~node[nodes]], np.unique(onward[~listing[onward]])
        return node, listing
