"""A trained model scores one application: through its adapter, with reasons from the fixed catalogue that add up, and only what the registry admits."""

import copy
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from credit import features, glassbox, lending_rules, policy, scorecard, serving
from credit.adapters import ADAPTERS
from tests.credit.test_scorecard import GOOD, any_facts

TRAINED = sorted(ADAPTERS)
POLICY = scorecard.load()[0]


@pytest.mark.parametrize("name", TRAINED)
@settings(max_examples=60, deadline=None)
@given(any_facts)
def test_reasons_add_up_and_ways_out_end_in_an_approval(name, facts):
    found, whole = serving.score(facts, name=name), serving.explained(facts, name=name)
    assert abs(whole.base + sum(whole.parts.values()) - whole.log_odds) < 1e-9
    assert set(whole.parts) <= set(serving.reasons())
    assert len(found.reasons) <= 4
    for reason in found.reasons:
        assert reason.points_lost > 0 or (reason.points_lost == 0 and reason.code == serving.BURDEN)
        if reason.counterfactual:
            change = {fact: value for fact, value in reason.counterfactual.items() if fact not in ("outcome", "grade")}
            assert serving.score(replace(facts, **change), name=name).outcome == "approve" != found.outcome


@pytest.mark.parametrize("name", TRAINED)
def test_every_input_has_words_in_both_languages_and_the_borrowers_own_figure(name):
    adapter, model = ADAPTERS[name], glassbox.load(name)
    used = {given for table in model.tables for given in table.of}
    assert used <= set(adapter.reasons)
    for code in {adapter.reasons[each] for each in used}:
        assert set(serving.reasons()[code]) == {"en", "zh-hans"}
        assert features.own_value(code, GOOD)


def test_a_thin_file_asks_for_ten_fields_at_the_most():
    """Of the application, and none of a bureau."""
    from dataclasses import fields

    read = {fact for fact in (each.name for each in fields(GOOD)) if serving.standing(replace(GOOD, **{fact: OTHER[fact]}), name="thin_file") != _now()}
    assert len(read) <= 10
    assert not read & {"overdue_count_6m", "debt_total", "debt_other_platforms", "debt_monthly"}
    assert len(glassbox.load("thin_file").fields) <= 10


OTHER = {"amount": 10**9, "term_months": 36, "purpose": "vehicle", "currency": "XXX", "income_monthly": 1, "debt_monthly": 10**9, "debt_total": 10**9}
OTHER |= {"debt_other_platforms": 10**9, "overdue_count_6m": 9, "months_at_work": 0, "occupation": "unemployed", "housing": "own"}


def _now():
    return serving.standing(GOOD, name="thin_file")


@pytest.mark.parametrize("change", [{"income_monthly": None}, {"months_at_work": None}, {"occupation": "astronaut"}, {"purpose": "gold"}, {"currency": "USD"}])
def test_what_is_missing_unknown_or_in_another_currency_is_referred(change):
    found = serving.score(replace(GOOD, **change), name="thin_file")
    assert (found.outcome, found.pd, found.missing) == ("refer", None, tuple(change))


def test_one_policy_whoever_computes_the_probability():
    for points in (400, 530, 570, 600, 700):
        pd = policy.probability(POLICY, points)
        assert policy.points(POLICY, pd) in (points, points - 1), "rounded down"
    found = serving.score(GOOD, name="thin_file")
    outcome = policy.outcome(POLICY, found.pd, policy.burden(POLICY, GOOD, debts=0), rules=lending_rules.load())
    assert (found.grade, found.outcome) == (policy.grade(POLICY, found.pd), outcome)


@pytest.mark.parametrize("name", serving.names())
@pytest.mark.parametrize("change", [{"income_monthly": 0}, {"income_monthly": 10_000}, {"amount": 60_000_000}, {"amount": 10**15}])
def test_what_income_does_not_carry_is_never_approved_by_itself_and_says_so(name, change):
    facts = replace(GOOD, **change)
    found = serving.score(facts, name=name)
    assert policy.burden(POLICY, facts, debts=0) > 1
    assert found.outcome != "approve"
    assert serving.BURDEN in [reason.code for reason in found.reasons]
    carried = [reason.counterfactual for reason in found.reasons if reason.counterfactual]
    assert all(policy.burden(POLICY, replace(facts, **{fact: way[fact] for fact in way if fact in facts.as_dict()}), debts=0) <= 1 for way in carried)


def test_debts_alone_can_take_all_of_an_income():
    assert serving.score(replace(GOOD, debt_monthly=GOOD.income_monthly), name="expert-2026-11").outcome != "approve"


def test_a_recalibration_moves_the_probability_and_nothing_else():
    worse = policy.Calibration(Decimal("0.7"), Decimal(1))
    for name in serving.names():
        before, after = serving.score(GOOD, name=name), serving.score(GOOD, name=name, calibration=worse)
        odds = [pd / (1 - pd) for pd in (before.pd, after.pd)]
        assert abs(odds[1] / odds[0] - Decimal("0.7").exp()) < Decimal("1e-6")
        assert [reason.points_lost for reason in before.reasons] == [reason.points_lost for reason in after.reasons]
    assert policy.calibrated(Decimal("0.05"), policy.Calibration(Decimal(0), Decimal(1))) == Decimal("0.05")


@pytest.mark.parametrize("name", ["lendingclub_2018", "nobody", "../facts", ""])
def test_a_model_without_an_adapter_scores_nobody(name):
    with pytest.raises(serving.UnknownModel):
        serving.score(GOOD, name=name)


def test_the_registry_holds_every_fact_and_no_other():
    assert features.check() == []
    assert {source for sources in features.FACTS.values() for source in sources} <= set(features.SOURCES)


@pytest.mark.parametrize("stranger", ["contacts_count", "friendsIncome", "circle.size", "relative_defaults", "emergencyContactPhone", "familyIncome", "age"])
def test_no_model_with_an_input_from_contacts_is_admitted(stranger):
    """Wherever the name stands: a field, an input made of fields, or the axis of a table."""
    honest = glassbox.load("thin_file")
    features.admit(honest)
    field = replace(honest, fields={**honest.fields, stranger: {"kind": "number"}})
    made = replace(honest, inputs=(*honest.inputs, {"name": stranger, "op": "value", "of": ["Term"]}))
    axis = replace(honest, tables=(*honest.tables, replace(honest.tables[0], of=(stranger,))))
    for model in (field, made, axis):
        with pytest.raises(scorecard.RefusedFeature):
            features.admit(model)


def test_an_input_that_nobody_registered_is_not_admitted():
    honest = glassbox.load("thin_file")
    axis = replace(honest, tables=(*honest.tables, replace(honest.tables[0], of=("shoe_size",))))
    with pytest.raises(scorecard.RefusedFeature):
        features.admit(axis)
    with pytest.raises(scorecard.RefusedFeature):
        features.admit(glassbox.load("lendingclub_2018"))


def test_a_fact_from_contacts_would_fail_the_registry(monkeypatch):
    wrong = copy.copy(dict(features.FACTS)) | {"contacts_reached": ("contacts",)}
    monkeypatch.setattr(features, "FACTS", wrong)
    assert len(features.check()) == 3
