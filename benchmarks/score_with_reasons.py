"""Score and reasons of one application against one LightGBM predict call: the shipped model from its JSON, the machine fitted on noise of its shape.

The machine has the size of our challenger (750 rounds, 12 leaves) and one thread, in predicting too: for one row, threads cost it ten times more.
Reasons are exact contributions, the four that weigh most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.report import Figure
from benchmarks.rounds import Clock, once

MODEL, ROWS = "lendingclub_2018", 200


def run(clock: Clock) -> Iterator[Figure]:
    """`make bench ARGS=score_with_reasons`"""
    from credit import one_row, serving
    from credit.facts import Facts

    scorer, applications = one_row.Scorer(_model()), _applications()
    booster, matrix = _machine()
    facts = Facts(amount=3_000_000, term_months=12, purpose="home", currency="CNY", income_monthly=900_000, months_at_work=30, occupation="employed")
    works = {
        "ours": lambda: [scorer.score(raw).against() for raw in applications],
        "theirs": lambda: [booster.predict(matrix[row : row + 1], num_threads=1) for row in range(ROWS)],
        "served": lambda: [serving.score(facts, name="thin_file") for _ in range(ROWS)],
    }
    found = once(works, rounds=clock.rounds)
    for name, words in (("ours", "score with reasons / LightGBM predict"), ("served", "the same from facts, in words, with ways out / LightGBM predict")):
        ratios = [one / other for one, other in zip(found[name], found["theirs"], strict=True)]
        each = {"ms each": min(found[name]) / ROWS * 1000, "LightGBM ms": min(found["theirs"]) / ROWS * 1000}
        yield Figure(words, ratios, at_most=3 if name == "ours" else None, notes=each)


def _model() -> Any:
    from credit import glassbox

    return glassbox.load(MODEL)


def _applications() -> list[dict[str, float]]:
    import numpy as np

    draw = np.random.default_rng(1)
    return [{name: float(draw.integers(0, 60_000)) for name in _model().fields} for _ in range(ROWS)]


def _machine() -> tuple[Any, Any]:
    import lightgbm as lgb
    import numpy as np

    draw = np.random.default_rng(1)
    matrix = draw.normal(size=(10_000, len(_model().inputs)))
    labels = lgb.Dataset(matrix, (matrix[:, 0] + draw.normal(size=10_000) > 0).astype(float))
    booster = lgb.train({"objective": "binary", "num_leaves": 12, "learning_rate": 0.03, "verbose": -1, "num_threads": 1}, labels, 750)
    return booster, matrix
