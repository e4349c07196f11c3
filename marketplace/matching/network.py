"""Exact maximum flow on large graphs (OR-tools' push-relabel, 64-bit). Only what is unique is taken from it: the value and the minimal minimum cut."""

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import max_flow

from marketplace.matching.arrays import Index, Units


@dataclass(frozen=True, eq=False)
class Network:
    """Supplies into nodes, arcs between nodes, demands out of nodes. Nodes are any small integers; a node may have either, both or none."""

    source: Index
    supply: Units
    tail: Index
    head: Index
    cap: Units
    sink: Index
    demand: Units


@dataclass(frozen=True, eq=False)
class Solved:
    """`cut`: if supply is left, the nodes on the source side of the minimal minimum cut. `flow` [arcs], if asked for: one maximum flow of many."""

    value: int
    cut: Index
    flow: Units


def solve(network: Network, *, want_flow: bool = False) -> Solved:
    """Maximum flow and what is unique about it."""
    ends = (network.tail, network.head, network.source, network.sink)
    count = 1 + max((int(end.max(initial=-1)) for end in ends), default=-1)
    graph = max_flow.SimpleMaxFlow()
    source, sink = count, count + 1
    tail = np.concatenate([network.tail, np.full(len(network.source), source), network.sink, [source]], dtype=np.int32)
    head = np.concatenate([network.head, network.source, np.full(len(network.sink), sink), [sink]], dtype=np.int32)
    empty = np.zeros(1, np.int64)  # of an arc from source to sink: the solver ignores a graph in which either is missing
    arcs = graph.add_arcs_with_capacity(tail, head, np.concatenate([network.cap, network.supply, network.demand, empty]))
    if graph.solve(source, sink) != graph.OPTIMAL:
        raise ArithmeticError("the maximum flow could not be computed exactly")
    value = int(graph.optimal_flow())
    flow = graph.flows(arcs[: len(network.tail)]) if want_flow else np.zeros(0, np.int64)
    if value == int(network.supply.sum()):
        return Solved(value, np.zeros(0, np.int32), flow)
    cut = np.array(graph.get_source_side_min_cut(), dtype=np.int32)
    return Solved(value, cut[cut < count], flow)
