"""A synthetic market for matching, and what others would do with it: a maximum flow alone, two passes of OR-tools, a linear program."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
from ortools.graph.python import min_cost_flow
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from marketplace.matching.market import Market
from marketplace.matching.network import Network, solve
from marketplace.matching.terms import Limit, Listing, Mandate, Run

UNIT, SEED = 25, "bench"
GRADES = "ABCDEFG"
TERMS = (12, 24, 36, 48, 60)
REGIONS = [f"region-{number}" for number in range(10)]
BANDS = 10


def a_market(mandates: int, listings: int, demand: float) -> Run:
    """Lognormal loans and wallets, risky grades rarer and dearer; three kinds of pickiness; at most 30 % of cash in each of the three riskiest grades."""
    chance = np.random.default_rng(20_260_301)
    grade = chance.choice(7, listings, p=[0.1, 0.18, 0.22, 0.2, 0.15, 0.1, 0.05])
    size = (chance.lognormal(8.6, 0.7, listings) // UNIT * UNIT).astype(int).clip(1_000)
    wealth = chance.lognormal(6.2, 1.2, mandates)
    cash = (wealth / wealth.sum() * size.sum() * demand // UNIT * UNIT).astype(int).clip(UNIT)
    return Run(_listings(chance, grade, size), _mandates(chance, cash), SEED)


def _listings(chance: np.random.Generator, grade: np.ndarray, size: np.ndarray) -> list[Listing]:
    rate = 0.04 + 0.02 * grade + chance.normal(0, 0.006, len(grade))
    term, region = chance.choice(TERMS, len(grade)), chance.choice(REGIONS, len(grade))
    return [
        Listing(
            id=f"L{at}",
            amount=int(size[at]),
            unit=UNIT,
            grade=GRADES[grade[at]],
            term_months=int(term[at]),
            annual_rate=Decimal(f"{rate[at]:.6f}"),
            purpose=region[at],
            borrower=f"borrower-{at}",
            attributes={"region": region[at]},
        )
        for at in range(len(grade))
    ]


def _mandates(chance: np.random.Generator, cash: np.ndarray) -> list[Mandate]:
    count = len(cash)
    per_loan = np.maximum(UNIT, cash * chance.choice([0.02, 0.05, 0.1, 0.2], count) // UNIT * UNIT).astype(int)
    grades = chance.random((count, 7)) < chance.choice([0.3, 0.6, 1.0], count)[:, None]
    regions = chance.random((count, 10)) < chance.choice([0.4, 1.0], count)[:, None]
    rate, term = chance.uniform(0.03, 0.14, count), chance.choice([24, 36, 60], count)
    risky = tuple(Limit("grade", name, Decimal("0.3")) for name in "EFG")
    return [
        Mandate(
            id=f"M{at}",
            investor=f"investor-{at}",
            cash=int(cash[at]),
            per_loan=int(per_loan[at]),
            min_rate=Decimal(f"{rate[at]:.6f}"),
            grades=frozenset(name for name, wanted in zip(GRADES, grades[at], strict=True) if wanted),
            terms=frozenset(months for months in TERMS if months <= term[at]),
            purposes=frozenset(name for name, wanted in zip(REGIONS, regions[at], strict=True) if wanted),
            limits=risky,
        )
        for at in range(count)
    ]


def graph(market: Market) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tail, head, cap) of limits and arcs; listings are numbered after the nodes."""
    inner = np.arange(len(market.investors), len(market.cap))
    tail, head = np.concatenate([market.parent[inner], market.tail]), np.concatenate([inner, market.head + len(market.cap)])
    return tail, head, np.concatenate([market.cap[inner], market.room])


def largest(market: Market) -> int:
    """The maximum flow alone."""
    tail, head, cap = graph(market)
    investors, listings = np.arange(len(market.investors)), np.arange(len(market.cap), len(market.cap) + len(market.size))
    return solve(Network(len(market.cap) + len(market.size), investors, market.weight, [(tail, head, cap)], listings, market.size)).value


def two_passes(market: Market) -> np.ndarray:
    """Units of each investor: the maximum flow, then the fairest one by convex cost over ten bands of whole units."""
    investors, listings = len(market.investors), len(market.size)
    tail, head, cap = graph(market)
    source, sink = len(market.cap) + listings, len(market.cap) + listings + 1
    steps = market.weight[:, None] * np.arange(BANDS + 1) // BANDS
    tail = np.concatenate([np.full(investors * BANDS, source), tail, np.arange(len(market.cap), source)])
    head = np.concatenate([np.repeat(np.arange(investors), BANDS), head, np.full(listings, sink)])
    cost = np.concatenate([np.tile(np.arange(BANDS) ** 2, investors), np.zeros(len(tail) - investors * BANDS, int)])
    graph_ = min_cost_flow.SimpleMinCostFlow()
    caps = np.concatenate([np.diff(steps, axis=1).ravel(), cap, market.size])
    arcs = graph_.add_arcs_with_capacity_and_unit_cost(tail.astype(np.int32), head.astype(np.int32), caps, cost)
    total = int(market.weight.sum())
    graph_.set_node_supply(source, total)
    graph_.set_node_supply(sink, -total)
    assert graph_.solve_max_flow_with_min_cost() == graph_.OPTIMAL
    return graph_.flows(arcs[: investors * BANDS]).reshape(investors, BANDS).sum(axis=1)


def crossing_market(demand: float, kind: str) -> Run:
    run = a_market(1_500, 300, demand)
    if kind == "borrower":  # four loans a borrower, in any grade
        chance = np.random.default_rng(3)
        listings = [replace(row, borrower=f"borrower-{chance.integers(0, 75)}") for row in run.listings]
        return Run(listings, [replace(row, per_borrower=max(UNIT, row.per_loan * 3 // 2)) for row in run.mandates], SEED)
    regions = tuple(Limit("region", region, Decimal(kind)) for region in REGIONS)
    return Run(run.listings, [replace(row, limits=row.limits + regions) for row in run.mandates], SEED)


def program(market: Market) -> Callable[[], float]:
    """The linear program of a market whose crossing limits are still whole: one row a node, a crossing limit, a listing."""
    count, arcs = len(market.cap), len(market.tail)
    whole = np.full(count, -1)
    for number, (pieces, _) in enumerate(market.crossing):
        whole[pieces] = count + number
    rows, columns = [], []
    node, arc = market.tail, np.arange(arcs)
    while len(node):
        cut = whole[node] >= 0
        rows += [node, whole[node][cut]]
        columns += [arc, arc[cut]]
        up = market.parent[node] >= 0
        node, arc = market.parent[node][up], arc[up]
    size = (count + len(market.crossing), arcs)
    limits = csr_array((np.ones(sum(map(len, rows))), (np.concatenate(rows), np.concatenate(columns))), size)
    listings = csr_array((np.ones(arcs), (market.head, np.arange(arcs))), (len(market.size), arcs))
    caps = np.concatenate([market.cap, [cap for _, cap in market.crossing], market.size])
    bounds = np.stack([np.zeros(arcs), market.room], axis=1)
    return lambda: -linprog(-np.ones(arcs), vstack([limits, listings]), caps, bounds=bounds, method="highs-ipm").fun
