"""Rates against published examples, and against the equation they solve."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans import apr
from loans.schedule import Terms, build
from tests.counts import cases

CASES = cases(600, soak=10_000)


def flows(*pairs):
    return [apr.Flow(Decimal(str(amount)), Fraction(time)) for amount, time in pairs]


@pytest.mark.parametrize(
    ("pairs", "percent"),
    [
        (((-1000, 0), (1200, Fraction(546, 365))), "12.96"),  # Directive 98/7/EC, Annex III A, first example
        (((-950, 0), (1200, Fraction(546, 365))), "16.90"),  # second: fees of 50 retained ("rounded to 16,9 %")
        (((-1000, 0), (600, 1), (600, 2)), "13.07"),  # third: 0.1306623
        (((-1000, 0), (1200, Fraction(3, 2))), "12.92"),  # Annex III B (standard year), first example
        (((-1000, 0), (272, Fraction(1, 4)), (272, Fraction(1, 2)), (544, 1)), "13.19"),  # fourth example, three repayments
    ],
)
def test_effective_annual_of_the_directives_examples(pairs, percent):
    found = apr.effective_annual(flows=flows(*pairs)) * 100
    assert abs(found - Decimal(percent)) < Decimal("0.05" if percent == "16.90" else "0.0051")


@pytest.mark.parametrize(
    ("advance", "payment", "count", "whole", "fraction", "a_year", "percent"),
    [
        (5000, "230", 24, 1, Fraction(0), 12, "9.69"),  # 12 CFR 1026 Appendix J (c)(1)(i): monthly, regular
        (6000, "200", 36, 1, Fraction(19, 30), 12, "11.82"),  # (c)(1)(ii): monthly, long first period
        (5000, "219.17", 24, 0, Fraction(6, 15), 24, "10.34"),  # (c)(1)(iii): semimonthly, short first period
        (10_000, "385", 40, 1, Fraction(39, 90), 4, "8.97"),  # (c)(1)(iv): quarterly, long first period
        (500, "17.60", 30, 4, Fraction(4, 7), 52, "14.96"),  # (c)(1)(v): weekly, long first period
    ],
)
def test_us_actuarial_of_appendix_j(advance, payment, count, whole, fraction, a_year, percent):
    stream = [apr.ActuarialFlow(Decimal(payment), whole + k, fraction) for k in range(count)]
    found = apr.us_actuarial(flows=[apr.ActuarialFlow(Decimal(-advance), 0, Fraction(0)), *stream], periods_per_year=a_year)
    assert round(found * 100, 2) == Decimal(percent)


def test_xirr_of_excels_documentation():
    dated = [(-10_000, date(2008, 1, 1)), (2750, date(2008, 3, 1)), (4250, date(2008, 10, 30)), (3250, date(2009, 2, 15)), (2750, date(2009, 4, 1))]
    found = apr.xirr(flows=[apr.DatedFlow(Decimal(amount), on) for amount, on in dated])
    assert abs(found - Decimal("0.373362535")) < Decimal("1e-8")


def test_irr_of_excels_documentation():
    """IRR({-70000, 12000, 15000, 18000, 21000, 26000}) = 8.7 %; after four years −2.1 %."""
    incomes = [12_000, 15_000, 18_000, 21_000, 26_000]
    assert round(apr.periodic_irr(flows=flows((-70_000, 0), *zip(incomes, range(1, 6), strict=True))), 3) == Decimal("0.087")
    assert round(apr.periodic_irr(flows=flows((-70_000, 0), *zip(incomes[:4], range(1, 5), strict=True))), 3) == Decimal("-0.021")


@pytest.mark.parametrize(("paid", "rate"), [(5100, 50), (100, 0), (50, "-0.5"), (1, "-0.99"), ("100.0000001", "1e-9")])
def test_negative_and_very_high_rates(paid, rate):
    assert abs(apr.effective_annual(flows=flows((-100, 0), (paid, 1))) - Decimal(rate)) <= Decimal("1e-15") * max(1, Decimal(rate))


def test_nominal_is_the_period_rate_times_periods():
    stream = flows((-1000, 0), (1010, 1))
    assert apr.periodic_irr_nominal(flows=stream, periods_per_year=12) == Decimal("0.12")


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (((-100, 0), (230, 1), (-132, 2)), "several rates exist: 0.100000, 0.200000"),
        (((-1, 0), (6, 1), (-11, 2), (6, 3)), "several rates exist: 0"),
        (((-1, 0), (3, 1), (-3, 2)), "no rate exists"),
        (((100, 0), (100, 1)), "no rate exists"),
        (((-100, 0), (100, 0)), "no rate exists"),
        ((), "no rate exists"),
        (((-100, 0), (300, Fraction(1, 10**11))), "too close together"),
    ],
)
def test_flows_without_one_rate_say_so(pairs, words):
    with pytest.raises(apr.UnableToRate, match=words):
        apr.effective_annual(flows=flows(*pairs))


def test_touching_zero_is_one_rate():
    assert apr.effective_annual(flows=flows((-100, 0), (200, 1), (-100, 2))) == 0


def test_cost_of_credit_counts_the_fee():
    terms = Terms(method="equal_installment", principal=1_000_000, annual_rate=Decimal("0.12"), periods=12)
    schedule = build(terms)
    assert abs(apr.cost_of_credit(terms=terms, schedule=schedule, paid_out=1_000_000) - (Decimal("1.01") ** 12 - 1)) < Decimal("1e-5")
    assert apr.cost_of_credit(terms=terms, schedule=schedule, paid_out=970_000) > Decimal("0.18")


def test_cost_of_credit_times_a_bullet_at_its_maturity():
    terms = Terms(method="bullet", principal=1_000_000, annual_rate=Decimal("0.10"), periods=12)
    assert apr.cost_of_credit(terms=terms, schedule=build(terms), paid_out=1_000_000) == Decimal("0.1")


def test_cost_of_credit_counts_an_odd_first_period_in_days():
    terms = Terms(
        method="equal_installment", principal=1_000_000, annual_rate=Decimal("0.12"), periods=12, disbursed_on=date(2026, 1, 1), first_due_on=date(2026, 2, 16)
    )
    assert Decimal("0.12") < apr.cost_of_credit(terms=terms, schedule=build(terms), paid_out=1_000_000) < Decimal("0.1275")


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(st.decimals("-0.9", 50, places=6), st.lists(st.tuples(st.integers(1, 10**8), st.integers(1, 4000)), min_size=1, max_size=20))
def test_a_known_rate_is_found_again(rate, payments):
    stream = [(Decimal(amount), Fraction(days, 365)) for amount, days in payments]
    price = sum(amount * ((1 + rate).ln() * -(Decimal(time.numerator) / time.denominator)).exp() for amount, time in stream)
    found = apr.effective_annual(flows=[apr.Flow(-price, Fraction(0)), *(apr.Flow(amount, time) for amount, time in stream)])
    assert abs(found - rate) <= Decimal("1e-9") * (1 + abs(rate))
