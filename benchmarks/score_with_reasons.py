"""One application scored with its exact reasons, against one LightGBM predict call of as many inputs.

    python benchmarks/score_with_reasons.py [--rows 200] [--rounds 5]

The shipped model is read from its JSON; LightGBM is fitted on noise of the same shape, with the size of our challenger.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import lightgbm as lgb
import numpy as np

from credit import glassbox, one_row

MODEL = "lendingclub_2018"


def seconds_each(work, rows) -> float:
    started = time.perf_counter()
    for row in rows:
        work(row)
    return (time.perf_counter() - started) / len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    draw, model = np.random.default_rng(1), glassbox.load(MODEL)
    applications = [{name: float(draw.integers(0, 60_000)) for name in model.fields} for _ in range(options.rows)]
    matrix = draw.normal(size=(10_000, len(model.inputs)))
    labels = lgb.Dataset(matrix, (matrix[:, 0] + draw.normal(size=10_000) > 0).astype(float))
    booster = lgb.train({"objective": "binary", "num_leaves": 12, "learning_rate": 0.03, "verbose": -1, "num_threads": 1}, labels, 750)
    scorer, ours, theirs = one_row.Scorer(model), [], []
    for _round in range(options.rounds):
        theirs.append(seconds_each(booster.predict, [matrix[row : row + 1] for row in range(options.rows)]))
        ours.append(seconds_each(lambda raw: scorer.score(raw).against(), applications))
    shares = [one / other for one, other in zip(ours, theirs, strict=True)]
    print(f"score with reasons {statistics.median(ours) * 1e3:.2f} ms, one LightGBM predict {statistics.median(theirs) * 1e3:.2f} ms")
    print(f"ours / LightGBM = {statistics.median(shares):.2f} (rounds {min(shares):.2f} to {max(shares):.2f})")


if __name__ == "__main__":
    main()
