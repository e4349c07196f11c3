"""Other platforms' rules: caps kept, never above the optimum, each behaving as it says."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.recompute import answer
from marketplace.matching.match import match
from marketplace.matching.policies import POLICIES
from marketplace.matching.terms import Listing, Mandate, Run
from tests.counts import cases
from tests.marketplace.matching.markets import UNIT, as_json, plainly, runs
from tests.marketplace.matching.test_rule import filled

CASES = cases(25, soak=2_000)


def a_listing(name: str, units: int, **changes: object) -> Listing:
    plain = Listing(id=name, amount=units * UNIT, unit=UNIT, grade="A", term_months=12, annual_rate=Decimal("0.08"), purpose="car", borrower="Alice")
    return replace(plain, **changes)


def a_mandate(investor: str, units: int, **changes: object) -> Mandate:
    return replace(Mandate(id=f"of {investor}", investor=investor, cash=units * UNIT, per_loan=units * UNIT), **changes)


def placed(policy: str, listings: list[Listing], mandates: list[Mandate]) -> dict[tuple[str, str], int]:
    return {(mandate.removeprefix("of "), listing): units for (mandate, listing), units in filled(match(Run(listings, mandates, "7"), policy=policy)).items()}


@pytest.mark.soak
@given(runs(limits="crossing"), st.sampled_from(sorted(POLICIES)))
@settings(max_examples=CASES, deadline=None)
def test_every_policy_keeps_every_cap_and_stays_within_the_optimum(run: Run, policy: str) -> None:
    matched = match(run, policy=policy)
    assert list(plainly(run).broken(filled(matched))) == []
    assert int(matched.flow.sum()) <= matched.compared.optimum == matched.found.outcome.levels.volume


def test_first_come_serves_the_oldest_mandate_first() -> None:
    mandates = [a_mandate("Bob", 4, since=datetime(2026, 2, 1, tzinfo=UTC)), a_mandate("Carol", 4, since=datetime(2026, 1, 1, tzinfo=UTC))]
    assert placed("first-come", [a_listing("L", 5)], mandates) == {("Carol", "L"): 4, ("Bob", "L"): 1}


def test_the_queue_moves_only_when_a_loan_was_oversubscribed() -> None:
    mandates = [a_mandate(name, 6, per_loan=2 * UNIT, since=datetime(2026, 1, day, tzinfo=UTC)) for day, name in enumerate(("Bob", "Carol"), start=1)]
    closing = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    listings = [a_listing(f"L{number}", units, closes_at=closes_at) for number, (units, closes_at) in enumerate(zip((4, 2, 3), closing, strict=True))]
    found = placed("queue", listings, mandates)
    assert [found.get(("Bob", name), 0) for name in ("L0", "L1", "L2")] == [2, 2, 1]
    assert [found.get(("Carol", name), 0) for name in ("L0", "L1", "L2")] == [2, 0, 2]


def test_pro_rata_shares_by_what_each_could_take() -> None:
    assert placed("pro-rata", [a_listing("L", 6)], [a_mandate("Bob", 8), a_mandate("Carol", 4)]) == {("Bob", "L"): 4, ("Carol", "L"): 2}


def test_largest_first_and_then_the_lower_rate() -> None:
    mandates = [a_mandate("Bob", 3, min_rate=Decimal("0.07")), a_mandate("Carol", 3, min_rate=Decimal("0.05")), a_mandate("Eve", 4)]
    assert placed("largest-first", [a_listing("L", 8)], mandates) == {("Eve", "L"): 4, ("Carol", "L"): 3, ("Bob", "L"): 1}


def test_least_filled_serves_who_waits_longest() -> None:
    listings = [a_listing("first", 2, closes_at=datetime(2026, 3, 1, tzinfo=UTC), grade="B"), a_listing("second", 2)]
    mandates = [a_mandate("Bob", 4), a_mandate("Carol", 4, grades=frozenset("A"))]
    assert placed("least-filled", listings, mandates) == {("Bob", "first"): 2, ("Carol", "second"): 2}


def test_the_lottery_gives_all_when_there_is_enough() -> None:
    assert placed("lottery", [a_listing("L", 8)], [a_mandate("Bob", 4), a_mandate("Carol", 4)]) == {("Bob", "L"): 4, ("Carol", "L"): 4}
    assert sum(placed("lottery", [a_listing("L", 5)], [a_mandate("Bob", 4), a_mandate("Carol", 4)]).values()) == 5


def test_each_reports_how_far_it_is_from_the_optimum() -> None:
    """First come, first served: Bob could have gone elsewhere, Carol could not."""
    listings = [a_listing("both", 4, closes_at=datetime(2026, 3, 1, tzinfo=UTC)), a_listing("wide", 4, grade="B")]
    mandates = [a_mandate("Bob", 4, since=datetime(2026, 1, 1, tzinfo=UTC)), a_mandate("Carol", 4, grades=frozenset("A"))]
    output = answer("match", as_json(Run(listings, mandates, "7")) | {"policy": "pro-rata"})
    assert output["distance"]["volume"] == {"placed_minor": 6 * UNIT, "minor": 8 * UNIT, "share": "0.750000"}
    assert output["distance"]["lowest_level"] == {"policy": "1/2", "fair": "1/1"}
    assert output["proof"]["rule"] == "pro-rata"
