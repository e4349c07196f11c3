"""Trained models as data: sealed files, exact sums, and files scored without anything that trains."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit import glassbox, recipes
from credit.score_dataset import run_command, score_file

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = glassbox.names()
BODY = {
    "schema": "glassbox/1",
    "name": "two_fields",
    "fields": {"income": {"kind": "number", "least": 0, "not_known": [9.5]}, "loan": {"kind": "number", "least": 0}, "purpose": {"kind": "text"}},
    "inputs": [
        {"name": "burden", "op": "ratio", "of": ["loan", "income"]},
        {"name": "purpose.level", "op": "levels", "of": ["purpose"], "levels": {"car": 0.1, "boat": 0.4}, "otherwise": 0.2},
    ],
    "intercept": -1.0,
    "tables": [
        {"of": ["burden"], "edges": [[0.5, 1.0]], "points": [0.25, -1.0, 0.0, 1.0]},
        {"of": ["burden", "purpose.level"], "edges": [[0.5], [0.3]], "points": [[0, 0, 0], [0, -0.1, 0.1], [0, 0.2, 0.3]]},
    ],
}


def model():
    return glassbox.parse(*glassbox.opened(glassbox.sealed(BODY)))


def given(**fields):
    return {"income": [100.0], "loan": [50.0], "purpose": ["car"]} | {name: [value] for name, value in fields.items()}


def points(**fields):
    found = model()
    return glassbox.contributions(found, glassbox.read(found, given(**fields)))[0].tolist()


def test_cells_include_their_upper_edge():
    assert points(loan=50) == [-1.0, -0.1]
    assert points(loan=50.01) == [0.0, 0.2]
    assert points(loan=1000, purpose="boat") == [1.0, 0.3]


@pytest.mark.parametrize("unknown", [None, float("nan"), float("inf"), 9.5, -1, "many", [], {}])
def test_what_cannot_be_read_is_not_known(unknown):
    assert points(income=unknown) == [0.25, 0.0]


@pytest.mark.parametrize("same", ["100", "100 CNY", Decimal(100), np.float32(100), np.int16(100), "100.0"])
def test_a_number_is_a_number_in_any_type(same):
    assert points(income=same) == [-1.0, -0.1]


def test_unseen_level_stands_in_the_middle():
    assert points(purpose="plane") == points(purpose=None) == [-1.0, -0.1]


def test_nothing_of_nothing_is_no_burden_and_something_of_nothing_the_largest():
    assert points(loan=0, income=0) == [-1.0, -0.1]
    assert points(loan=1, income=0) == [1.0, 0.2]


@pytest.mark.parametrize(
    ("read", "number"), [("10+ years", 10), ("< 1 year", 0.5), (" 36 months", 36), ("other", None), (True, 1), ("-3", -3), ("1,200.5", 1200.5)]
)
def test_numbers_in_texts(read, number):
    found = recipes.number([read])[0]
    assert np.isnan(found) if number is None else found == number


def test_every_altered_byte_is_noticed():
    raw = glassbox.sealed(BODY)
    for place in range(len(raw)):
        altered = bytearray(raw)
        altered[place] ^= 1
        with pytest.raises(glassbox.AlteredModel):
            glassbox.opened(bytes(altered))
    for other in (b"", raw[:-1], raw + b"\n", b" " + raw):
        with pytest.raises(glassbox.AlteredModel):
            glassbox.opened(other)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "scorecard/1"},
        {"tables": [{"of": ["age"], "edges": [[1.0]], "points": [0, 0, 0]}]},
        {"tables": [{"of": ["burden"], "edges": [[1.0]], "points": [0, 0]}]},
    ],
)
def test_a_model_that_does_not_fit_together_is_refused(change):
    with pytest.raises(glassbox.AlteredModel):
        glassbox.parse(BODY | change, "")


@pytest.mark.parametrize("name", ["nobody", "../facts", "cards/prosper2_2009_2014", "", "expert-2026-11"])
def test_unknown_model(name):
    with pytest.raises(glassbox.UnknownModel):
        glassbox.load(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_small_and_read_at_most_two_inputs_at_a_time(name):
    found = glassbox.load(name)
    assert found.name == name
    assert all(1 <= len(table.of) <= 2 for table in found.tables)
    assert (glassbox.MODELS / f"{name}.json").stat().st_size < 400_000


def strange(found, rows=40):
    """A file of the model's schema with gaps, unseen levels and every column in an odd type."""
    rng = np.random.default_rng(1)
    columns = {"row_id": pa.array([f"r{row}" for row in range(rows)])}
    for name, kind in found.fields.items():
        values = [None if rng.random() < 0.2 else float(rng.integers(0, 1000)) for _ in range(rows)]
        columns[name] = pa.array([None if v is None else f"never seen {v}" for v in values]).dictionary_encode() if kind["kind"] == "text" else pa.array(values)
    return pa.table(columns)


@pytest.mark.parametrize("name", SHIPPED)
def test_any_file_of_the_schema_is_scored_in_order(name, tmp_path):
    table = strange(glassbox.load(name))
    pq.write_table(table, tmp_path / "in.parquet")
    assert score_file(model=name, source=tmp_path / "in.parquet", target=tmp_path / "out.parquet") == 40
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == ["row_id", "pd"]
    assert out["row_id"].to_pylist() == table["row_id"].to_pylist()
    assert all(0 < pd < 1 for pd in out["pd"].to_pylist())
    empty = table.slice(0, 0)
    pq.write_table(empty, tmp_path / "in.parquet")
    assert score_file(model=name, source=tmp_path / "in.parquet", target=tmp_path / "out.parquet") == 0


def test_contributions_are_the_whole_score():
    for name in SHIPPED:
        found = glassbox.load(name)
        raw = {field: strange(found)[field].to_pylist() for field in found.fields}
        columns = glassbox.read(found, raw)
        whole = found.intercept + glassbox.contributions(found, columns).sum(axis=1)
        pd = glassbox.predict(found, raw)
        assert np.abs(np.log(pd / (1 - pd)) - whole).max() < 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage"),
        (["--model", "nobody", "in", "out"], "no model 'nobody'"),
        (["--model=prosper2_2009_2014", "absent.parquet", "out"], "cannot read absent.parquet"),
        (["--model=prosper2_2009_2014", "README.md", "out"], "cannot read README.md"),
        (["--quick", "a", "b"], "unknown switch --quick"),
    ],
)
def test_wrong_calls_get_one_line(arguments, message, capsys):
    assert run_command(arguments, stdout=sys.stdout, stderr=sys.stderr) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1


def test_an_outcome_column_is_not_read_and_the_input_is_never_written_over(tmp_path, capsys):
    table = strange(glassbox.load("german_1994"))
    pq.write_table(table, tmp_path / "plain.parquet")
    pq.write_table(table.append_column("bad", pa.array([["no", "number"]] * len(table))), tmp_path / "with.parquet")
    for name in ("plain", "with"):
        score_file(model="german_1994", source=tmp_path / f"{name}.parquet", target=tmp_path / f"{name}.out")
    assert pq.read_table(tmp_path / "with.out") == pq.read_table(tmp_path / "plain.out")
    before = (tmp_path / "plain.parquet").read_bytes()
    arguments = ["--model", "german_1994", str(tmp_path / "plain.parquet"), str(tmp_path / ".." / tmp_path.name / "plain.parquet")]
    assert run_command(arguments, stdout=sys.stdout, stderr=sys.stderr) == 2
    assert "name another" in capsys.readouterr().err
    assert (tmp_path / "plain.parquet").read_bytes() == before


def test_a_model_altered_by_one_byte_scores_no_file(tmp_path, monkeypatch, capsys):
    raw = bytearray((glassbox.MODELS / "german_1994.json").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "german_1994.json").write_bytes(raw)
    monkeypatch.setattr(glassbox, "MODELS", tmp_path)
    monkeypatch.setattr(glassbox, "load", glassbox.load.__wrapped__)
    pq.write_table(strange(glassbox.parse(BODY, "")), tmp_path / "in.parquet")
    arguments = ["--model", "german_1994", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    assert run_command(arguments, stdout=sys.stdout, stderr=sys.stderr) == 2
    assert capsys.readouterr().err == "score_dataset: the model's file was altered after it was sealed\n"
    assert not (tmp_path / "out.parquet").exists()


def test_a_file_of_another_schema_names_what_it_lacks(tmp_path, capsys):
    pq.write_table(pa.table({"row_id": [1], "bad": [0]}), tmp_path / "in.parquet")
    arguments = ["--model", "prosper2_2009_2014", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    assert run_command(arguments, stdout=sys.stdout, stderr=sys.stderr) == 2
    assert "StatedMonthlyIncome" in capsys.readouterr().err
    assert not (tmp_path / "out.parquet").exists()


def spoiled(table, path):
    """A file that is whole at its end, and not before."""
    pq.write_table(table, path)
    raw = bytearray(path.read_bytes())
    raw[4:60] = bytes(56)
    path.write_bytes(raw)


def twice(table):
    return pa.table([*table.columns, table.columns[1]], names=[*table.column_names, table.column_names[1]])


def as_lists(table):
    return table.set_column(1, table.column_names[1], pa.array([[1.0]] * len(table)))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (spoiled, "cannot read"),
        (lambda table, path: path.write_bytes(b""), "cannot read"),
        (lambda table, path: pq.write_table(twice(table), path), "more than one"),
        (lambda table, path: pq.write_table(as_lists(table), path), "neither numbers nor texts"),
    ],
)
def test_a_file_that_cannot_be_scored_gets_one_line_and_no_answer(write, message, tmp_path, capsys):
    write(strange(glassbox.load("german_1994")), tmp_path / "in.parquet")
    arguments = ["--model", "german_1994", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    assert run_command(arguments, stdout=sys.stdout, stderr=sys.stderr) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.parquet").exists()


def test_scoring_loads_nothing_that_trains_and_no_django(tmp_path):
    found = glassbox.load("prosper2_2009_2014")
    pq.write_table(strange(found), tmp_path / "in.parquet")
    program = (
        "import sys; sys.argv = ['manage.py', 'score_dataset', '--model', 'prosper2_2009_2014', sys.argv[1], sys.argv[2]]\n"
        "import manage\n"
        "try: manage.main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "import json; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": ""})
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {"lightgbm", "sklearn", "scipy", "django", "pickle5", "joblib"}
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 40
