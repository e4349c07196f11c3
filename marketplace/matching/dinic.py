"""Placing what the rounding left over, by shortest augmenting paths (E. A. Dinic, 1970): our own, so that a split never depends on a solver."""

import numpy as np

from marketplace.matching.arrays import Index
from marketplace.matching.residual import FAR, Residual, some

Step = tuple[int, int]  # (arc or −1, the end it leads to); node k is the end k, listing j is the end nodes + j


def complete(residual: Residual) -> None:
    """Augment until every root has placed all it should, or no path is left."""
    while len(needy := np.flatnonzero(residual.stuck())):
        node, listing = residual.distances(needy)
        ready = needy[node[needy] < FAR]
        if not len(ready):
            return
        _Phase(residual, node, listing).run(ready[np.argsort(node[ready], kind="stable")].tolist())


class _Phase:
    """One blocking flow: depth-first along steps that come nearer, each tried once."""

    def __init__(self, residual: Residual, node: Index, listing: Index) -> None:
        self.graph, self.node, self.listing = residual, node, listing
        self.steps: dict[int, list[Step]] = {}
        ahead = listing[residual.head] - node[residual.tail]  # no arc comes nearer one way and, later in the phase, the other way
        forth, back = (ahead == -1) & (residual.flow < residual.room), (ahead == 1) & (residual.flow > 0)
        self.forth = some(forth.nonzero()[0], residual.tail, residual.nodes)
        self.back = some(back.nonzero()[0], residual.head, residual.listings)

    def run(self, roots: list[int]) -> None:
        for root in roots:
            while self.graph.left[root] > 0 and self._augment(root):
                pass

    def _augment(self, root: int) -> bool:
        """Find one path from the root and send what it can carry."""
        end, path = root, list[tuple[int, int, int]]()
        while not self._arrived(end):
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
        self._send(root, path, end - self.graph.nodes)
        return True

    def _arrived(self, end: int) -> bool:
        listing = end - self.graph.nodes
        return listing >= 0 and self.listing[listing] == 1 and bool(self.graph.short[listing] > 0)

    def _steps(self, end: int) -> list[Step]:
        """Every step that comes nearer, the last to be tried first."""
        if end not in self.steps:
            found = self._from_node(end) if end < self.graph.nodes else self._from_listing(end - self.graph.nodes)
            self.steps[end] = found[::-1]
        return self.steps[end]

    def _from_node(self, node: int) -> list[Step]:
        graph, wanted = self.graph, self.node[node] - 1
        arcs = self.forth.one(node)
        found = list(zip(arcs.tolist(), (graph.head[arcs] + graph.nodes).tolist(), strict=True))
        below = graph.by_parent.one(node)
        if len(below):
            found += [(-1, child) for child in below[self.node[below] == wanted].tolist()]
        above = int(graph.parent[node])
        return [*found, (-1, above)] if above >= 0 and self.node[above] == wanted else found

    def _from_listing(self, listing: int) -> list[Step]:
        arcs = self.back.one(listing)
        return list(zip(arcs.tolist(), self.graph.tail[arcs].tolist(), strict=True))

    def _open(self, end: int, arc: int, following: int) -> int:
        """Units this step can carry now."""
        graph = self.graph
        if arc >= 0:
            return int(graph.room[arc] - graph.flow[arc] if end < graph.nodes else graph.flow[arc])
        return int(graph.left[following] if graph.parent[following] == end else graph.through[end])

    def _send(self, root: int, path: list[tuple[int, int, int]], listing: int) -> None:
        graph = self.graph
        units = min(int(graph.left[root]), int(graph.short[listing]), *(self._open(*step) for step in path))
        for end, arc, following in path:
            if arc >= 0:
                graph.flow[arc] += units if end < graph.nodes else -units
            else:
                down = graph.parent[following] == end
                group, more = (following, units) if down else (end, -units)
                graph.left[group] -= more
                graph.through[group] += more
        graph.left[root] -= units
        graph.through[root] += units
        graph.short[listing] -= units
