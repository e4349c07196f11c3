"""The plain scorecard: each input cut into few bins by optimal monotone binning, and one weight for each. A candidate beside the champion.

Of all ways to join the fine bins of an input so that the bad rate only rises (or only falls), the one that makes the outcomes most likely is found
exactly, by dynamic programming; a bin must hold its share of the rows and be worth its own figure (BIC). "Not known" is a bin of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import glassbox
from credit.training import fitting
from credit.training.reading import Rows
from credit.training.sets import DataSet

Vector = NDArray[np.float64]
FINE = 40  # bins of equal count, before any are joined
SHARE_LEAST = 0.03  # of the known rows, in each bin
RIDGE = 5.0
HALF = 0.5  # a bad and a good row of nobody's, halved: no bin is certain


@dataclass(frozen=True)
class Cut:
    """An input's edges, and the evidence of each cell: the log of its odds over the odds of all rows. Cell 0 is "not known"."""

    edges: Vector
    evidence: Vector


def scorecard(rows: Rows, *, of: DataSet | None = None) -> dict[str, Any]:
    """The body of a model, every table over one input; inputs whose evidence would count the wrong way round are left out."""
    of = of or rows.of
    made = fitting.design(of, rows)
    cuts = {name: cut(made.columns[name], rows.bad, trend) for name, trend in zip(made.names, made.trends, strict=True)}
    names = [name for name in made.names if len(cuts[name].edges) or np.ptp(cuts[name].evidence)]
    evidence = {name: cuts[name].evidence[glassbox.cells(cuts[name].edges, made.columns[name])] for name in names}
    while True:
        weights = _weights(np.column_stack([np.ones(len(rows)), *(evidence[name] for name in names)]), rows.bad)
        if (weights[1:] >= 0).all():
            break
        names.pop(int(np.argmin(weights[1:])))
    found = [_table(name, cuts[name], weight) for name, weight in zip(names, weights[1:], strict=True)]
    return fitting.body(of.name, of, made, found, float(weights[0]))


def cut(values: Vector, bad: Vector, trend: int) -> Cut:
    """The best monotone division of the input; `trend` says which way, 0 whichever is better."""
    known = ~np.isnan(values)
    fine = np.unique(np.quantile(values[known], np.linspace(0, 1, FINE + 1)[1:-1], method="lower")) if known.any() else np.zeros(0)
    place = glassbox.cells(fine, values[known]) - 1
    rows = np.bincount(place, minlength=len(fine) + 1).astype(float)
    bads = np.bincount(place, bad[known], len(fine) + 1).astype(float)
    ways = [_divided(rows, bads if way > 0 else rows - bads) for way in ((trend,) if trend else (1, -1))]
    ends = max(ways)[1]
    edges = fine[np.array(ends[:-1], dtype=int)] if len(fine) else fine
    return Cut(edges, _evidence(glassbox.cells(edges, values), bad, len(edges) + 2))


def _divided(rows: Vector, bads: Vector) -> tuple[float, tuple[int, ...]]:
    """(what it is worth, last fine bin of each bin) of the best division with rates that only rise."""
    size, least, price = len(rows), SHARE_LEAST * rows.sum(), np.log(max(rows.sum(), 2)) / 2
    rows_before, bads_before = np.concatenate([[0.0], np.cumsum(rows)]), np.concatenate([[0.0], np.cumsum(bads)])
    best: dict[int, list[tuple[float, float, tuple[int, ...]]]] = {-1: [(0.0, -1.0, ())]}  # by last fine bin: (worth, rate of its bin, ends)
    for last in range(size):
        best[last] = []
        for first in range(last + 1):
            held, gone = rows_before[last + 1] - rows_before[first], bads_before[last + 1] - bads_before[first]
            rate = (gone + HALF) / (held + 2 * HALF)
            reached = [(worth, ends) for worth, before, ends in best[first - 1] if before < rate]
            if held < least or not reached:
                continue
            worth, ends = max(reached)
            best[last].append((worth + gone * np.log(rate) + (held - gone) * np.log(1 - rate) - price, rate, (*ends, last)))
    return max(((worth, ends) for worth, _rate, ends in best[size - 1]), default=(-np.inf, (size - 1,)))


def _evidence(place: NDArray[np.intp], bad: Vector, cells: int) -> Vector:
    rows, bads = np.bincount(place, minlength=cells), np.bincount(place, bad, cells)
    odds = np.log((bads + HALF) / (rows - bads + HALF)) - np.log((bad.sum() + HALF) / (len(bad) - bad.sum() + HALF))
    return np.where(rows > 0, odds, 0.0)


def _weights(matrix: Vector, bad: Vector) -> Vector:
    """Ridge logistic regression by Newton's method; the first column is the intercept and costs nothing."""
    beta, ridge = np.zeros(matrix.shape[1]), RIDGE * np.eye(matrix.shape[1])
    ridge[0, 0] = 0.0
    for _ in range(50):
        p = glassbox.probability(matrix @ beta)
        step = np.linalg.solve((matrix * (p * (1 - p))[:, None]).T @ matrix + ridge, matrix.T @ (bad - p) - ridge @ beta)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(beta)


def _table(name: str, found: Cut, weight: float) -> dict[str, Any]:
    return {"of": [name], "edges": [found.edges.tolist()], "points": np.round(weight * found.evidence, 6).tolist()}
