"""Matching against what others would do on the same market in the same rounds: only ratios, because machines differ.

    python benchmarks/matching.py [--rounds 3] [--sections run,crossing,preview] [--big]

run       10,000 mandates × 1,000 listings at 1.0× and 2.0× demand: `fair-flow/1` (levels, whole units, order of listings, split) against OR-tools'
          two passes (maximum flow, then minimum cost over ten bands of whole units), and against the maximum flow alone
crossing  1,500 × 300 with limits that cross: what is placed and how fast, against a linear program (HiGHS, interior point)
preview   one listing against 10,000 mandates, against PostgreSQL counting the eligible ones (servers as in the other benchmarks)
--big     50,000 × 2,000 once, with the peak of memory
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ortools.graph.python import min_cost_flow
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from marketplace.matching.crowd import gather
from marketplace.matching.distance import evenness
from marketplace.matching.fair_flow import fair_flow
from marketplace.matching.levels import levels
from marketplace.matching.market import Market, read
from marketplace.matching.nesting import nest
from marketplace.matching.network import Network, solve
from marketplace.matching.preview import preview
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


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of this process (all of it runs on one thread), and the result."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def section_run(rounds: int) -> None:
    for demand in (1.0, 2.0):
        market = read(a_market(10_000, 1_000, demand))
        spent: dict[str, list[float]] = {"ours": [], "levels": [], "two": [], "flow": []}
        found: dict[str, object] = {}
        for _round in range(rounds):
            for name, work in (("ours", fair), ("two", two_passes), ("flow", largest), ("levels", levels)):
                seconds, found[name] = timed(lambda work=work, market=market: work(market))
                spent[name].append(seconds)
        whole, banded, volume = found["ours"].whole, found["two"], found["flow"]
        assert int(whole.sum()) == volume == int(banded.sum()), "not the maximum flow"
        mine, theirs = evenness(market, whole), evenness(market, banded)
        print(f"10,000 × 1,000 at {demand}× demand, {len(market.tail):,} arcs, volume {volume * UNIT:,} = the maximum flow")
        print(f"  ours / two passes   {ratio(spent['ours'], spent['two'])}   levels alone {ratio(spent['levels'], spent['two'])}")
        print(f"  ours / maximum flow {ratio(spent['ours'], spent['flow'])}   seconds {statistics.median(spent['ours']):.2f}")
        print(f"  Gini in whole notes {mine.gini:.4f}, two passes {theirs.gini:.4f}; tenth percentile {float(mine.tenth):.3f}, {float(theirs.tenth):.3f}")


def fair(market: Market) -> object:
    return fair_flow(market, seed=SEED)


def ratio(above: list[float], below: list[float]) -> str:
    shares = [one / other for one, other in zip(above, below, strict=True)]
    return f"{statistics.median(shares):.2f} (rounds {min(shares):.2f} to {max(shares):.2f})"


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


def section_crossing(rounds: int) -> None:
    for kind in ("borrower", "0.25", "0.12"):
        for demand in (1.0, 2.0):
            market = read(crossing_market(demand, kind))
            solve_program = program(market)
            spent: dict[str, list[float]] = {"ours": [], "fair": [], "program": []}
            for _round in range(rounds):
                seconds, nested = timed(lambda market=market: nest(market))
                more, volume = timed(lambda nested=nested: largest(nested.market))
                whole, _ = timed(lambda nested=nested: fair(nested.market))
                spent["ours"].append(seconds + more)
                spent["fair"].append(seconds + whole)
                seconds, most = timed(solve_program)
                spent["program"].append(seconds)
            name = "per-borrower limit" if kind == "borrower" else f"at most {Decimal(kind):.0%} a region"
            print(f"{name}, {demand}× demand: {volume / most:.4f} of the linear program, {volume / nested.outer_bound:.4f} of the outer bound")
            volume_ratio, whole_ratio = ratio(spent["program"], spent["ours"]), ratio(spent["program"], spent["fair"])
            print(f"  times as fast: {volume_ratio} to the volume, {whole_ratio} with levels, lottery and split")


SQL = """
    SELECT count(*) FROM bench_mandate WHERE grades >> %(grade)s & 1 = 1 AND regions >> %(region)s & 1 = 1 AND min_rate <= %(rate)s AND max_term >= %(term)s"""


def section_preview(rounds: int) -> None:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.conf import settings

    from core.embedded import Services

    services = Services(postgres=settings.EMBEDDED_POSTGRES, valkey=False).start() if settings.EMBEDDED_POSTGRES else None
    try:
        _preview(rounds)
    finally:
        if services is not None:
            services.stop()


def _preview(rounds: int) -> None:
    from django.db import connection

    run = a_market(10_000, 1_000, 1.0)
    crowd = gather(run.mandates, unit=UNIT, seed=SEED)
    preview(crowd, run.listings[0])
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_mandate (id int PRIMARY KEY, grades int, regions int, min_rate numeric, max_term int)")
        rows = [(at, _bits(GRADES, row.grades), _bits(REGIONS, row.purposes), row.min_rate, max(row.terms)) for at, row in enumerate(run.mandates)]
        cursor.executemany("INSERT INTO bench_mandate VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute("ANALYZE bench_mandate")
        shares = []
        for listing in run.listings[: 20 * rounds]:
            wanted = {"grade": GRADES.index(listing.grade), "region": REGIONS.index(listing.purpose), "rate": listing.annual_rate, "term": listing.term_months}
            started = time.perf_counter()
            cursor.execute(SQL, wanted)
            cursor.fetchone()
            middle = time.perf_counter()
            preview(crowd, listing)
            shares.append((time.perf_counter() - middle) / (middle - started))
    print(f"one listing against 10,000 mandates: preview / SQL eligibility {statistics.median(shares):.2f} (goal: at most 20)")


def _bits(names: str | list[str], wanted: frozenset[str] | None) -> int:
    return sum(1 << at for at, name in enumerate(names) if wanted is None or name in wanted)


def section_big() -> None:
    for demand in (1.0, 2.0):
        market = read(a_market(50_000, 2_000, demand))
        seconds, found = timed(lambda market=market: fair(market))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        volume = largest(market)
        assert int(found.whole.sum()) == volume
        print(f"50,000 × 2,000 at {demand}× demand, {len(market.tail):,} arcs: {seconds:.1f} s, the maximum flow, peak {peak:.2f} GiB with reading the market")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sections", default="run,crossing,preview")
    parser.add_argument("--big", action="store_true")
    options = parser.parse_args()
    for name in filter(None, options.sections.split(",")):
        {"run": section_run, "crossing": section_crossing, "preview": section_preview}[name](options.rounds)
    if options.big:
        section_big()


if __name__ == "__main__":
    main()
