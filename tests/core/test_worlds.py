"""A shared world is built once, and no test finds in it what another one did."""

from types import SimpleNamespace

import pytest
from django.db import connection

from core.models import Holiday
from tests.worlds import World, under, world

BUILT: list[str] = []


def holidays() -> set[str]:
    return set(Holiday.objects.filter(calendar="world").values_list("name", flat=True))


def proclaim(name: str) -> Holiday:
    BUILT.append(name)
    return Holiday.objects.create(calendar="world", day=f"2031-01-{len(holidays()) + 1:02}", kind="closed", name=name)


@world
def lower():
    return SimpleNamespace(day=proclaim("lower"), said=[])


@world
def upper(lower):
    return SimpleNamespace(day=proclaim("upper"), lower=lower)


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_every_test_begins_with_the_world_as_it_was_built(lower, turn):
    assert (holidays(), lower.said) == ({"lower"}, [])
    lower.said.append(turn)
    lower.day.delete()
    Holiday.objects.create(calendar="world", day="2031-02-01", kind="closed", name="of this test")
    assert BUILT.count("lower") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_a_world_stands_upon_another_and_both_are_undone(upper, lower, turn):
    assert holidays() == {"lower", "upper"}
    assert upper.lower is lower, "as between fixtures"
    upper.day.delete()
    lower.said.append(turn)
    assert (BUILT.count("lower"), BUILT.count("upper"), lower.said) == (1, 1, [turn])


@pytest.mark.django_db
def test_who_does_not_ask_for_a_world_does_not_find_it():
    assert holidays() == set()


@pytest.mark.django_db(transaction=True)
def test_where_rows_are_committed_the_world_is_the_tests_own(upper, lower):
    assert holidays() == {"lower", "upper"}
    assert BUILT.count("lower") > 1
    assert not connection.in_atomic_block


def test_a_world_asks_for_worlds_only():
    one = SimpleNamespace(func=SimpleNamespace(world=World("upper", proclaim, needs=("client",))))
    asking = SimpleNamespace(
        get_closest_marker=lambda name: None,
        _fixtureinfo=SimpleNamespace(names_closure=[], name2fixturedefs={"upper": [one], "client": [SimpleNamespace(func=holidays)]}),
    )
    with pytest.raises(AssertionError, match="the world upper asks for client, which is no world"):
        under(asking)
