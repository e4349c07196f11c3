"""50,000 mandates with 2,000 listings, 15 million pairs: the maximum flow to the unit, and how much memory it takes."""

import resource
from collections.abc import Iterator

from benchmarks.markets import a_market, largest
from benchmarks.matching import fair, timed
from benchmarks.report import Figure
from benchmarks.rounds import Clock
from marketplace.matching.market import read


def run(clock: Clock) -> Iterator[Figure]:
    market = read(a_market(50_000, 2_000, 2.0))
    seconds, found = timed(lambda: fair(market))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    assert int(found.whole.sum()) == largest(market), "not the maximum flow"
    notes = {"pairs": float(len(market.tail)), "seconds": seconds}
    yield Figure("50,000 × 2,000 at 2×: peak of memory, with reading the market", [peak], unit="GiB", at_most=4, notes=notes)
