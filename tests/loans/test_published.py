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
        "overpayment": case.get("overpayment", "hold"),
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


def annuity(principal, rate, periods, **changes):
    """Rows of a level loan of whole equal periods, as spreadsheets count it."""
    terms = {"method": "equal_installment", "period": "month", "day_count": "equal_period", "principal_minor": principal, "annual_rate": rate}
    return answer("schedule", terms | {"periods": periods} | changes)["installments"]


def test_the_table_of_numpy_financials_documentation():
    """ipmt and ppmt of 2,500 at 8.24 % over a year, where no installment is rounded: each of ours is within two hundredths, the last row included."""
    principal = [20058, 20196, 20335, 20474, 20615, 20756, 20899, 21042, 21187, 21332, 21479, 21626]
    interest = [1717, 1579, 1440, 1301, 1160, 1018, 876, 732, 588, 442, 296, 149]
    for row, *published in zip(annuity(250_000, "0.0824", 12), principal, interest, strict=True):
        assert max(abs(row[name] - value) for name, value in zip(("principal", "interest"), published, strict=True)) <= 2


def test_yearly_and_cumulative_examples_of_excels_documentation():
    """IPMT(10 %, 3, 3, 8000) = −292.45; PPMT(8 %, 10, 10, 200000) = −27,598.05; CUMIPMT and CUMPRINC(9 %/12, 360, 125000), month 1 and months 13 to 24.

    A spreadsheet rounds nothing; a last row, and a sum of twelve, gather each row's own rounding.
    """
    assert annuity(800_000, "0.1", 3, period_every=12)[2]["interest"] == 29_245
    assert abs(annuity(20_000_000, "0.08", 10, period_every=12)[9]["principal"] - 2_759_805) <= 10
    months = annuity(12_500_000, "0.09", 360)
    assert (months[0]["interest"], months[0]["principal"]) == (93_750, 6_828)
    assert abs(sum(row["interest"] for row in months[12:24]) - 1_113_523) <= 12
    assert abs(sum(row["principal"] for row in months[12:24]) - 93_411) <= 12


@pytest.mark.parametrize(
    ("disbursed_on", "due_on", "interest"),
    [
        ("2003-11-01", "2004-05-01", 49_772),
        ("1999-02-01", "1999-07-01", 41_096),
        ("1999-07-01", "2000-07-01", 100_138),
        ("2002-08-15", "2003-07-15", 91_507),
        ("2003-07-15", "2004-01-15", 50_400),
        ("1999-07-30", "2000-01-30", 50_389),
        ("2000-01-30", "2000-06-30", 41_530),
        ("1999-11-30", "2000-04-30", 41_554),
    ],
)
def test_actual_actual_examples_of_isda(disbursed_on, due_on, interest):
    """EMU and market conventions: recent developments (1998), appendix: 10,000 at 10 %, ISDA method, with short and long first and last periods."""
    terms = {"method": "interest_only", "principal_minor": 1_000_000, "annual_rate": "0.1", "periods": 1, "period": "month", "day_count": "actual/actual"}
    assert answer("schedule", terms | {"disbursed_on": disbursed_on, "first_due_on": due_on})["installments"][0]["interest"] == interest


@pytest.mark.parametrize(
    ("flows", "a_year", "percent"),
    [
        (stream(1000, ("1044", 1, 1, 0, 1)), 2, "8.80"),  # (c)(5)(ii): six months
        (stream(1000, ("1135.19", 1, 1, 6, 12)), 1, "8.76"),  # (c)(5)(iii): eighteen months
        (stream(1000, ("1240", 1, 2, 0, 1)), 1, "11.36"),  # (c)(5)(iv): two years
    ],
)
def test_single_payments_of_appendix_j(flows, a_year, percent):
    found = answer("apr", {"cashflows": flows, "convention": {"formula": "us_actuarial", "periods_per_year": a_year}})
    assert round(Decimal(found["rate"]) * 100, 2) == Decimal(percent)


@pytest.mark.parametrize(
    ("flows", "a_year", "percent"),
    [
        (stream(1000, ("220", 5, 35, 0, 1)), 365, "94.15"),  # daily, the first after 35 days
        (stream(1000, ("250", 5, 4, 5, 7)), 52, "176.52"),  # weekly, long first period
        (stream(1000, ("250", 5, 1, 0, 1)), 52, "412.40"),  # weekly
        (stream(1000, ("250", 5, 0, 6, 7)), 52, "434.30"),  # weekly, short first period
        (stream(10_000, ("385", 40, 1, 8, 90)), 4, "9.15"),  # quarterly, long first period
    ],
)
def test_edge_cases_of_appendix_j_in_another_library(flows, a_year, percent):
    """FSharp.Finance.Personal, AprUsActuarialTests, extra examples, which its author confirmed with a spreadsheet."""
    found = answer("apr", {"cashflows": flows, "convention": {"formula": "us_actuarial", "periods_per_year": a_year}})
    assert round(Decimal(found["rate"]) * 100, 2) == Decimal(percent)


@pytest.mark.parametrize(
    ("dated", "rate"),
    [
        ([(-400, "2019-09-10"), (-400, "2020-01-21"), (-400, "2020-02-24"), ("895.24", "2020-03-16")], "-0.7420"),  # the issue klippero/xirr-bug
        ([(-100, "2013-01-01"), (110, "2013-02-01")], "2.0716"),  # intgr/pg_financial
        ([(-100, "2013-01-01"), (20, "2014-01-01")], "-0.8"),
    ],
)
def test_xirr_of_other_libraries(dated, rate):
    flows = [{"amount": amount, "date": on} for amount, on in dated]
    assert abs(Decimal(answer("apr", {"cashflows": flows, "convention": {"formula": "xirr"}})["rate"]) - Decimal(rate)) < Decimal("1e-4")


def test_flows_that_two_rates_solve_are_refused():
    """numpy-financial's documentation gives one of both: −0.0833 for these."""
    flows = [{"amount": amount, "time_num": year, "time_den": 1} for year, amount in enumerate([-100, 100, 0, -7])]
    found = answer("apr", {"cashflows": flows, "convention": {"formula": "periodic_irr"}})
    assert found["error"] == {"field": "cashflows", "message": "several rates exist: -0.678894, -0.0832997"}


def test_nominal_and_european_rate_of_one_loan():
    """The example of curo's documentation: 10,000 repaid in six months of 1,707 costs 8.250040 % a year, by Directive 2008/48/EC 8.569257 %."""
    flows = [{"amount": -10_000, "time_num": 0, "time_den": 1}, {"amount": 1707, "time_num": 1, "time_den": 1, "repeat": 6}]
    nominal = answer("apr", {"cashflows": flows, "convention": {"formula": "periodic_irr_nominal", "periods_per_year": 12}})["rate"]
    yearly = answer("apr", {"cashflows": [flow | {"time_den": 12} for flow in flows], "convention": {"formula": "effective_annual"}})["rate"]
    assert abs(Decimal(nominal) - Decimal("0.08250040")) < Decimal("1e-8")
    assert abs(Decimal(yearly) - Decimal("0.08569257")) < Decimal("1e-8")
