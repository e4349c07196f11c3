"""`fair-flow/1` on random markets: every cap kept, the optimum reached, levels as linear programs find them, the same bytes in any order."""

import json
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings

from config.recompute import answer, printed
from marketplace.matching.match import Matched, match
from marketplace.matching.terms import Run
from tests.counts import cases
from tests.marketplace.matching.lp import Program
from tests.marketplace.matching.markets import as_json, crossing_runs, plainly, runs

pytestmark = pytest.mark.soak
SOLVED = cases(25, soak=2_000)
CASES = cases(30, soak=2_000)


def filled(matched: Matched) -> dict[tuple[str, str], int]:
    market = matched.market
    rows = zip(market.mandate.tolist(), market.head.tolist(), matched.flow.tolist(), strict=True)
    return {(market.mandates[mandate].id, market.listings[listing].id): units for mandate, listing, units in rows if units}


def levels(matched: Matched) -> dict[str, Fraction]:
    return dict(zip(matched.market.investors, matched.found.level, strict=True))


@given(runs())
@settings(max_examples=SOLVED, deadline=None)
def test_volume_is_the_maximum_and_levels_are_those_of_a_lexicographic_program(run: Run) -> None:
    matched = match(run)
    program = Program(plainly(run))
    assert int(matched.flow.sum()) == matched.found.outcome.levels.volume == pytest.approx(program.volume(), abs=1e-6)
    assert {name: float(level) for name, level in levels(matched).items()} == pytest.approx(program.levels(), abs=1e-5)


@given(runs(limits="crossing"))
@settings(max_examples=CASES, deadline=None)
def test_no_cap_no_floor_and_no_loan_is_ever_exceeded(run: Run) -> None:
    matched = match(run)
    assert list(plainly(run).broken(filled(matched))) == []
    for units, exact in zip(matched.found.outcome.whole.tolist(), exacts(matched), strict=True):
        assert abs(units - exact) < 1


def exacts(matched: Matched) -> list[Fraction]:
    return [level * weight for level, weight in zip(matched.found.level, matched.market.weight.tolist(), strict=True)]


@given(crossing_runs())
@settings(max_examples=SOLVED, deadline=None)
def test_limits_that_cross_are_kept_and_cost_little(run: Run) -> None:
    matched = match(run)
    plain = plainly(run)
    assert list(plain.broken(filled(matched))) == []
    most = Program(plain).volume()
    if matched.outer_bound is None:
        assert int(matched.flow.sum()) == pytest.approx(most, abs=1e-6)
    else:
        assert int(matched.flow.sum()) <= most + 1e-6 <= matched.outer_bound + 2e-6
        assert int(matched.flow.sum()) >= 0.6 * most - 1  # tiny caps, all crossing: whole units cost most here


@given(runs(limits="crossing"))
@settings(max_examples=CASES, deadline=None)
def test_the_order_of_the_input_changes_no_byte(run: Run) -> None:
    data = as_json(run)
    shuffled = json.loads(json.dumps(data))
    chance = random.Random(run.seed)
    for name in ("listings", "mandates"):
        chance.shuffle(shuffled[name])
    for mandate in shuffled["mandates"]:
        chance.shuffle(mandate["limits"])
    assert printed(answer("match", shuffled, certificates=True)) == printed(answer("match", data, certificates=True))


@given(runs(top=9))
@settings(max_examples=CASES, deadline=None)
def test_money_short_listings_fill_in_the_published_order(run: Run) -> None:
    """No listing that closes earlier could be fuller if a later one gave up units: pouring in one unit more of it lowers what is before."""
    matched = match(run)
    market, flow = matched.market, matched.flow
    rank = {listing.id: place for place, listing in enumerate(sorted(market.listings, key=lambda row: (row.closes_at is None, row.closes_at)))}
    got = {row.id: int(flow[market.head == index].sum()) for index, row in enumerate(market.listings)}
    room, size = market.room - flow, {row.id: int(units) for row, units in zip(market.listings, market.size, strict=True)}
    for arc in flow.nonzero()[0].tolist():
        below = market.listings[market.head[arc]]
        for other in ((market.tail == market.tail[arc]) & (room > 0)).nonzero()[0].tolist():
            above = market.listings[market.head[other]]
            earlier = (above.closes_at is not None) and (below.closes_at is None or above.closes_at < below.closes_at)
            assert not (earlier and got[above.id] < size[above.id]), (rank, got)
