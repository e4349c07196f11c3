"""Placing what the rounding left over, by shortest augmenting paths (E. A. Dinic, 1970): our own, so that a split never depends on a solver."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Mask, Units, sums
from marketplace.matching.field import Field

FAR = np.int32(2**30)


@dataclass(frozen=True, eq=False)
class _Adjacency:
    """Arcs by one of their ends: those of end e are order[start[e]:start[e + 1]]."""

    start: Index
    order: Index

    def of(self, ends: Index) -> Index:
        """All arcs of several ends."""
        counts = self.start[ends + 1] - self.start[ends]
        total = int(counts.sum())
        if not total:
            return self.order[:0]
        shift = np.repeat(self.start[ends] - np.cumsum(counts) + counts, counts)
        return self.order[shift + np.arange(total)]


def _adjacency(ends: Index, count: int) -> _Adjacency:
    return _Adjacency(np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=count))]), np.argsort(ends, kind="stable"))


class Completion:
    """A feasible flow on a field, brought to its roots' full sums; `stuck` are roots that cannot place all, if any."""

    def __init__(self, field: Field, flow: Units) -> None:
        self.field, self.flow = field, flow
        self.nodes, self.listings = len(field.place), len(field.fill)
        self.through = field.through(flow)
        self.left = field.place - self.through  # of roots: still to place; of groups: room
        self.short = field.fill - sums(field.head, flow, self.listings)
        self.by_tail = _adjacency(field.tail, self.nodes)
        self.by_head = _adjacency(field.head, self.listings)
        groups = np.concatenate([np.zeros(0, np.int32), *field.layers])
        self.by_parent = _adjacency(field.parent[groups], self.nodes)
        self.by_parent = _Adjacency(self.by_parent.start, groups[self.by_parent.order])

    def run(self) -> None:
        """Augment until every root has placed all it should or no path is left."""
        while True:
            needy = np.flatnonzero(self.field.root & (self.left > 0))
            if not len(needy):
                return
            node, listing = self._distances(needy)
            ready = needy[node[needy] < FAR]
            if not len(ready):
                return
            _Phase(self, node, listing).run(ready[np.argsort(node[ready], kind="stable")].tolist())

    def stuck(self) -> Mask:
        return self.field.root & (self.left > 0)

    def _distances(self, needy: Index) -> tuple[Index, Index]:
        """Steps from each node and listing to the nearest listing that is short, as far as the needy roots need them."""
        node, listing = np.full(self.nodes, FAR), np.full(self.listings, FAR)
        reached = np.flatnonzero(self.short > 0)
        listing[reached] = 1
        groups, steps = np.zeros(0, np.int64), 1
        while (len(reached) or len(groups)) and (node[needy] == FAR).any():
            steps += 1
            fresh_nodes, fresh_listings = np.zeros(self.nodes, bool), np.zeros(self.listings, bool)
            fresh_nodes[self._into_listings(reached)] = fresh_nodes[self._into_nodes(groups)] = True
            fresh_listings[self._back_from(groups)] = True
            groups, reached = np.flatnonzero(fresh_nodes & (node == FAR)), np.flatnonzero(fresh_listings & (listing == FAR))
            node[groups], listing[reached] = steps, steps
        return node, listing

    def _into_listings(self, listings: Index) -> Index:
        """Nodes that could send a unit straight to these listings."""
        arcs = self.by_head.of(listings)
        return self.field.tail[arcs[self.flow[arcs] < self.field.room[arcs]]]

    def _into_nodes(self, nodes: Index) -> Index:
        """Nodes from which a unit can go to these: parents with room below, and groups that could hand a unit back up."""
        above = self.field.parent[nodes]
        below = self.by_parent.of(nodes)
        return np.concatenate([above[(above >= 0) & (self.left[nodes] > 0)], below[self.through[below] > 0]])

    def _back_from(self, nodes: Index) -> Index:
        """Listings that could hand back a unit of these nodes."""
        arcs = self.by_tail.of(nodes)
        return self.field.head[arcs[self.flow[arcs] > 0]]

    def reachable(self) -> tuple[Mask, Mask]:
        """Nodes and listings a stuck root could still send to: the source side of the minimal cut when no path is left."""
        node, listing = np.zeros(self.nodes, bool), np.zeros(self.listings, bool)
        fresh = np.flatnonzero(self.stuck())
        heads = np.zeros(0, np.int64)
        while len(fresh) or len(heads):
            node[fresh], listing[heads] = True, True
            out = self.by_tail.of(fresh)
            out = self.field.head[out[self.flow[out] < self.field.room[out]]]
            back = self.by_head.of(heads)
            back = self.field.tail[back[self.flow[back] > 0]]
            below = self.by_parent.of(fresh)
            above = self.field.parent[fresh]
            nodes = np.unique(np.concatenate([back, below[self.left[below] > 0], above[(above >= 0) & (self.through[fresh] > 0)]]))
            fresh, heads = nodes[~node[nodes]], np.unique(out[~listing[out]])
        return node, listing


class _Phase:
    """One blocking flow: depth-first along steps that come nearer, each step tried once. Ends: node k is k, listing j is nodes + j."""

    def __init__(self, completion: Completion, node: Index, listing: Index) -> None:
        self.done, self.node, self.listing = completion, node, listing
        self.steps: dict[int, list[tuple[int, int]]] = {}

    def run(self, roots: list[int]) -> None:
        for root in roots:
            while self.done.left[root] > 0 and self._augment(root):
                pass

    def _augment(self, root: int) -> bool:
        """Find one path from the root and send what it can carry."""
        end, path = root, list[tuple[int, int, int]]()
        while not (end >= self.done.nodes and self.listing[end - self.done.nodes] == 1 and self.done.short[end - self.done.nodes] > 0):
            steps = self._steps(end)
            while steps and not self._open(end, *steps[-1]):
                steps.pop()
            if steps:
                path.append((end, *steps[-1]))
                end = steps[-1][1]
            elif path:
                end = path.pop()[0]
                self.steps[end].pop()
            else:
                return False
        self._send(root, path, end - self.done.nodes)
        return True

    def _steps(self, end: int) -> list[tuple[int, int]]:
        """(arc or −1, next end) of every step that comes nearer, last to be tried first."""
        if end not in self.steps:
            found = self._from_node(end) if end < self.done.nodes else self._from_listing(end - self.done.nodes)
            self.steps[end] = found[::-1]
        return self.steps[end]

    def _from_node(self, node: int) -> list[tuple[int, int]]:
        done, wanted = self.done, self.node[node] - 1
        arcs = done.by_tail.order[done.by_tail.start[node] : done.by_tail.start[node + 1]]
        arcs = arcs[(self.listing[done.field.head[arcs]] == wanted) & (done.flow[arcs] < done.field.room[arcs])]
        found = [(arc, done.nodes + head) for arc, head in zip(arcs.tolist(), done.field.head[arcs].tolist(), strict=True)]
        below = done.by_parent.order[done.by_parent.start[node] : done.by_parent.start[node + 1]]
        found += [(-1, child) for child in below[self.node[below] == wanted].tolist()]
        above = int(done.field.parent[node])
        return [*found, (-1, above)] if above >= 0 and self.node[above] == wanted else found

    def _from_listing(self, listing: int) -> list[tuple[int, int]]:
        done, wanted = self.done, self.listing[listing] - 1
        arcs = done.by_head.order[done.by_head.start[listing] : done.by_head.start[listing + 1]]
        arcs = arcs[(done.flow[arcs] > 0) & (self.node[done.field.tail[arcs]] == wanted)]
        return list(zip(arcs.tolist(), done.field.tail[arcs].tolist(), strict=True))

    def _open(self, end: int, arc: int, following: int) -> int:
        """Units this step can carry now."""
        done = self.done
        if arc >= 0:
            return int(done.field.room[arc] - done.flow[arc] if end < done.nodes else done.flow[arc])
        return int(done.left[following] if done.field.parent[following] == end else done.through[end])

    def _send(self, root: int, path: list[tuple[int, int, int]], listing: int) -> None:
        done = self.done
        units = min(int(done.left[root]), int(done.short[listing]), *(self._open(*step) for step in path))
        for end, arc, following in path:
            if arc >= 0:
                done.flow[arc] += units if end < done.nodes else -units
            elif done.field.parent[following] == end:
                done.left[following] -= units
                done.through[following] += units
            else:
                done.left[end] += units
                done.through[end] -= units
        done.left[root] -= units
        done.through[root] += units
        done.short[listing] -= units
