"""The scorecard: exact reasons, no guesses, no outsiders."""

import copy
import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit import policy, scorecard
from credit.facts import AMOUNT_MAX, MOST, Facts, ImpossibleFacts, parse

GOOD = Facts(
    amount=3_000_000,
    term_months=12,
    purpose="equipment",
    currency="CNY",
    income_monthly=1_200_000,
    debt_monthly=0,
    debt_total=0,
    debt_other_platforms=0,
    overdue_count_6m=0,
    months_at_work=72,
    occupation="employed",
    housing="rent",
)
MODEL, DIGEST = scorecard.load()


def test_good_facts_are_approved_with_the_model_named():
    found = scorecard.score(GOOD)
    assert (found.outcome, found.missing) == ("approve", ())
    assert found.as_dict()["model"] == f"expert-2026-11@{DIGEST}"
    assert len(DIGEST) == 64


def test_pd_halves_its_odds_every_step():
    """600 points are odds of 20 : 1; 40 points more double them."""
    assert policy.probability(MODEL, 600) == Decimal("0.0476190476")
    assert policy.probability(MODEL, 640) == Decimal("0.0243902439")
    assert abs(float(policy.probability(MODEL, 573)) - 1 / (1 + 20 * math.exp(-27 / 40 * math.log(2)))) < 1e-9


def test_reasons_are_the_points_lost_against_the_best_bin():
    best = scorecard.score(replace(GOOD, occupation="civil_servant", amount=600_000))
    found = scorecard.score(replace(GOOD, occupation="civil_servant", amount=600_000, overdue_count_6m=2))
    assert found.points == best.points - 60
    assert found.reasons[0].code == "overdue"
    assert found.reasons[0].points_lost == 60
    assert found.reasons[0].value == "2"
    assert set(found.reasons[0].text) == {"en", "zh-hans"}


def test_up_to_four_reasons_account_for_every_point_lost():
    best = MODEL["scale"]["base_points"] + sum(scorecard._best(feature) for feature in MODEL["features"])
    found = scorecard.score(replace(GOOD, occupation="unskilled", amount=600_000, overdue_count_6m=1, months_at_work=8, purpose="other"))
    assert len(found.reasons) == 4
    assert best - found.points == sum(reason.points_lost for reason in found.reasons)


@pytest.mark.parametrize("name", ["income_monthly", "debt_monthly", "debt_other_platforms", "overdue_count_6m", "months_at_work", "occupation"])
def test_missing_data_refers_and_never_approves(name):
    found = scorecard.score(replace(GOOD, **{name: None}))
    assert (found.outcome, found.missing, found.pd, found.points) == ("refer", (name,), None, None)


def test_code_without_points_is_not_guessed():
    found = scorecard.score(replace(GOOD, occupation="astronaut"))
    assert (found.outcome, found.missing) == ("refer", ("occupation",))


def test_no_income_at_all_is_known_and_never_approved():
    found = scorecard.score(replace(GOOD, income_monthly=0))
    assert found.missing == ()
    assert found.outcome == "refer"
    assert scorecard.score(replace(GOOD, income_monthly=0, months_at_work=0)).outcome == "decline"
    assert found.reasons[0].value == "999.000"


def test_bad_facts_are_declined_with_one_to_four_reasons():
    found = scorecard.score(replace(GOOD, amount=30_000_000, overdue_count_6m=4, months_at_work=3, debt_other_platforms=20_000_000))
    assert found.outcome == "decline"
    assert 1 <= len(found.reasons) <= 4
    assert all(reason.points_lost > 0 for reason in found.reasons)


@pytest.mark.parametrize(
    "change", [{"source": "contacts.references"}, {"source": "circle"}, {"input": "age"}, {"code": "sex"}, {"code": "friends_count"}, {"input": "bias"}]
)
def test_registry_refuses_outsiders_and_protected_attributes(change):
    model = copy.deepcopy(MODEL)
    model["features"][0].update(change)
    with pytest.raises(scorecard.RefusedFeature):
        scorecard.check_features(model)


@pytest.mark.parametrize(
    "source", ["families.debt", "familyDebt", "contact-count", "CONTACTS/count", "applicant.nationalities", "applicantAge", "AGE.band", "file.date_of_birth"]
)
def test_no_spelling_of_a_refused_source_passes(source):
    model = copy.deepcopy(MODEL)
    model["features"][0]["source"] = source
    with pytest.raises(scorecard.RefusedFeature):
        scorecard.check_features(model)


def test_a_file_altered_by_one_byte_decides_nothing():
    raw = (scorecard.MODELS / "expert-2026-11.json").read_bytes()
    assert scorecard.opened("expert-2026-11", raw)[1] == DIGEST
    for place in range(0, len(raw), 97):
        altered = bytearray(raw)
        altered[place] ^= 1
        with pytest.raises(scorecard.AlteredModel):
            scorecard.opened("expert-2026-11", bytes(altered))
    with pytest.raises(scorecard.AlteredModel):
        scorecard.opened("expert-2026-12", raw)


@pytest.mark.parametrize("source", ["application.mortgage", "card.usage"])
def test_innocent_words_are_not_refused(source):
    model = copy.deepcopy(MODEL)
    model["features"][0]["source"] = source
    scorecard.check_features(model)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "1"}, "amount"),
        ({"term_months": 0}, "term_months"),
        ({"income_monthly": -1}, "income_monthly"),
        ({"overdue_count_6m": 1.5}, "overdue_count_6m"),
        ({"overdue_count_6m": 10**9}, "overdue_count_6m"),
        ({"months_at_work": 1201}, "months_at_work"),
        ({"currency": "yuan"}, "currency"),
        ({"currency": "CN¥"}, "currency"),
        ({"purpose": ""}, "purpose"),
        ({"occupation": 5}, "occupation"),
        ({"contacts": 12}, "contacts"),
    ],
)
def test_impossible_facts_name_their_field(change, field):
    with pytest.raises(ImpossibleFacts) as caught:
        parse(GOOD.as_dict() | change)
    assert caught.value.field == field


def test_facts_survive_json():
    assert parse(json.loads(json.dumps(GOOD.as_dict()))) == GOOD


amounts = st.integers(0, 5_000_000)
any_facts = st.builds(
    Facts,
    amount=st.integers(500_000, 50_000_000),
    term_months=st.sampled_from([6, 9, 12, 18, 24, 36, 48]),
    purpose=st.sampled_from(["equipment", "premises", "vehicle", "home", "working_capital", "education", "other"]),
    currency=st.just("CNY"),
    income_monthly=amounts,
    debt_monthly=amounts,
    debt_total=amounts,
    debt_other_platforms=amounts,
    overdue_count_6m=st.integers(0, 6),
    months_at_work=st.integers(0, 200),
    occupation=st.sampled_from(["civil_servant", "manager", "employed", "skilled", "self_employed", "unskilled", "unemployed"]),
    housing=st.just("own"),
)


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_points_add_up_and_every_way_out_ends_in_an_approval(facts):
    found = scorecard.score(facts)
    best = MODEL["scale"]["base_points"] + sum(scorecard._best(feature) for feature in MODEL["features"])
    assert found.points <= best - sum(reason.points_lost for reason in found.reasons)
    assert found.pd == policy.probability(MODEL, found.points)
    assert [reason.points_lost for reason in found.reasons] == sorted((reason.points_lost for reason in found.reasons), reverse=True)
    for reason in found.reasons:
        if reason.counterfactual:
            change = {name: value for name, value in reason.counterfactual.items() if name not in ("outcome", "grade")}
            assert set(change) <= {"amount", "term_months", "debt_monthly", "debt_other_platforms"}, "what a person can still change"
            again = scorecard.score(replace(facts, **change))
            assert (again.outcome, again.grade) == ("approve", reason.counterfactual["grade"])
            assert found.outcome != "approve"


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_invariant_21_a_no_or_a_lower_grade_has_reasons_and_says_from_what_data(facts):
    found = scorecard.score(facts)
    if found.outcome == "approve" and found.grade == "A":
        return
    assert found.reasons
    sources = {feature["code"]: feature["source"] for feature in MODEL["features"]}
    for reason in found.reasons:
        assert all(reason.text[language].strip() for language in ("en", "zh-hans"))
        assert sources[reason.code].startswith("application.")
        assert reason.value != ""


def test_each_way_out_is_the_smallest_step_of_its_kind_and_stands_beside_its_reason():
    large = replace(GOOD, amount=13_000_000, months_at_work=36, debt_other_platforms=4_000_000)
    given = {reason.code: dict(reason.counterfactual) for reason in scorecard.score(large).reasons if reason.counterfactual}
    assert given == {
        "loan_to_income": {"amount": 8_450_000, "outcome": "approve", "grade": "D"},
        "debt_service": {"term_months": 24, "outcome": "approve", "grade": "D"},
        "platform_debt": {"debt_other_platforms": 2_800_000, "outcome": "approve", "grade": "D"},
    }
    for more in ({"amount": 9_100_000}, {"term_months": 18}, {"debt_other_platforms": 3_200_000}):
        assert scorecard.score(replace(large, **more)).outcome == "refer", "one step less does not do"
    both = scorecard.score(replace(large, amount=25_000_000, overdue_count_6m=1)).reasons[0].counterfactual
    assert both == {"amount": 12_500_000, "term_months": 24, "outcome": "approve", "grade": "D"}


def test_nothing_is_promised_when_nothing_would_help():
    hopeless = replace(GOOD, amount=30_000_000, overdue_count_6m=6, months_at_work=1, occupation="unemployed", income_monthly=0)
    assert [reason.counterfactual for reason in scorecard.score(hopeless).reasons if reason.counterfactual] == []


@settings(max_examples=100, deadline=None)
@given(any_facts, st.sampled_from(["debt_monthly", "debt_other_platforms", "overdue_count_6m"]), st.integers(1, 10**6))
def test_more_burden_never_scores_better(facts, name, more):
    heavier = min(getattr(facts, name) + more, MOST.get(name, AMOUNT_MAX))
    assert scorecard.score(replace(facts, **{name: heavier})).points <= scorecard.score(facts).points
