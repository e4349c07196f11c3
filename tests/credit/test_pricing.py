"""The rate a risk needs."""

import random
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit import pricing
from credit.pricing import Cap, Risk, UnableToPrice, price
from tests.counts import cases

CASES = cases(120, soak=2_000)
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


@pytest.mark.soak
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


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(risks, st.sampled_from(["pd", "lgd", "target_yield", "servicing_fee"]), st.decimals("0.0001", "0.2", places=6))
def test_rate_rises_with_every_risk(values, name, more):
    low = price(Risk(**(values | {"cap": WIDE})))
    high = price(Risk(**(values | {"cap": WIDE, name: min(values[name] + more, D(1))})))
    assert high.annual_rate >= low.annual_rate


def any_risk(draw):
    """A case from the whole of what may be asked: corners as often as the middle."""

    def one(high):
        return D(draw.choice(["0", "0.000001", str(high), f"{draw.uniform(0, high):.6f}", f"{draw.uniform(0, high):.6f}", f"{draw.uniform(0, high):.6f}"]))

    return {
        "pd": one(0.95),
        "lgd": one(1),
        "term_months": draw.choice([1, 2, 600, *range(3, 121)]),
        "target_yield": one(0.4),
        "servicing_fee": one(0.1),
        "origination_fee": one(0.5),
        "cap": Cap(D(f"{draw.uniform(0.01, 2):.4f}"), draw.choice(["apr", "nominal"])),
        "method": draw.choice(["equal_installment", "equal_principal", "interest_only", "bullet"]),
    }


@pytest.mark.soak
def test_a_million_random_cases(soak):
    """Each case is priced five times: as it is, and with more PD, LGD, yield and fee. None above its cap, each higher, each worth what was lent."""
    draw = random.Random(20261127)
    for _ in range(200_000 if soak else 150):
        values = any_risk(draw)
        found = price(Risk(**values))
        if found.why_not == "no_rate":
            continue
        asked = found.apr if values["cap"].basis == "apr" else found.annual_rate
        assert (asked is not None and asked <= values["cap"].rate) if found.priced else asked is None
        if found.needed_rate:
            assert abs(pricing.present_value(Risk(**values), found.needed_rate) - 1) < D("1e-8"), values
        for name in ("pd", "lgd", "target_yield", "servicing_fee"):
            more = values | {name: min(values[name] + D(f"{draw.uniform(0.0001, 0.1):.6f}"), D(1))}
            worse = price(Risk(**more))
            assert worse.why_not == "no_rate" or worse.needed_rate >= found.needed_rate, (values, more)


def test_a_fee_taken_from_the_payout_raises_the_apr_alone():
    rates = [price(risk(origination_fee=D(fee))) for fee in ("0", "0.01", "0.05", "0.3", "0.999999")]
    assert len({found.annual_rate for found in rates[:-1]}) == 1
    assert [found.apr for found in rates[:-1]] == sorted(found.apr for found in rates[:-1])


@pytest.mark.parametrize("method", ["equal_installment", "equal_principal", "interest_only", "bullet"])
@pytest.mark.parametrize("fee", ["0", "0.05"])
def test_closed_forms_are_the_sums_month_by_month(method, fee):
    """The APR and the expected loss, added up one month after another."""
    case = risk(method=method, origination_fee=D(fee), term_months=7, pd=D("0.2"))
    found = price(case)
    payments, balances = pricing._plan(method, 7, found.annual_rate / 12)
    growth = (1 + found.apr) ** (D(1) / 12)
    assert abs(sum(payment / growth**month for month, payment in enumerate(payments, start=1)) - (1 - D(fee))) < D("1e-10")
    hazard = 1 - (1 - D("0.2")) ** (D(1) / 7)
    loss = sum((1 - hazard) ** month * hazard * D("0.6") * balance for month, balance in enumerate(balances))
    assert abs(found.expected_loss - loss) < D("1e-11")


def test_round_rates_stay_round():
    found = price(risk(pd=D(0), target_yield=D("0.06"), servicing_fee=D("0.01")))
    assert found.annual_rate == D("0.07")
    assert pricing.quoted(found.annual_rate) == D("0.0700")


def test_sensitivity_moves_with_the_figure():
    shown = {(name, value): found for name, value, found in pricing.sensitivity(risk())}
    assert shown[("pd", D("0.025"))].annual_rate < price(risk()).annual_rate < shown[("pd", D("0.10"))].annual_rate
    assert shown[("lgd", D("0.4"))].annual_rate < shown[("lgd", D("0.8"))].annual_rate
    assert shown[("target_yield", D("0.05"))].annual_rate < shown[("target_yield", D("0.07"))].annual_rate


def test_little_experience_makes_a_cautious_pd():
    assert pricing.upper_pd(D("0.05"), loans=0) == 1
    few, many = pricing.upper_pd(D("0.05"), loans=50), pricing.upper_pd(D("0.05"), loans=50_000)
    assert D("0.05") < many < few < D("0.13")
    assert abs(many - D("0.0516")) < D("0.0002")


def test_a_cap_in_times_of_the_prime_rate():
    assert pricing.cap_of(jurisdiction="CN", as_of=date(2026, 11, 23)).rate == 4 * D("0.03")
