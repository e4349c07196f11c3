"""Schedules in memory: whole cents by `loans.schedule.bulk` against numpy-financial's broadcast in floats, in interleaved rounds.

    python benchmarks/schedules.py [--loans 100000] [--rounds 5]

Both compute principal and interest of 36 monthly installments for every loan. Ours are integers that add up; theirs are floats that do not.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import numpy_financial as npf

from loans.schedule import bulk

PERIODS = 36
BROADCAST = 20_000  # loans in one pass of theirs: more does not fit a cache and would only slow it


def timed(work: Callable[[], object], loans: int) -> float:
    started = time.perf_counter()
    work()
    return loans / (time.perf_counter() - started)


def floats(principals: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    monthly, rows = rates / 12e6, np.arange(1, PERIODS + 1)[:, None]
    return npf.ppmt(monthly[None, :], rows, PERIODS, -principals[None, :] / 100), npf.ipmt(monthly[None, :], rows, PERIODS, -principals[None, :] / 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loans", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    draw = np.random.default_rng(1)
    principals, rates = draw.integers(1_000_00, 5_000_000_00, options.loans), draw.integers(30_000, 250_000, options.loans)
    ours, theirs = [], []
    for _round in range(options.rounds):
        theirs.append(timed(lambda: floats(principals[:BROADCAST], rates[:BROADCAST]), min(BROADCAST, options.loans)))
        ours.append(timed(lambda: bulk.level(principals=principals, rates=rates, periods=PERIODS), options.loans))
    shares = [one / other for one, other in zip(ours, theirs, strict=True)]
    print(f"schedules of {PERIODS} in memory: {statistics.median(ours):,.0f}/s against {statistics.median(theirs):,.0f}/s of numpy-financial")
    print(f"ours / numpy-financial = {statistics.median(shares):.2f} (rounds {min(shares):.2f} to {max(shares):.2f})")


if __name__ == "__main__":
    main()
