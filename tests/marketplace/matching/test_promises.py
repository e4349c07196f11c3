"""What an investor can try, and what it never brings: exact totals, one verified person, the same run."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.levels import levels
from marketplace.matching.market import read
from marketplace.matching.terms import Limit, Mandate, Run
from tests.counts import cases
from tests.marketplace.matching.markets import GRADES, UNIT, runs

pytestmark = pytest.mark.soak
CASES = cases(30, soak=2_000)


def totals(run: Run) -> dict[str, Fraction]:
    """Exact units of everybody who has at least one; missing is nothing."""
    market = read(run)
    found = levels(market)
    return {name: Fraction(top, bottom) for name, top, bottom in zip(market.investors, found.top.tolist(), found.bottom.tolist(), strict=True)}


def changed(run: Run, *mandates: Mandate, of: Mandate) -> Run:
    return replace(run, mandates=[*(row for row in run.mandates if row is not of), *mandates])


@given(runs(alone=True), st.data())
@settings(max_examples=CASES, deadline=None)
def test_hiding_cash_never_places_more(run: Run, data: st.DataObject) -> None:
    mandate = data.draw(st.sampled_from(run.mandates))
    poorer = replace(mandate, cash=data.draw(st.integers(0, mandate.cash)))
    assert totals(changed(run, poorer, of=mandate)).get(mandate.investor, 0) <= totals(run).get(mandate.investor, 0)


@given(runs(alone=True), st.data())
@settings(max_examples=CASES, deadline=None)
def test_narrowing_never_places_more(run: Run, data: st.DataObject) -> None:
    mandate = data.draw(st.sampled_from(run.mandates))
    grades = mandate.grades if mandate.grades is not None else frozenset(GRADES)
    narrower = replace(
        mandate,
        grades=grades - frozenset(data.draw(st.lists(st.sampled_from(GRADES), max_size=2))),
        per_loan=data.draw(st.integers(0, mandate.per_loan)),
        min_rate=max(mandate.min_rate or Decimal(0), data.draw(st.sampled_from([Decimal(0), Decimal("0.06"), Decimal("0.081")]))),
        limits=(*mandate.limits, Limit("grade", data.draw(st.sampled_from(GRADES)), data.draw(st.sampled_from([Decimal("0.2"), Decimal(1)])))),
    )
    assert totals(changed(run, narrower, of=mandate)).get(mandate.investor, 0) <= totals(run).get(mandate.investor, 0)


@given(runs(alone=True, held=False), st.data())
@settings(max_examples=CASES, deadline=None)
def test_splitting_in_two_with_limits_shared_out_brings_nothing(run: Run, data: st.DataObject) -> None:
    mandate = data.draw(st.sampled_from(run.mandates))
    idle, loan = mandate.idle // UNIT, mandate.per_loan // UNIT
    cash, per_loan = data.draw(st.integers(0, idle)), data.draw(st.integers(0, loan))
    whole = replace(mandate, cash=idle * UNIT, keep_cash=0, per_loan=loan * UNIT, max_share_of_loan=None)
    one = replace(whole, id="one", investor="one", cash=cash * UNIT, per_loan=per_loan * UNIT)
    other = replace(whole, id="other", investor="other", cash=(idle - cash) * UNIT, per_loan=(loan - per_loan) * UNIT)
    split = totals(changed(run, one, other, of=mandate))
    assert split.get("one", 0) + split.get("other", 0) <= totals(changed(run, whole, of=mandate)).get(mandate.investor, 0)


@given(runs(alone=True, held=False), st.data())
@settings(max_examples=CASES, deadline=None)
def test_splitting_a_mandate_by_criteria_changes_nothing(run: Run, data: st.DataObject) -> None:
    """Levels belong to the investor: two strategies over disjoint loans, with the same cash, are one."""
    mandate = data.draw(st.sampled_from(run.mandates))
    grades = mandate.grades if mandate.grades is not None else frozenset(GRADES)
    mine = grades & frozenset(data.draw(st.lists(st.sampled_from(GRADES), max_size=2)))
    one, other = replace(mandate, id="one", grades=mine), replace(mandate, id="other", grades=grades - mine, rank=1)
    assert totals(changed(run, one, other, of=mandate)) == totals(run)


@given(runs(alone=True, held=False), st.data())
@settings(max_examples=CASES, deadline=None)
def test_a_larger_loan_or_a_competitor_less_takes_from_nobody(run: Run, data: st.DataObject) -> None:
    before = totals(run)
    gone = data.draw(st.sampled_from(run.mandates))
    without = totals(changed(run, of=gone))
    assert all(units >= before[name] for name, units in without.items() if name != gone.investor)
    listing = data.draw(st.sampled_from(run.listings))
    if all(row.max_share_of_loan is None for row in run.mandates):
        grown = [replace(row, amount=row.amount + 3 * UNIT) if row is listing else row for row in run.listings]
        assert all(units >= before[name] for name, units in totals(replace(run, listings=grown)).items())
