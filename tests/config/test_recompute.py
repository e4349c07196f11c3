"""`manage.py recompute`: shapes, exit codes, and errors that name their field."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.recompute import recompute, run_command

ROOT = Path(__file__).resolve().parents[2]
LOAN = {"method": "equal_installment", "principal_minor": 10_000, "annual_rate": "0.07", "periods": 6, "period": "month", "day_count": "30/360"}
RATE = {"cashflows": [{"amount": -100, "date": "2026-01-01"}, {"amount": "110", "date": "2027-01-01"}], "convention": {"formula": "xirr"}}
PARTS = "penalty,fee,interest,principal"
PAYMENT = {
    "schedule": [{"due_on": "2026-01-31", "principal": 1000, "interest": 30}],
    "charges": [{"kind": "penalties", "due_on": "2026-02-05", "amount": 5}],
    "payments": [{"on": "2026-02-10", "amount": 1040}],
    "order": f"due:{PARTS};advance:{PARTS}",
}


RISK = {
    "pd": "0.05",
    "lgd": 0.6,
    "term_months": 24,
    "target_yield": "0.06",
    "servicing_fee": "0.01",
    "origination_fee": "0.02",
    "cap": {"rate": "0.154", "basis": "apr"},
    "method": "equal_installment",
}


def answer(engine, data, **flags):
    return recompute(engine, json.dumps(data), **flags)[0]


def test_schedule():
    output = answer("schedule", LOAN)
    assert output["totals"] == {"principal": 10_000, "interest": 205, "total": 10_205}
    assert output["installments"][0] == {"number": 1, "due_on": None, "principal": 1643, "interest": 58, "total": 1701, "balance_after": 8357}


def test_rate_has_fifteen_significant_digits():
    assert answer("apr", RATE) == {"rate": "0.100000000000000"}


def test_waterfall():
    output = answer("waterfall", PAYMENT)
    assert output["overpaid"] == 5
    assert output["portions"] == [{"on": "2026-02-10", "amount": 1040, "principal": 1000, "interest": 30, "fees": 0, "penalties": 5}]
    assert output["installments"] == [
        {
            "number": 1,
            "due_on": "2026-01-31",
            "principal": 1000,
            "interest": 30,
            "fees": 0,
            "penalties": 5,
            "due_total": 1035,
            "paid": 1035,
            "in_advance": 0,
            "late": 1035,
            "outstanding": 0,
            "paid_off_on": "2026-02-10",
        }
    ]


def test_price():
    output = answer("price", RISK)
    assert set(output) == {"annual_rate", "apr", "expected_loss", "priced"}
    assert output["annual_rate"].startswith("0.08")
    above = answer("price", RISK | {"cap": {"rate": "0.08", "basis": "apr"}})
    assert (above["priced"], above["annual_rate"], above["apr"], above["why_not"]) == (False, None, None, "above_cap")


def test_score_refers_what_is_missing():
    output = answer("score", {"amount": 3_000_000, "term_months": 12, "purpose": "equipment", "currency": "CNY"})
    assert set(output) == {"pd", "points", "grade", "model", "reasons", "missing", "outcome"}
    assert output["outcome"] == "refer"
    assert "income_monthly" in output["missing"]


def test_every_part_of_a_score_is_told_and_they_add_up():
    facts = {"amount": 3_000_000, "term_months": 12, "purpose": "equipment", "currency": "CNY", "income_monthly": 1_200_000, "debt_monthly": 0}
    facts |= {"debt_other_platforms": 0, "overdue_count_6m": 0, "months_at_work": 72, "occupation": "employed"}
    for model in ("expert-2026-11", "thin_file"):
        output = answer("score", facts, model=model, contributions=True)
        whole = output["contributions"]
        assert abs(whole["base"] + sum(whole["parts"].values()) - whole["total"]) < 1e-9
        assert output["model"].startswith(f"{model}@")
    assert answer("score", facts, model="nobody")["error"]["field"] == "model"


def test_repeat_unrolls_a_stream():
    """Reg Z Appendix J (c)(1)(ii), 11.82 %."""
    stream = [{"amount": -6000, "t": 0, "f_num": 0, "f_den": 1}, {"amount": 200, "t": 1, "f_num": 19, "f_den": 30, "repeat": 36, "step": 1}]
    output = answer("apr", {"cashflows": stream, "convention": {"formula": "us_actuarial", "periods_per_year": 12}})
    assert output["rate"].startswith("0.11816")


def test_repeat_steps_through_years():
    stream = [
        {"amount": -1000, "time_num": 0, "time_den": 1},
        {"amount": 100, "time_num": 2, "time_den": 12, "repeat": 6, "step_num": 2, "offset_num": 1, "offset_den": 12},
    ]
    unrolled = [stream[0], *({"amount": 100, "time_num": 3 + 2 * k, "time_den": 12} for k in range(6))]
    convention = {"formula": "effective_annual"}
    assert answer("apr", {"cashflows": stream, "convention": convention}) == answer("apr", {"cashflows": unrolled, "convention": convention})


def test_dated_flows_with_days_are_effective_annual():
    assert answer("apr", RATE | {"convention": {"formula": "effective_annual", "days": 365}}) == answer("apr", RATE)


@pytest.mark.parametrize(
    ("engine", "base", "change", "field"),
    [
        ("schedule", LOAN, {"principal_minor": -1}, "principal_minor"),
        ("schedule", LOAN, {"principal_minor": True}, "principal_minor"),
        ("schedule", LOAN, {"principal_minor": "100"}, "principal_minor"),
        ("schedule", LOAN, {"principal_minor": 100.0}, "principal_minor"),
        ("schedule", LOAN, {"periods": 0}, "periods"),
        ("schedule", LOAN, {"annual_rate": "twelve"}, "annual_rate"),
        ("schedule", LOAN, {"annual_rate": "1e999999999"}, "annual_rate"),
        ("schedule", LOAN, {"annual_rate": None}, "annual_rate"),
        ("schedule", LOAN, {"annual_rate": "-0.1"}, "annual_rate"),
        ("schedule", LOAN, {"colour": "red"}, "colour"),
        ("schedule", LOAN, {"rounding": {"mode": "half_even", "up": 1}}, "rounding.up"),
        ("schedule", LOAN, {"disbursed_on": "2026-02-30"}, "disbursed_on"),
        ("schedule", LOAN, {"disbursed_on": "20260228"}, "disbursed_on"),
        ("schedule", LOAN, {"day_count": "actual/365"}, "disbursed_on"),
        ("schedule", LOAN, {"holidays": ["2026-01-01", 5]}, "holidays[1]"),
        ("schedule", LOAN, {"method": "custom", "periods": 0, "rows": [{"due_on": "2026-01-01", "principal": 10_000}]}, "periods"),
        ("schedule", LOAN, {"method": "custom", "periods": 1, "rows": [{"due_on": "2026-01-01", "principal": "all"}]}, "rows[0].principal"),
        ("apr", RATE, {"cashflows": []}, "cashflows"),
        ("apr", RATE, {"cashflows": [{"amount": "x", "date": "2026-01-01"}]}, "cashflows[0].amount"),
        ("apr", RATE, {"cashflows": [{"amount": 1, "date": "2026-01-01", "t": 0}]}, "cashflows[0].t"),
        ("apr", RATE, {"cashflows": [{"amount": 1, "date": "2026-01-01"}]}, "cashflows"),
        ("apr", RATE, {"convention": {"formula": "us_actuarial"}}, "convention.periods_per_year"),
        ("apr", RATE, {"convention": {"formula": "effective_annual"}}, "cashflows[0].date"),
        ("apr", RATE, {"convention": {"formula": "irr"}}, "convention.formula"),
        ("apr", RATE, {"convention": "xirr"}, "convention"),
        (
            "apr",
            RATE,
            {"cashflows": [{"amount": 1, "t": 0, "f_num": 3, "f_den": 2}], "convention": {"formula": "us_actuarial", "periods_per_year": 12}},
            "cashflows[0].f_num",
        ),
        ("waterfall", PAYMENT, {"order": "due:fee"}, "order"),
        ("price", RISK, {"pd": "1.5"}, "pd"),
        ("price", RISK, {"pd": None}, "pd"),
        ("price", RISK, {"term_months": 0}, "term_months"),
        ("price", RISK, {"cap": {"rate": "0.1"}}, "cap.basis"),
        ("price", RISK, {"cap": {"rate": 0, "basis": "apr"}}, "cap.rate"),
        ("price", RISK, {"method": "flat"}, "method"),
        ("score", {"amount": 1, "term_months": 1, "purpose": "x", "currency": "CNY"}, {"amount": "1"}, "amount"),
        ("score", {"amount": 1, "term_months": 1, "purpose": "x", "currency": "CNY"}, {"friends": 3}, "friends"),
        ("waterfall", PAYMENT, {"payments": [{"on": "2026-02-10", "amount": 0}]}, "payments[0].amount"),
        ("waterfall", PAYMENT, {"charges": [{"kind": "fine", "due_on": "2026-02-05", "amount": 5}]}, "charges[0].kind"),
        ("waterfall", PAYMENT, {"schedule": [{"due_on": "2026-01-31", "principal": 1000}]}, "schedule[0].interest"),
        ("waterfall", PAYMENT, {"overpayment": "keep"}, "overpayment"),
    ],
)
def test_errors_name_their_field(engine, base, change, field):
    output = answer(engine, base | change)
    assert set(output) == {"error"}
    assert output["error"]["field"] == field
    assert output["error"]["message"]


@pytest.mark.parametrize("field", list(LOAN))
def test_missing_field_is_named(field):
    assert answer("schedule", {k: v for k, v in LOAN.items() if k != field})["error"] == {"field": field, "message": "is required"}


def run(arguments, text=""):
    out, err = io.StringIO(), io.StringIO()
    return run_command(arguments, stdin=io.StringIO(text), stdout=out, stderr=err), out.getvalue(), err.getvalue()


def test_list_keeps_its_shape_and_exits_0():
    code, out, err = run(["schedule", "-"], json.dumps([LOAN, {}, 7, LOAN]))
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found[0] == found[3]
    assert found[1]["error"]["field"] == "method"
    assert found[2]["error"]["message"] == "must be an object"
    assert run(["schedule", "-"], "[]")[:2] == (0, "[]\n")


def test_single_bad_object_exits_2_with_one_line_on_standard_error():
    code, out, err = run(["schedule", "-"], json.dumps(LOAN | {"periods": 0}))
    assert code == 2
    assert json.loads(out)["error"]["field"] == "periods"
    assert err.startswith("recompute: periods: ")
    assert err.count("\n") == 1


def test_what_is_no_json_inside_an_item_spoils_that_item_alone():
    good = json.dumps(LOAN)
    code, out, err = run(["schedule", "-"], f'[{{"principal_minor": NaN}}, {good}, {{"rounding": {{"mode": 1, "mode": 2}}}}, [[Infinity]]]')
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found[1] == answer("schedule", LOAN)
    assert [item["error"] for item in (found[0], found[2], found[3])] == [
        {"field": "", "message": "is not JSON: NaN"},
        {"field": "mode", "message": "is given twice"},
        {"field": "", "message": "is not JSON: Infinity"},
    ]


@pytest.mark.parametrize("field", list(PAYMENT))
def test_a_waterfall_names_what_is_missing(field):
    assert answer("waterfall", {k: v for k, v in PAYMENT.items() if k != field})["error"] == {"field": field, "message": "is required"}


@pytest.mark.parametrize("name", ["本金", "\ud800"])
def test_names_no_terminal_can_write_come_back_all_the_same(name):
    """In a terminal of ASCII, and where a name is half of a surrogate pair."""
    command = [sys.executable, ROOT / "manage.py", "recompute", "schedule", "-"]
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(command, input=json.dumps(LOAN | {name: 1}).encode(), env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == {"field": name, "message": "is not a field of this input"}
    assert done.stderr.startswith(b"recompute: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, "1" * 5000])
def test_what_is_not_json_is_an_error_object(text):
    code, out, err = run(["apr", "-"], text)
    assert code == 2
    assert "error" in json.loads(out)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["schedule"], ["horoscope", "-"], ["schedule", "/no/such/file"], ["schedule", "-", "--fast"], ["apr", "--stored", "1"]]
)
def test_what_cannot_start_says_so_on_standard_error(arguments):
    code, out, err = run(arguments, "{}")
    assert (code, out) == (2, "")
    assert err.startswith("recompute: ")


def test_command_needs_no_settings_and_writes_nothing(tmp_path):
    """No variables but PATH, DEBUG=0 with no secrets, from another folder, with no byte code written."""
    (tmp_path / "loan.json").write_text(json.dumps(LOAN))
    environment = {"PATH": os.environ["PATH"], "DEBUG": "0", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "recompute", "schedule", "loan.json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == answer("schedule", LOAN)
    assert [path.name for path in tmp_path.iterdir()] == ["loan.json"]


def test_engines_import_neither_django_nor_a_database():
    code = "import sys, config.recompute as r; [e.load() for e in r.ENGINES.values()]; print([m for m in ('django', 'psycopg', 'redis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
