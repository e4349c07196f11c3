"""Prices held against what came."""

import pytest

from credit.training import backtest


def test_what_came_as_predicted_earned_what_was_aimed_at():
    found = backtest.by_decile([{"predicted": pd, "observed": pd} for pd in (0.01, 0.08, 0.25, 0.6)])
    assert [row["earned"] for row in found["rows"]] == pytest.approx([0.05] * 4, abs=1e-8)
    rates = [row["rate"] for row in found["rows"]]
    assert rates == sorted(rates)


def test_more_bads_than_predicted_earn_less_by_about_their_loss():
    """Four points more bads over three years, each losing 60 % of what is then owed: 0.8 of a point a year, and the interest they no longer pay."""
    as_said, worse = backtest.by_decile([{"predicted": 0.10, "observed": 0.10}, {"predicted": 0.10, "observed": 0.14}])["rows"]
    assert as_said["rate"] == worse["rate"]
    assert 0.008 < as_said["earned"] - worse["earned"] < 0.011


def test_a_rate_that_everybody_fails_earns_less_than_nothing():
    assert backtest.earned(0.99, 0.10) < -0.3
