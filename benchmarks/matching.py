"""Matching 10,000 mandates with 1,000 listings against OR-tools' two passes, crossing limits against a linear program, one listing against SQL.

Everything runs in this process on one thread, in turns. The volume is asserted to be the maximum flow, to the unit. Reading the market (eligibility,
caps, limits) is left out of both sides; benchmarks/market_run.py has it in.
"""

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from benchmarks.markets import GRADES, REGIONS, SEED, UNIT, a_market, crossing_market, largest, program, two_passes
from benchmarks.report import Figure
from benchmarks.rounds import Clock
from marketplace.matching.crowd import gather
from marketplace.matching.distance import evenness
from marketplace.matching.fair_flow import fair_flow
from marketplace.matching.market import Market, read
from marketplace.matching.nesting import nest
from marketplace.matching.preview import preview

ELIGIBLE = """
    SELECT count(*) FROM bench_mandate WHERE grades >> %(grade)s & 1 = 1 AND regions >> %(region)s & 1 = 1 AND min_rate <= %(rate)s AND max_term >= %(term)s"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of this process, and the result."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def fair(market: Market) -> Any:
    return fair_flow(market, seed=SEED)


def run(clock: Clock) -> Iterator[Figure]:
    for demand in (1.0, 2.0):
        yield from against_two_passes(read(a_market(10_000, 1_000, demand)), demand, clock.rounds)
    for kind in ("borrower", "0.25", "0.12"):
        for demand in (1.0, 2.0):
            yield from against_a_program(kind, demand, clock.rounds)
    yield one_listing(clock.rounds)


def against_two_passes(market: Market, demand: float, rounds: int) -> Iterator[Figure]:
    spent: dict[str, list[float]] = {"ours": [], "two": [], "flow": []}
    found: dict[str, Any] = {}
    for _round in range(rounds):
        for name, work in (("ours", fair), ("two", two_passes), ("flow", largest)):
            seconds, found[name] = timed(lambda work=work: work(market))
            spent[name].append(seconds)
    whole, volume = found["ours"].whole, found["flow"]
    assert int(whole.sum()) == volume == int(found["two"].sum()), "not the maximum flow"
    mine, theirs = evenness(market, whole), evenness(market, found["two"])
    what = f"10,000 × 1,000 at {demand:g}×"
    notes = {"pairs": float(len(market.tail)), "volume": float(volume * UNIT), "seconds": min(spent["ours"])}
    yield Figure(f"{what}: time ÷ OR-tools' two passes", _shares(spent["ours"], spent["two"]), at_most=1, notes=notes)
    yield Figure(f"{what}: time ÷ the maximum flow alone", _shares(spent["ours"], spent["flow"]))
    yield Figure(f"{what}: Gini ÷ two passes, whole notes", [mine.gini / theirs.gini], at_most=1, notes={"ours": mine.gini, "theirs": theirs.gini})


def against_a_program(kind: str, demand: float, rounds: int) -> Iterator[Figure]:
    market = read(crossing_market(demand, kind))
    solve = program(market)
    fast, whole, placed = [], [], []
    for _round in range(rounds):
        nesting, nested = timed(lambda: nest(market))
        flow, volume = timed(lambda nested=nested: largest(nested.market))
        rule, _found = timed(lambda nested=nested: fair(nested.market))
        spent, most = timed(solve)
        fast.append(spent / (nesting + flow))
        whole.append(spent / (nesting + rule))
        placed.append(volume / most)
    name = "a limit per borrower" if kind == "borrower" else f"at most {Decimal(kind):.0%} a region"
    bound = {"of the outer bound": float(volume / nested.outer_bound)}
    all_bind = kind == "0.12"
    yield Figure(f"{name}, {demand:g}×: volume ÷ linear program", placed, at_least=None if all_bind else 0.99, notes=bound)
    yield Figure(f"{name}, {demand:g}×: times as fast, to the volume", fast, at_least=None if all_bind else 20, notes={"with levels and split": min(whole)})


def one_listing(rounds: int) -> Figure:
    market = a_market(10_000, 1_000, 1.0)
    crowd = gather(market.mandates, unit=UNIT, seed=SEED)
    preview(crowd, market.listings[0])
    shares = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_mandate (id int PRIMARY KEY, grades int, regions int, min_rate numeric, max_term int)")
        rows = [(at, _bits(GRADES, row.grades), _bits(REGIONS, row.purposes), row.min_rate, max(row.terms or ())) for at, row in enumerate(market.mandates)]
        cursor.executemany("INSERT INTO bench_mandate VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute("ANALYZE bench_mandate")
        for listing in market.listings[: 20 * rounds]:
            wanted = {"grade": GRADES.index(listing.grade), "region": REGIONS.index(listing.purpose), "rate": listing.annual_rate, "term": listing.term_months}
            started = time.perf_counter()
            cursor.execute(ELIGIBLE, wanted)
            cursor.fetchone()
            middle = time.perf_counter()
            preview(crowd, listing)
            shares.append((time.perf_counter() - middle) / (middle - started))
    return Figure("one listing against 10,000 mandates ÷ SQL eligibility", shares, at_most=20)


def _bits(names: Any, wanted: frozenset[str] | None) -> int:
    return sum(1 << at for at, name in enumerate(names) if wanted is None or name in wanted)


def _shares(above: list[float], below: list[float]) -> list[float]:
    return [one / other for one, other in zip(above, below, strict=True)]
