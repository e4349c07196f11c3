"""Groups the model never sees: how alike they are treated, and the search for a model that does it better."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit import cards, fairness, glassbox, scorecard
from credit.fairness import Candidate
from credit.training import alternatives, reading, train
from credit.training.reading import SETS
from tests.credit.test_training import QUICK, TOY, toy

GROUP = np.array(["a"] * 200 + ["b"] * 200)


def test_adverse_impact_is_the_lowest_approval_over_the_highest():
    yes = np.array([True] * 180 + [False] * 20 + [True] * 90 + [False] * 110)
    assert fairness.adverse_impact(yes, GROUP) == pytest.approx(0.5)
    assert fairness.adverse_impact(np.ones(400, dtype=bool), GROUP) == 1


def test_of_few_people_nothing_is_said():
    group = np.array(["a"] * 390 + ["few"] * 10)
    yes = np.array([True] * 390 + [False] * 10)
    assert fairness.adverse_impact(yes, group) == 1
    assert [row["group"] for row in fairness.by_group(np.zeros(400), np.zeros(400), group, share=0.7)] == ["a"]


def test_groups_are_shown_with_approval_and_calibration():
    pd = np.concatenate([np.full(200, 0.1), np.full(200, 0.5)])
    bad = np.concatenate([np.tile([0.0] * 9 + [1.0], 20), np.tile([0.0, 1.0], 100)])
    one, other = fairness.by_group(bad, pd, GROUP, share=0.5)
    assert (one["approved"], other["approved"]) == (1, 0)
    assert (one["observed"], one["expected"]) == (pytest.approx(0.1), pytest.approx(0.1))


def test_the_fairer_model_is_preferred_when_it_costs_little():
    now = Candidate((), 0.750, {"sex": 0.85, "age": 0.95})
    fair = Candidate(("limit",), 0.7485, {"sex": 0.93, "age": 0.92})
    fairest_but_blind = Candidate(("status",), 0.60, {"sex": 0.99, "age": 0.99})
    shifted = Candidate(("bill",), 0.751, {"sex": 0.95, "age": 0.80})
    assert fairness.preferred([shifted, fairest_but_blind, fair], now=now) == fair
    assert fairness.preferred([shifted, fairest_but_blind], now=now) == now


@pytest.mark.parametrize("name", ["taiwan_cards_2005", "german_1994"])
def test_the_card_records_groups_and_search(name):
    card = cards.card(name)
    found = card["fairness"]
    assert set(found["impact"]) == set(found["groups"]) == {"sex", "age"}
    assert all({"approved", "observed", "expected"} <= set(row) for rows in found["groups"].values() for row in rows)
    assert not set(card["fields"]) & set(card["kept_out"]["protected"])
    assert found["search"]["tried"][0]["leaves_out"] == []
    assert len(found["search"]["tried"]) > 5


def test_no_protected_attribute_of_any_set_could_be_a_feature():
    """Not one is a field or an input of its set; the registry refuses each by name, and so does the check of a scorecard."""
    held = {name: of for name, of in SETS.items() if of.protected}
    assert {"german_1994", "taiwan_cards_2005"} <= set(held)
    for of in held.values():
        read = {*of.fields, *(given for each in of.inputs for given in each.of)}
        assert not read & set(of.protected), of.name
        assert all(scorecard.refused(name) for name in of.protected), of.protected
    shipped = {field for name in glassbox.names() for field in glassbox.load(name).fields}
    assert not shipped & {name for of in held.values() for name in of.protected}
    assert not [name for name in shipped if scorecard.refused(name)]


def test_what_the_search_prefers_is_what_is_fitted(tmp_path, monkeypatch):
    """Rich and poor are groups here: a model without income treats them alike. Too dear by the rule; shipped where the rule would allow it."""
    of = replace(TOY, groups={"wealth": lambda row: "poor" if (row["income"] or 0) < 45 else "rich"}, by_time=())
    pq.write_table(pa.table(toy(900)), tmp_path / "toy.parquet")
    monkeypatch.setenv("CREDIT_DATA", str(tmp_path))
    monkeypatch.setitem(SETS, "toy", of)
    monkeypatch.setattr(alternatives, "SMALL_PLAN", replace(QUICK, rounds=25))
    rows = reading.read(of)
    fitted = rows.where(~rows.aside)
    found = alternatives.search(fitted)
    assert found.tried[0].worst < fairness.AIM
    assert found.preferred == found.tried[0], "no field may be left out at that price"
    monkeypatch.setattr(fairness, "COSTS", 0.5)
    card = train.train("toy", models=tmp_path, cards=tmp_path / "cards", plan=replace(QUICK, rounds=25))
    assert card["kept_out"]["fairness"][0] == "income"
    assert "income" not in glassbox.opened((tmp_path / "toy.json").read_bytes())[0]["fields"]
    assert card["fairness"]["impact"]["wealth"] > found.tried[0].worst
