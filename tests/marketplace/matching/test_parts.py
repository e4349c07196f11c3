"""The pieces the rule is made of, each against the plainest statement of what it does."""

from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from marketplace.matching import units
from marketplace.matching.levels import levels
from marketplace.matching.market import read
from marketplace.matching.network import Network, solve
from marketplace.matching.rounding import apportioned
from marketplace.matching.terms import Run
from marketplace.matching.water import water_level
from tests.counts import cases
from tests.marketplace.matching.markets import runs

pytestmark = pytest.mark.soak
CASES = cases(30, soak=2_000)
INVESTOR = st.tuples(st.integers(1, 12), st.integers(0, 9), st.integers(0, 9))


@given(st.lists(INVESTOR, min_size=1, max_size=8), st.data())
@settings(max_examples=CASES, deadline=None)
def test_the_water_level_uses_up_the_total_exactly(investors: list[tuple[int, int, int]], data: st.DataObject) -> None:
    weight, low, more = (np.array(column, np.int64) for column in zip(*investors, strict=True))
    total = data.draw(st.integers(int(low.sum()), int((low + more).sum())))
    p, q = water_level(weight, low, low + more, total)
    level = Fraction(p, q)
    assert sum(min(max(level * w, a), a + b) for w, a, b in investors) == total


def test_levels_that_doubles_cannot_tell_apart_are_told_apart() -> None:
    """a/b and c/d with a·d − b·c = 1: apart by 10^-19, and one double."""
    b, d = 3_036_999_999, 3_036_999_997
    a = pow(d, -1, b)
    c = (a * d - 1) // b
    assert a / b == c / d
    weight, high = np.array([b, d], np.int64), np.array([a, c], np.int64)
    for order in ([0, 1], [1, 0]):
        assert water_level(weight[order], np.zeros(2, np.int64), high[order], a + c) == (a, b)


@given(st.integers(0, 10**9))
@settings(max_examples=CASES, deadline=None)
def test_the_solver_finds_the_maximum_and_the_smallest_minimum_cut(number: int) -> None:
    """Against scipy's 32-bit solver: the cut is what can still be reached."""
    chance = np.random.default_rng(number)
    count = int(chance.integers(2, 7))
    dense = chance.integers(0, 6, (count + 2, count + 2)) * (chance.random((count + 2, count + 2)) < 0.4)
    source, sink = count, count + 1
    dense[:, source] = dense[sink] = dense[source, sink] = 0
    np.fill_diagonal(dense, 0)
    tail, head = np.nonzero(dense[:count, :count])
    fed, drained = np.flatnonzero(dense[source, :count]), np.flatnonzero(dense[:count, sink])
    ends = [array.astype(np.int32) for array in (fed, tail, head, drained)]
    solved = solve(Network(count, ends[0], dense[source, fed], [(ends[1], ends[2], dense[tail, head])], ends[3], dense[drained, sink]))
    found = maximum_flow(csr_array(dense.astype(np.int32)), source, sink)
    assert solved.value == found.flow_value
    residual = dense - found.flow.toarray() > 0
    reached = {source}
    while fresh := {int(node) for one in reached for node in np.flatnonzero(residual[one])} - reached:
        reached |= fresh
    assert set(solved.cut.tolist()) == (reached - {source} if solved.value < dense[source].sum() else set())


@given(runs())
@settings(max_examples=CASES, deadline=None)
def test_over_all_tickets_everybody_gets_exactly_what_they_are_owed(run: Run) -> None:
    found = levels(read(run))
    starts = np.lcm.reduce([q for _, q in found.at])
    if starts > 500:
        return
    with patch.object(units, "ticket", lambda seed, p, q: int(seed) % q):
        drawn = [units.whole_units(found, str(start)) for start in range(starts)]
    assert (sum(drawn) * found.bottom == found.top * starts).all()


@given(st.lists(st.tuples(st.floats(-2, 9), st.integers(0, 6)), max_size=8), st.integers(0, 30))
@settings(max_examples=CASES, deadline=None)
def test_apportioning_fills_what_fits(wishes: list[tuple[float, int]], total: int) -> None:
    wish, most = np.array([one for one, _ in wishes]), np.array([cap for _, cap in wishes], np.int64)
    found = apportioned(wish, most, total)
    assert ((found >= 0) & (found <= most)).all()
    assert found.sum() == min(total, most.sum())
