"""One application at a time is the same model: same values, same contributions, same probability."""

import numpy as np
import pytest

from credit import glassbox, one_row, recipes

NAMES = glassbox.names()
ODD = [None, float("nan"), float("inf"), -1.0, 0.0, 9.5, 0.275947, "36 months", "10+ years", "< 1 year", "other", True, "", "never seen", []]


def cases(model, count=60):
    rng = np.random.default_rng(4)
    texts = {recipe["of"][0]: list(recipe["levels"]) for recipe in model.inputs if "levels" in recipe}
    for row in range(count):
        yield {
            name: (texts.get(name, ["x"])[int(rng.integers(len(texts.get(name, ["x"]))))] if kind["kind"] == "text" else float(rng.integers(0, 60_000)))
            if rng.random() > 0.25
            else ODD[(row + int(rng.integers(len(ODD)))) % len(ODD)]
            for name, kind in model.fields.items()
        }


def test_the_two_ways_have_the_same_operations():
    assert set(one_row.OPERATIONS) == set(recipes.OPERATIONS)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_the_same_model_one_by_one(name):
    model = glassbox.load(name)
    scorer = one_row.Scorer(model)
    for raw in cases(model):
        single = scorer.score(raw)
        columns = glassbox.read(model, {field: [value] for field, value in raw.items()})
        assert [each.added for each in single.contributions] == glassbox.contributions(model, columns)[0].tolist()
        assert single.pd == pytest.approx(float(glassbox.probability(glassbox.log_odds(model, columns))[0]), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_reasons_add_up_to_the_score(name):
    model = glassbox.load(name)
    for raw in cases(model, 20):
        found = one_row.Scorer(model).score(raw)
        assert abs(found.base + sum(each.added for each in found.contributions) - found.log_odds) < 1e-9
        against = found.against()
        assert len(against) <= 4
        assert [each.added for each in against] == sorted((each.added for each in against), reverse=True)
        assert all(each.added > 0 for each in against)


def test_an_absent_field_is_not_known():
    model = glassbox.load(NAMES[0])
    nothing = dict.fromkeys(model.fields)
    assert one_row.Scorer(model).score({}) == one_row.Scorer(model).score(nothing)
