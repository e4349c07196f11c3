"""The plain scorecard's bins are the best monotone ones, and it is a model like any other: tables over one input."""

import itertools

import numpy as np
import pytest

from credit import glassbox
from credit.training import binning, fitting
from tests.credit.test_training import TOY, folder, known, rows  # noqa: F401 fixtures


def worth(rows, bads, ends):
    """What a division is worth, added up from its definition; None where it must not be."""
    total, before, first = 0.0, -1.0, 0
    for last in ends:
        held, gone = rows[first : last + 1].sum(), bads[first : last + 1].sum()
        rate = (gone + 0.5) / (held + 1)
        if rate <= before or held < binning.SHARE_LEAST * rows.sum():
            return None
        total += gone * np.log(rate) + (held - gone) * np.log(1 - rate) - np.log(rows.sum()) / 2
        before, first = rate, last + 1
    return total


@pytest.mark.parametrize("seed", range(20))
def test_no_other_division_is_better(seed):
    draw = np.random.default_rng(seed)
    rows = draw.integers(1, 400, 9).astype(float)
    bads = draw.binomial(rows.astype(int), np.clip(np.linspace(0.1, 0.5, 9) + draw.normal(0, 0.1, 9), 0.01, 0.9)).astype(float)
    every = [(*inner, 8) for size in range(9) for inner in itertools.combinations(range(8), size)]
    best = max((found, ends) for ends in every if (found := worth(rows, bads, ends)) is not None)
    assert binning._divided(rows, bads) == (pytest.approx(best[0]), best[1])


@pytest.mark.parametrize("trend", [1, -1, 0])
def test_bins_rise_or_fall_and_not_known_has_its_own(trend):
    draw = np.random.default_rng(3)
    values = draw.uniform(0, 1, 4000)
    bad = (draw.random(4000) < (0.1 + 0.5 * values if trend >= 0 else 0.6 - 0.5 * values)).astype(float)
    values[:300] = np.nan
    bad[:300] = (draw.random(300) < 0.9).astype(float)
    found = binning.cut(values, bad, trend)
    steps = np.diff(found.evidence[1:])
    assert 2 <= len(found.edges) < 12
    assert (steps > 0).all() if trend >= 0 else (steps < 0).all()
    assert found.evidence[0] > found.evidence[1:].max()


def test_what_says_nothing_gets_one_bin():
    draw = np.random.default_rng(5)
    assert len(binning.cut(draw.random(3000), (draw.random(3000) < 0.3).astype(float), 0).edges) == 0
    assert len(binning.cut(np.full(50, np.nan), np.tile([0.0, 1.0], 25), 0).edges) == 0


def test_the_scorecard_is_read_as_any_model(known):  # noqa: F811
    body = binning.scorecard(rows())
    model = fitting.model(body)
    assert all(len(table.of) == 1 for table in model.tables)
    data = rows()
    odds = fitting.log_odds(body, data)
    assert abs(glassbox.probability(odds).mean() - data.bad.mean()) < 0.005
    assert {table.of[0] for table in model.tables} <= {each.name for each in TOY.inputs} | {"purpose.level"}
