"""Figures somebody else published, row by row: schedules, rates and allocations. Within one minor unit, and 1e-6 in rate."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from config.recompute import recompute
from loans import apr

PUBLISHED = json.loads(Path(__file__).with_name("published.json").read_text())


def answer(engine, data):
    return recompute(engine, json.dumps(data))[0]


def named(case):
    return case["source"]


@pytest.mark.parametrize("case", PUBLISHED["schedules"], ids=named)
def test_schedules_of_apache_fineract(case):
    found = answer("schedule", case["terms"])["installments"]
    assert len(found) == len(case["rows"])
    for row, (due_on, principal, interest, balance) in zip(found, case["rows"], strict=True):
        assert row["due_on"] == due_on
        assert max(abs(row["principal"] - principal), abs(row["interest"] - interest), abs(row["balance_after"] - balance)) <= 1


@pytest.mark.parametrize("case", PUBLISHED["allocations"], ids=named)
def test_allocations_of_apache_fineract(case):
    data = {
        "schedule": [dict(zip(("due_on", "principal", "interest"), row, strict=True)) for row in case["schedule"]],
        "charges": [dict(zip(("kind", "due_on", "amount"), row, strict=True)) for row in case["charges"]],
        "payments": [dict(zip(("on", "amount"), row, strict=True)) for row in case["payments"]],
        "order": case["order"],
    }
    columns = ("paid", "in_advance", "late", "outstanding", "fees", "penalties")
    for row, published in zip(answer("waterfall", data)["installments"], case["rows"], strict=True):
        assert max(abs(row[name] - value) for name, value in zip(columns, published, strict=False)) <= 1
        assert row.get("paid_off_on") == published[-1]


def stream(advance, *payments):
    """An advance of the lender and (amount, count, first whole unit-period, numerator and denominator of its fraction)."""
    flows = [{"amount": -advance, "t": 0, "f_num": 0, "f_den": 1}]
    return flows + [{"amount": amount, "t": t, "f_num": top, "f_den": bottom, "repeat": count} for amount, count, t, top, bottom in payments]


@pytest.mark.parametrize(
    ("flows", "a_year", "percent"),
    [
        (stream(5000, ("250", 1, 1, 0, 1), ("230", 23, 2, 0, 1)), 12, "10.08"),  # (c)(2)(i): odd first payment
        (stream(400, ("39.50", 1, 1, 5, 28), ("38.31", 11, 2, 5, 28)), 13, "28.50"),  # (c)(2)(ii): every 4 weeks, long first period
        (stream(5000, ("230", 23, 1, 0, 1), ("280", 1, 24, 0, 1)), 12, "10.50"),  # (c)(3)(i): odd final payment
        (stream(200, ("9.50", 19, 0, 8, 14), ("30", 1, 19, 8, 14)), 26, "12.22"),  # (c)(3)(ii): every 2 weeks, short first period
        (stream(5000, ("250", 1, 1, 0, 1), ("230", 22, 2, 0, 1), ("280", 1, 24, 0, 1)), 12, "10.90"),  # (c)(4)(i)
        (stream(8000, ("449.36", 1, 0, 52, 60), ("465", 18, 1, 52, 60), ("200", 1, 19, 52, 60)), 6, "7.30"),  # (c)(4)(ii): every two months
        (stream(1000, ("1080", 1, 1, 0, 1)), "1.43137254901960784313725490196", "11.45"),  # (c)(5)(i): one payment, 255 days
    ],
)
def test_irregular_examples_of_appendix_j(flows, a_year, percent):
    """12 CFR 1026, Appendix J, (c)(2) to (c)(5)."""
    found = answer("apr", {"cashflows": flows, "convention": {"formula": "us_actuarial", "periods_per_year": a_year}})
    assert round(Decimal(found["rate"]) * 100, 2) == Decimal(percent)


def test_pmt_ipmt_and_ppmt_of_excels_documentation():
    """PMT(6 %/12, 18·12, …) is a saving; of loans: IPMT(10 %/12, 1, 36, 8000) = −66.67; PPMT(10 %/12, 1, 24, 2000) = −75.62."""
    common = {"method": "equal_installment", "period": "month", "day_count": "equal_period"}
    first = answer("schedule", common | {"principal_minor": 800_000, "annual_rate": "0.1", "periods": 36})["installments"][0]
    assert first["interest"] == 6667
    first = answer("schedule", common | {"principal_minor": 200_000, "annual_rate": "0.1", "periods": 24})["installments"][0]
    assert first["principal"] == 7562


def test_mirr_and_rate_of_excels_documentation():
    """RATE(4·12, −200, 8000) = 0.77 % a month, 9.24 % a year."""
    flows = [{"amount": -8000, "time_num": 0, "time_den": 1}, {"amount": 200, "time_num": 1, "time_den": 1, "repeat": 48}]
    monthly = answer("apr", {"cashflows": flows, "convention": {"formula": "periodic_irr"}})["rate"]
    yearly = answer("apr", {"cashflows": flows, "convention": {"formula": "periodic_irr_nominal", "periods_per_year": 12}})["rate"]
    assert abs(Decimal(monthly) - Decimal("0.00770147248823")) < Decimal("1e-12")
    assert round(Decimal(yearly) * 100, 2) == Decimal("9.24")


@pytest.mark.parametrize(("first_of_year", "days", "percent"), [(Fraction(546, 365), 546, "12.96")])
def test_the_directives_example_by_dates_and_by_times(first_of_year, days, percent):
    """Directive 98/7/EC, Annex III A, first example (kept by 2008/48/EC and 2023/2225): 1000 on 1 Jan 1994, 1200 on 1 July 1995."""
    dated = [{"amount": -1000, "date": "1994-01-01"}, {"amount": 1200, "date": "1995-07-01"}]
    by_date = Decimal(answer("apr", {"cashflows": dated, "convention": {"formula": "effective_annual", "days": 365}})["rate"])
    by_time = apr.effective_annual(flows=[apr.Flow(Decimal(-1000), Fraction(0)), apr.Flow(Decimal(1200), first_of_year)])
    assert abs(by_date - by_time) < Decimal("1e-14")
    assert round(by_date * 100, 2) == Decimal(percent)
    assert days == 546
