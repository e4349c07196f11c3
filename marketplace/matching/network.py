"""Exact maximum flow on large graphs (OR-tools' push-relabel, 64-bit). Only what is unique is taken from it: the value and the minimal minimum cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.graph.python import max_flow

from marketplace.matching.arrays import Index, Units


@dataclass(frozen=True, eq=False)
class Network:
    """Supplies into nodes, arcs between nodes (in several pieces), demands out of nodes. Nodes are 0 … count − 1."""

    count: int
    source: Index
    supply: Units
    arcs: Sequence[tuple[Index, Index, Units]]
    sink: Index
    demand: Units


@dataclass(frozen=True, eq=False)
class Solved:
    """`cut`: if supply is left, the source side of the minimal minimum cut; or, if asked for instead, `flow` [arcs]: one maximum flow of many."""

    value: int
    cut: Index
    flow: Units


def solve(network: Network, *, want_flow: bool = False) -> Solved:
    """Maximum flow and what is unique about it."""
    source, sink = network.count, network.count + 1
    tails, heads, caps = zip(*network.arcs, strict=True) if network.arcs else ((), (), ())
    ends = (np.full(len(network.source), source, np.int32), np.full(len(network.sink), sink, np.int32))
    empty = np.zeros(1, np.int64)  # of an arc from source to sink: the solver ignores a graph in which either is missing
    tail = np.concatenate([*tails, ends[0], network.sink, [source]], dtype=np.int32)
    head = np.concatenate([*heads, network.source, ends[1], [sink]], dtype=np.int32)
    cap = np.concatenate([*caps, network.supply, network.demand, empty])
    back = not want_flow and int(network.supply.sum()) > int(network.demand.sum())  # from the side that can send all: what cannot arrive costs most
    if back:
        tail, head, source, sink = head, tail, sink, source
    graph = max_flow.SimpleMaxFlow()
    arcs = graph.add_arcs_with_capacity(tail, head, cap)
    if graph.solve(source, sink) != graph.OPTIMAL:
        raise ArithmeticError("the maximum flow could not be computed exactly")
    value = int(graph.optimal_flow())
    flow = graph.flows(arcs[: sum(map(len, tails))]) if want_flow else np.zeros(0, np.int64)
    if want_flow or value == int(network.supply.sum()):
        return Solved(value, np.zeros(0, np.int32), flow)
    cut = np.array(graph.get_sink_side_min_cut() if back else graph.get_source_side_min_cut(), dtype=np.int32)
    return Solved(value, cut[cut < network.count], flow)
