"""Many schedules at once have the cents of one schedule at a time."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.schedule import Terms, build, bulk
from tests.counts import cases

pytestmark = pytest.mark.soak


def one_by_one(principal, rate, periods):
    return build(Terms(method="equal_installment", principal=principal, annual_rate=Decimal(rate).scaleb(-6), periods=periods)).installments


@settings(max_examples=cases(600, soak=10_000), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**10), st.integers(0, 4_000_000)), min_size=1, max_size=20), st.sampled_from([1, 2, 12, 36, 60]))
def test_equal_cents(loans, periods):
    found = bulk.level(principals=np.array([loan[0] for loan in loans]), rates=np.array([loan[1] for loan in loans]), periods=periods)
    for column, (principal, rate) in enumerate(loans):
        rows = one_by_one(principal, rate, periods)
        assert found.principal[:, column].tolist() == [row.principal for row in rows]
        assert found.interest[:, column].tolist() == [row.interest for row in rows]


def test_ties_of_the_level_payment_are_settled_exactly():
    """Without interest 25 over 10 months is 2.5 a month: half to even, as the exact engine rounds."""
    found = bulk.level(principals=np.array([25, 35, 1]), rates=np.array([0, 0, 0]), periods=10)
    assert found.principal[0].tolist() == [one_by_one(25, 0, 10)[0].principal, one_by_one(35, 0, 10)[0].principal, one_by_one(1, 0, 10)[0].principal]


def test_what_does_not_fit_is_refused():
    with pytest.raises(OverflowError):
        bulk.level(principals=np.array([10**15]), rates=np.array([4_000_000]), periods=12)


def test_600_periods_and_nobody():
    found = bulk.level(principals=np.array([10_000_000]), rates=np.array([60_000]), periods=600)
    assert found.principal[:, 0].tolist() == [row.principal for row in one_by_one(10_000_000, 60_000, 600)]
    assert bulk.level(principals=np.array([], np.int64), rates=np.array([], np.int64), periods=12).principal.shape == (12, 0)
