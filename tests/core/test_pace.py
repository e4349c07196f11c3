"""Allowances: so many at once, then evenly, counted alike by everybody who asks."""

from datetime import timedelta

import pytest

from core import pace
from core.models import Allowance
from core.pace import Pace

from .test_outbox import in_threads

SLOW = Pace(per_minute=60, burst=3)


def test_a_burst_then_one_a_second(db, now):
    assert [pace.take({"a": SLOW}, now=now) for _ in range(3)] == [None, None, None]
    assert pace.take({"a": SLOW}, now=now) == timedelta(seconds=1)
    assert pace.take({"b": SLOW}, now=now) is None
    assert pace.take({"a": SLOW}, now=now + timedelta(seconds=1)) is None
    assert pace.take({"a": SLOW}, now=now + timedelta(seconds=1)) is not None
    assert pace.take({"a": SLOW}, now=now + timedelta(hours=1)) is None


def test_the_emptiest_of_several_decides(db, now):
    both = {"user": Pace(600, 100), "token": Pace(60, 1)}
    assert pace.take(both, now=now) is None
    assert pace.take(both, now=now) == timedelta(seconds=1)


def test_full_allowances_are_forgotten(db, now):
    pace.take({"a": SLOW}, now=now)
    assert pace.forget(now=now) == 0
    assert pace.forget(now=now + timedelta(hours=2)) == 1
    assert not Allowance.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_get_no_more_than_the_burst(now):
    answers = in_threads(50, lambda: pace.take({"a": Pace(1, 20)}, now=now))
    assert answers.count(None) == 20
