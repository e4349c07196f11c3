"""Training: what may enter, what comes out, and that tables are the trees exactly."""

import io
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from credit import glassbox
from credit.training import evaluation, fitting, measures, reading, split, tables, train
from credit.training.fitting import Plan
from credit.training.sets import DataSet, numbers, plain, ratio, texts, without

TOY = DataSet(
    name="toy",
    title={"en": "Toy", "zh-hans": "示例"},
    period="2020",
    fields=numbers("income", "loan", "noise") | texts("purpose"),
    inputs=(*plain(-1, "income"), *plain(0, "loan", "noise"), ratio("burden", "loan", "income", +1)),
    levels=("purpose",),
    price={"rate": +1},
    circle=("friends",),
    period_of=lambda row: str(row["issued"]),
    not_used=("issued",),
    by_time=(("late", "2020-06", "2020-07", "2020-12"),),
)
QUICK = Plan(rounds=120, learning_rate=0.1, seeds=2, pairs=4, least_in_leaf=20, fraction=1.0)


def toy(rows=1500, seed=0):
    rng = np.random.default_rng(seed)
    income, loan = rng.uniform(10, 100, rows), rng.uniform(1, 100, rows)
    purpose = rng.choice(["car", "boat", "home"], rows)
    odds = -1 + 1.2 * np.log(loan / income) + (purpose == "boat") * np.where(loan > 50, 1.0, -0.5)
    return {
        "row_id": list(range(rows)),
        "bad": (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int).tolist(),
        "income": [None if rng.random() < 0.1 else float(value) for value in income],
        "loan": loan.tolist(),
        "noise": rng.normal(size=rows).tolist(),
        "purpose": purpose.tolist(),
        "rate": (odds + rng.normal(size=rows) * 2).tolist(),
        "friends": rng.integers(0, 3, rows).tolist(),
        "issued": [f"2020-{month:02}" for month in rng.integers(1, 13, rows)],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("data")
    pq.write_table(pa.table(toy()), found / "toy.parquet")
    return found


@pytest.fixture
def known(folder, monkeypatch):
    monkeypatch.setenv("CREDIT_DATA", str(folder))
    monkeypatch.setitem(reading.SETS, "toy", TOY)


def rows(known=None):
    return reading.read(TOY)


def test_a_row_is_divided_by_the_published_rule():
    """SHA-256 of "german_1994:0" begins with the eight digits that give this bucket."""
    import hashlib

    assert split.bucket("german_1994", 0) == int(hashlib.sha256(b"german_1994:0").hexdigest()[:8], 16) % 100
    assert split.aside([("s", row) for row in range(1000)]).mean() == pytest.approx(0.23, abs=0.04)


def test_without_the_folder_training_says_what_to_set(monkeypatch):
    monkeypatch.delenv("CREDIT_DATA", raising=False)
    with pytest.raises(CommandError, match="CREDIT_DATA is not set"):
        call_command("train_scorecard", "lendingclub_2018")


@pytest.mark.parametrize(("name", "message"), [("nobody", "unknown set"), ("german_1994", "there is no file")])
def test_unknown_set_and_absent_file(known, name, message):
    with pytest.raises(CommandError, match=message):
        call_command("train_scorecard", name)


def test_a_leaked_column_stops_the_training(known, tmp_path):
    leaked = pa.table(toy(50) | {"recoveries": [0.0] * 50})
    pq.write_table(leaked, tmp_path / "toy.parquet")
    with pytest.raises(reading.LeakedColumn, match="recoveries"):
        reading.read(TOY, tmp_path / "toy.parquet")


def without_column(name):
    return lambda columns: {column: values for column, values in columns.items() if column != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_column("income"), "lacks income"),
        (without_column("bad"), "lacks bad"),
        (without_column("rate"), "lacks rate"),
        (lambda columns: columns | {"bad": [*columns["bad"][:-1], None]}, "neither 0 nor 1 in 1 rows, the first of them row 299"),
        (lambda columns: columns | {"bad": ["yes"] * 300}, "neither 0 nor 1 in 300 rows"),
        (lambda columns: columns | {"bad": [0] * 300}, "300 rows, 0 of them bad"),
        (lambda columns: {name: values[:20] for name, values in columns.items()}, "20 rows"),
        (lambda columns: {name: pa.array([], pa.float64()) for name in columns}, "0 rows"),
        (lambda columns: columns | {"loan": ["much"] * 300}, "loan holds no numbers"),
        (lambda columns: columns | {"income": [[1.0]] * 300}, r"neither numbers nor texts in income \(list"),
        (lambda columns: columns | {"purpose": [b"car"] * 300}, "neither numbers nor texts in purpose"),
    ],
)
def test_a_file_that_cannot_be_trained_on_gets_one_line(known, tmp_path, monkeypatch, change, message):
    pq.write_table(pa.table(change(toy(300))), tmp_path / "toy.parquet")
    monkeypatch.setenv("CREDIT_DATA", str(tmp_path))
    with pytest.raises(CommandError, match=message) as caught:
        call_command("train_scorecard", "toy")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"PAR1 and nothing more", b"PAR1" + bytes(60) + b"PAR1"])
def test_a_file_that_is_no_parquet_gets_one_line(known, tmp_path, monkeypatch, raw):
    (tmp_path / "toy.parquet").write_bytes(raw)
    monkeypatch.setenv("CREDIT_DATA", str(tmp_path))
    with pytest.raises(CommandError, match="cannot read") as caught:
        call_command("train_scorecard", "toy")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"fields": TOY.fields | numbers("friends_money")},
        {"fields": TOY.fields | numbers("rate")},
        {"fields": TOY.fields | texts("friends")},
        {"inputs": (*TOY.inputs, ratio("cheap", "rate", "income"))},
        {"inputs": (*TOY.inputs, ratio("told", "bad", "income"))},
        {"levels": ("friends",)},
    ],
)
def test_no_declaration_lets_price_circle_or_outcome_in(change):
    with pytest.raises(reading.LeakedColumn):
        reading.check_inputs(replace(TOY, **change))


@pytest.mark.parametrize("of", reading.SETS.values(), ids=lambda of: of.name)
def test_declared_sets_keep_their_word(of):
    reading.check_inputs(of)
    assert not set(of.fields) & set(of.kept_out)
    assert set(of.thin) <= set(of.fields)
    assert set(of.cosigner) <= set(of.fields)
    assert len(of.thin) <= 10


def test_tables_are_the_trees_exactly(known):
    data = rows()
    made = fitting.design(TOY, data)
    booster = lgb.train(QUICK.parameters() | {"monotone_constraints": made.trends}, lgb.Dataset(made.matrix, data.bad), 150)
    trees = [info["tree_structure"] for info in booster.dump_model()["tree_info"]]
    found, intercept = tables.compiled(trees, made.names, made.columns, scale=1)
    body = {"schema": glassbox.SCHEMA, "name": "toy", "fields": {}, "inputs": [{"name": name} for name in made.names], "tables": found, "intercept": intercept}
    odds = glassbox.log_odds(fitting.model(body), made.columns)
    assert np.abs(odds - booster.predict(made.matrix, raw_score=True)).max() < 1e-4  # points are written with six decimals
    assert all(len(table["of"]) <= 2 for table in found)


def test_a_tree_over_three_inputs_has_no_table():
    def node(feature, left, right):
        return {"split_feature": feature, "threshold": 0.0, "left_child": left, "right_child": right}

    leaf = {"leaf_value": 1.0}
    with pytest.raises(tables.TooManyInputs):
        tables.inputs_of(node(0, node(1, leaf, leaf), node(2, leaf, leaf)))


def test_pair_tables_hold_only_what_belongs_to_the_pair(known):
    data = rows()
    body = fitting.champion(data, QUICK)
    model = fitting.model(body)
    columns = glassbox.read(model, data.raw)
    pairs = [table for table in model.tables if len(table.of) == 2]
    assert 1 <= len(pairs) <= QUICK.pairs
    for table in model.tables:
        assert abs(table.at(columns).mean()) < 0.02


def test_more_burden_never_lowers_the_risk(known):
    model = fitting.model(fitting.champion(rows(), QUICK))
    steps = np.linspace(10, 100, 60)
    raw = {"income": steps[::-1].tolist(), "loan": [50.0] * 60, "noise": [0.0] * 60, "purpose": ["car"] * 60}
    assert (np.diff(glassbox.predict(model, raw)) >= -1e-6).all()


def test_training_writes_a_sealed_model_and_its_card(known, tmp_path):
    card = train.train("toy", models=tmp_path, cards=tmp_path / "cards", plan=QUICK)
    body, digest = glassbox.opened((tmp_path / "toy.json").read_bytes())
    assert card["model_sha256"] == digest
    assert (body["name"], "friends" in body["fields"], "rate" in body["fields"]) == ("toy", False, False)
    shown = card["set_aside"]
    assert shown["champion"]["rows"] == card["rows"]["set_aside"]
    assert shown["champion"]["auc"] > 0.7
    assert abs(shown["against_challenger"]["delta_auc"]) < 0.05
    assert [row["period"] for row in card["out_of_time"]] == ["late"]
    assert {row["how"] for row in card["out_of_time"][0]["recalibrated"]} == {"month_before", "other_half"}
    again = train.train("toy", models=tmp_path / "again", cards=tmp_path / "cards", plan=QUICK)
    assert again == card, "the same data give the same model and the same figures"


def test_the_rows_set_aside_do_not_change_the_model(known, folder, tmp_path):
    changed = toy()
    mine = split.aside(("toy", row) for row in changed["row_id"])
    changed["bad"] = [1 - bad if aside else bad for bad, aside in zip(changed["bad"], mine, strict=True)]
    pq.write_table(pa.table(changed), tmp_path / "toy.parquet")
    one, other = rows(), reading.read(TOY, tmp_path / "toy.parquet")
    assert fitting.champion(one.where(~one.aside), QUICK) == fitting.champion(other.where(~other.aside), QUICK)


def test_measures_by_hand():
    bad, risk = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.9])
    assert measures.auc(bad, risk) == 0.875
    assert measures.ks(bad, risk) == 0.5
    assert measures.brier(bad, risk) == pytest.approx((0.01 + 0.16 + 0.36 + 0.01) / 4)
    assert measures.ece(bad, risk) == pytest.approx((0.1 + abs(0.8 - 1) + 0.1) / 4)
    many = np.tile(bad, 20), np.tile(risk, 20)
    assert measures.paired(*many, many[1])["interval"] == [0, 0]


def test_recalibration_brings_back_level_and_slope():
    rng = np.random.default_rng(2)
    odds = rng.normal(-1, 1.5, 40_000)
    bad = (rng.random(40_000) < 1 / (1 + np.exp(-(0.5 + 0.7 * odds)))).astype(float)
    intercept, slope = fitting.recalibration(bad, odds)
    assert (intercept, slope) == (pytest.approx(0.5, abs=0.05), pytest.approx(0.7, abs=0.05))
    assert evaluation.shift(bad, 0.7 * odds) == pytest.approx(0.5, abs=0.05)


def test_the_command_prints_what_it_made(known, monkeypatch, tmp_path):
    monkeypatch.setattr(train, "PLANS", {"toy": QUICK})
    monkeypatch.setattr(train.train, "__kwdefaults__", train.train.__kwdefaults__ | {"models": tmp_path, "cards": tmp_path})
    said = io.StringIO()
    call_command("train_scorecard", "toy", stdout=said)
    assert said.getvalue().startswith("toy@")
    assert "AUC 0." in said.getvalue()


def test_the_study_compares_the_same_rows_with_and_without(known, monkeypatch, tmp_path):
    """A circle column of noise gains nothing; one that tells the outcome would be seen; the command names the folder it needs."""
    from credit.training import evidence

    monkeypatch.setattr(evidence, "SMALL_PLAN", replace(QUICK, rounds=40))
    monkeypatch.setattr(evidence, "PLAN", replace(QUICK, rounds=40))
    monkeypatch.setattr(evidence, "SEEDS", 1)
    monkeypatch.setitem(reading.SETS, "toy", replace(TOY, thin=("income", "loan")))
    found = evidence.regenerate(tmp_path / "evidence.json", ["toy"])["sets"][0]["measured"][0]
    assert found["columns"] == ["friends"]
    assert 0.6 < found["share_with_any"] < 0.73
    assert abs(found["set_aside"]["delta_auc"]) < 0.02
    telling = rows()
    telling.raw["friends"] = [2 * bad + friends for bad, friends in zip(telling.bad, telling.raw["friends"], strict=True)]
    both = evidence._gain(telling, TOY, evidence.with_columns(TOY, ("friends",)), TOY.by_time[0])
    assert both["interval"][0] > 0.005
    assert not both["within_margin"]
    monkeypatch.delenv("CREDIT_DATA")
    with pytest.raises(CommandError, match="CREDIT_DATA is not set"):
        call_command("circle_evidence")


def test_taking_columns_away_takes_what_was_made_of_them():
    left = without(TOY, ("income", "purpose"))
    assert [each.name for each in left.inputs] == ["loan.value", "noise.value"]
    assert (list(left.fields), left.levels) == (["loan", "noise"], ())
