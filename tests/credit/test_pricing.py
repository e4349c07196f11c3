"""The rate a risk needs."""

import os
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit import pricing
from credit.pricing import Cap, Risk, UnableToPrice, price

CASES = 20_000 if os.environ.get("SOAK") else 120
WIDE = Cap(D(900), "nominal")


def risk(**changes):
    base = {
        "pd": D("0.05"),
        "lgd": D("0.6"),
        "term_months": 24,
        "target_yield": D("0.06"),
        "servicing_fee": D("0.01"),
        "origination_fee": D("0.02"),
        "cap": WIDE,
    }
    return Risk(**(base | changes))


def test_without_risk_the_rate_is_yield_plus_fee():
    found = price(risk(pd=D(0), origination_fee=D(0)))
    assert abs(found.annual_rate - D("0.07")) <= D("1e-12")
    assert abs(found.apr - ((1 + D("0.07") / 12) ** 12 - 1)) < D("1e-10")
    assert found.expected_loss == 0


def test_quick_check_of_the_equation():
    """r ≈ y + f + 12·h·LGD (credit stage, quick check)."""
    found = price(risk())
    hazard = 1 - (1 - D("0.05")) ** (D(1) / 24)
    assert abs(found.annual_rate - (D("0.07") + 12 * hazard * D("0.6"))) < D("0.001")


def test_one_month_by_hand():
    """One month, PD 2 %, LGD 50 %, d = 1.005: 0.98·(1 + r/12) + 0.02·0.5 = 1.005, so r = 12·(0.995/0.98 − 1)."""
    found = price(risk(pd=D("0.02"), lgd=D("0.5"), term_months=1, target_yield=D("0.05")))
    assert abs(found.annual_rate - 12 * (D("0.995") / D("0.98") - 1)) < D("1e-11")
    assert found.expected_loss == D("0.01")


@pytest.mark.parametrize("method", ["equal_installment", "equal_principal", "interest_only", "bullet"])
def test_every_method_is_worth_what_was_lent(method):
    found = price(risk(method=method))
    assert abs(pricing.present_value(risk(method=method), found.annual_rate) - 1) < D("1e-8")


def test_above_the_cap_there_is_no_quote():
    found = price(risk(cap=Cap(D("0.09"))))
    assert (found.priced, found.annual_rate, found.apr, found.why_not) == (False, None, None, "above_cap")
    assert found.needed_apr > D("0.09")


def test_fee_counts_against_an_apr_cap_but_not_a_nominal_one():
    needed = price(risk())
    between = (needed.annual_rate + needed.apr) / 2
    assert not price(risk(cap=Cap(between, "apr"))).priced
    assert price(risk(cap=Cap(between, "nominal"))).priced
    assert needed.apr > price(risk(origination_fee=D(0))).apr
    assert needed.annual_rate == price(risk(origination_fee=D(0))).annual_rate


def test_certain_default_has_no_rate():
    assert price(risk(pd=D(1))).why_not == "no_rate"


def test_quoted_rate_is_rounded_down():
    assert pricing.quoted(D("0.123499999")) == D("0.1234")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pd": D("1.1")}, "pd"),
        ({"lgd": D("-0.1")}, "lgd"),
        ({"term_months": 0}, "term_months"),
        ({"term_months": 601}, "term_months"),
        ({"origination_fee": D(1)}, "origination_fee"),
        ({"target_yield": D(-1)}, "target_yield"),
        ({"cap": Cap(D(0))}, "cap.rate"),
        ({"cap": Cap(D(1), "gross")}, "cap.basis"),
        ({"method": "flat"}, "method"),
    ],
)
def test_impossible_input_names_its_field(change, field):
    with pytest.raises(UnableToPrice) as caught:
        risk(**change)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("jurisdiction", "day", "rate"), [("SANDBOX", date(2026, 11, 23), "0.154"), ("CN", date(2022, 1, 19), "0.152"), ("CN", date(2022, 1, 20), "0.148")]
)
def test_cap_is_dated(jurisdiction, day, rate):
    assert pricing.cap_of(jurisdiction=jurisdiction, as_of=day).rate == D(rate)


@pytest.mark.parametrize(("jurisdiction", "day"), [("XX", date(2026, 1, 1)), ("CN", date(2019, 1, 1))])
def test_without_a_recorded_cap_there_is_no_price(jurisdiction, day):
    with pytest.raises(UnableToPrice):
        pricing.cap_of(jurisdiction=jurisdiction, as_of=day)


share = st.decimals(0, "0.6", places=6)
small = st.decimals(0, "0.3", places=6)
risks = st.fixed_dictionaries(
    {
        "pd": share,
        "lgd": st.decimals(0, 1, places=6),
        "term_months": st.integers(1, 84),
        "target_yield": small,
        "servicing_fee": small,
        "origination_fee": small,
        "cap": st.builds(Cap, st.decimals("0.01", 2, places=4), st.sampled_from(["apr", "nominal"])),
        "method": st.sampled_from(["equal_installment", "equal_principal", "interest_only", "bullet"]),
    }
)


@settings(max_examples=CASES, deadline=None)
@given(risks)
def test_priced_means_fair_and_under_the_cap(values):
    found = price(Risk(**values))
    if found.priced:
        assert (found.apr if values["cap"].basis == "apr" else found.annual_rate) <= values["cap"].rate
        assert abs(pricing.present_value(Risk(**values), found.annual_rate) - 1) < D("1e-8")
        assert found.apr >= found.annual_rate or values["method"] == "bullet"
    else:
        assert found.annual_rate is None
        assert found.apr is None
        assert found.why_not == "no_rate" or (found.needed_apr if values["cap"].basis == "apr" else found.needed_rate) > values["cap"].rate


@settings(max_examples=CASES, deadline=None)
@given(risks, st.sampled_from(["pd", "lgd", "target_yield", "servicing_fee"]), st.decimals("0.0001", "0.2", places=6))
def test_rate_rises_with_every_risk(values, name, more):
    low = price(Risk(**(values | {"cap": WIDE})))
    high = price(Risk(**(values | {"cap": WIDE, name: min(values[name] + more, D(1))})))
    assert high.annual_rate >= low.annual_rate
