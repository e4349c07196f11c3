"""Watching a model: what rings, how soon, how often falsely, and what PSI alone would have missed."""

import math

import numpy as np
import pytest

from credit import monitoring

INPUTS, MIDDLE, MONTH = 12, -1.2, 500


def loans(rng, count, *, level=0.0, slope=1.0, shift=0.0, missing=0.03, middle=MIDDLE):
    """Applicants and outcomes; `level` and `slope` change how they pay, `shift` and `missing` what one input says of them."""
    columns = {f"input {place}": rng.normal(size=count) for place in range(INPUTS)}
    odds = middle + 0.3 * sum(columns[f"input {place}"] for place in range(8))
    columns["input 0"] = columns["input 0"] + shift
    columns["input 1"] = np.where(rng.random(count) < missing, np.nan, columns["input 1"])
    bad = (rng.random(count) < 1 / (1 + np.exp(-(middle + level + slope * (odds - middle))))).astype(float)
    return columns, odds, bad


@pytest.fixture(scope="module")
def known():
    columns, odds, _ = loans(np.random.default_rng(0), 20_000)
    return monitoring.reference(columns, odds)


def rings(known, columns, odds, bad):
    found = [monitoring.inputs_alarm(known, columns, per_month=MONTH), monitoring.outcomes_alarm(odds, bad, middle=MIDDLE, per_month=MONTH)]
    return min((alarm for alarm in found if alarm), key=lambda alarm: alarm.after, default=None)


DRIFTS = [
    ({"level": 0.8}, "level higher"),
    ({"level": -1.0}, "level lower"),
    ({"slope": 0.2}, "slope flatter"),
    ({"slope": 2.2}, "slope steeper"),
    ({"shift": 0.5}, "higher"),
    ({"shift": -0.5}, "lower"),
    ({"missing": 0.15}, "missing more"),
]


@pytest.mark.soak
@pytest.mark.parametrize(("drift", "kind"), DRIFTS, ids=[kind for _, kind in DRIFTS])
def test_injected_drifts_ring_within_five_hundred_loans(known, soak, drift, kind):
    rng = np.random.default_rng(7)
    months = 400 if soak else 12
    found = [rings(known, *loans(rng, MONTH, **drift)) for _ in range(months)]
    rang = [alarm for alarm in found if alarm is not None]
    assert len(rang) >= math.floor(0.99 * months)
    assert max(alarm.after for alarm in rang) <= 500
    assert sum(alarm.kind == kind for alarm in rang) > 0.8 * len(rang)


@pytest.mark.soak
def test_fewer_than_one_false_alarm_in_a_hundred_months(known, soak):
    rng = np.random.default_rng(8)
    months = 3_000 if soak else 40
    false = sum(rings(known, *loans(rng, MONTH)) is not None for _ in range(months))
    assert false < max(0.01 * months, 1)


def test_what_psi_misses_rings(known):
    """The same applicants pay worse: every index says nothing, the outcome chart rings."""
    columns, odds, bad = loans(np.random.default_rng(9), MONTH, level=0.8)
    assert {row["asks_for"] for row in monitoring.stability(known, columns, odds).values()} == {"nothing"}
    alarm = monitoring.outcomes_alarm(odds, bad, middle=MIDDLE, per_month=MONTH)
    assert (alarm.kind, alarm.about) == ("level higher", "outcome")
    assert not monitoring.observed_to_expected(bad, 1 / (1 + np.exp(-odds)))["within"]


def test_indices_ask_for_a_look_and_for_a_stop(known):
    columns, odds, _ = loans(np.random.default_rng(10), 2000, shift=0.4)
    found = monitoring.stability(known, columns, odds)
    assert found["input 0"]["asks_for"] == "look"
    assert found["input 2"]["asks_for"] == "nothing"
    columns, odds, _ = loans(np.random.default_rng(10), 2000, shift=0.9)
    assert monitoring.stability(known, columns, odds)["input 0"]["asks_for"] == "stop"


def test_psi_by_hand():
    expected = np.array([0.5, 0.5])
    assert monitoring.psi(expected, np.array([0, 0, 0, 1])) == pytest.approx(0.25 * math.log(1.5) - 0.25 * math.log(0.5))
    assert monitoring.psi(expected, np.array([0, 1])) == 0


def test_counts_are_exact():
    """Equal probabilities give the binomial distribution."""
    found = monitoring.count_distribution(np.full(10, 0.3))
    assert found == pytest.approx([math.comb(10, bads) * 0.3**bads * 0.7 ** (10 - bads) for bads in range(11)])
    assert monitoring.count_limits(np.full(10, 0.3)) == (0, 6)
    assert monitoring.count_limits(np.zeros(10)) == (0, 0)
    assert monitoring.count_limits(np.ones(10)) == (10, 10)


def test_limits_hold_as_often_as_they_say():
    rng = np.random.default_rng(11)
    pd = rng.uniform(0.01, 0.4, 120)
    low, high = monitoring.count_limits(pd)
    counts = (rng.random((20_000, 120)) < pd).sum(axis=1)
    assert 0.95 <= ((low <= counts) & (counts <= high)).mean() <= 0.99


def test_a_young_loan_that_still_pays_proves_little():
    curve = [0.0, 0.1, 0.4, 1.0]
    pd = np.full(4, 0.2)
    assert monitoring.maturing(pd, [0, 2, 3, 30], curve) == pytest.approx([0, 0.02, 0.08, 0.2])
    rng = np.random.default_rng(12)
    odds = np.full(2_000, -1.4)
    share = np.full(2_000, 0.4)
    bad = (rng.random(2_000) < 0.4 / (1 + math.exp(1.4))).astype(float)
    assert monitoring.outcomes_alarm(odds, bad, middle=-1.4, share=share) is None
    assert monitoring.outcomes_alarm(odds, bad, middle=-1.4).kind == "level lower", "without the curve, youth looks like virtue"


def test_a_proposal_is_data_and_only_from_enough_outcomes():
    _, odds, bad = loans(np.random.default_rng(13), 8_000, level=0.5, slope=0.7)
    found = monitoring.proposal(odds, bad, why="level higher")
    assert found.slope == pytest.approx(0.7, abs=0.08)
    assert found.error_after < 1e-6 < found.error_before
    few = monitoring.proposal(odds[:400], bad[:400], why="level higher")
    assert few.slope == 1
    assert few.error_after < few.error_before
    assert monitoring.proposal(odds[:60], np.zeros(60), why="quiet") is None


def test_no_loans_ring_nothing(known):
    columns, odds, bad = loans(np.random.default_rng(14), 0)
    assert rings(known, columns, odds, bad) is None
    assert monitoring.watched("nothing", np.array([np.nan, np.nan])).shares.sum() == pytest.approx(1)
