"""Return figures: portfolios worked out by hand, the rate of another library to nine digits, and what must hold for every portfolio."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.returns import Flow, Position, by_label, net_annualised, principal_days, returns, xirr
from tests.counts import cases

START = date(2025, 1, 1)
NEAR = Decimal("1e-9")


def held(put_in, *back, outstanding=0, written_down=0, **more):
    """A holding bought on START; `back` are (days later, principal, interest after fees)."""
    day = lambda days: START + timedelta(days=days)  # noqa: E731
    flows = (Flow(START, -put_in), *(Flow(day(days), principal + interest) for days, principal, interest in back))
    work = (Flow(START, put_in), *(Flow(day(days), -principal) for days, principal, _interest in back))
    return Position(flows=flows, principal=work, outstanding=outstanding, written_down=written_down, **more)


def after(days):
    return START + timedelta(days=days)


def close(found, expected):
    return abs(found - Decimal(expected)) <= NEAR


def test_a_year_at_ten_per_cent():
    """100,000 out, 110,000 back after 365 days: XIRR is 10 %; the average month gained 10,000 ÷ 12 on 100,000, so (1 + 1/120)^12 − 1 a year."""
    found = returns([held(100_000, (365, 100_000, 10_000))], as_of=after(365))
    assert (found.put_in, found.came_back, found.worth, found.profit) == (100_000, 110_000, 0, 10_000)
    assert found.principal_days == 36_500_000
    assert close(found.xirr, "0.1")
    assert close(found.net_annualised, "0.104713067441296")


def test_two_installments_by_hand():
    """100,000 out; 50,000 + 3,000 after 182 days, 50,000 + 2,000 after 365. At rate r: 53,000/(1+r)^(182/365) + 52,000/(1+r) = 100,000.

    Principal days: 100,000 × 182 + 50,000 × 183 = 27,350,000; gain 5,000; month 5,000 × 365 ÷ (12 × 27,350,000) = 0.0055606…
    """
    found = returns([held(100_000, (182, 50_000, 3_000), (365, 50_000, 2_000))], as_of=after(365))
    assert found.principal_days == 27_350_000
    rate = float(found.xirr)
    assert abs(53_000 / (1 + rate) ** (182 / 365) + 52_000 / (1 + rate) - 100_000) < 1e-6
    assert close(found.net_annualised, Decimal(1 + Decimal(5_000) * 365 / (12 * Decimal(27_350_000))) ** 12 - 1)


def test_overdue_principal_counts_for_nothing_from_its_due_date():
    """Half was due after 100 days and did not come: it is lost from day 100 on, the other half still counts in full."""
    position = held(100_000, outstanding=100_000, written_down=50_000)
    position = Position(flows=position.flows, principal=(*position.principal, Flow(after(100), -50_000)), outstanding=100_000, written_down=50_000)
    found = returns([position], as_of=after(200))
    assert (found.worth, found.profit, found.written_down) == (50_000, -50_000, 50_000)
    assert found.principal_days == 100_000 * 100 + 50_000 * 100
    assert close(found.xirr, 0.5 ** (365 / 200) - 1)
    assert found.net_annualised < 0


def test_all_lost_is_minus_one_hundred_per_cent():
    found = returns([held(100_000, outstanding=100_000, written_down=100_000)], as_of=after(400))
    assert (found.xirr, found.profit) == (-1, -100_000)


def test_money_came_back_after_all():
    """A recovery is money like any other: 40,000 of a lost 100,000 after exactly two years is −36.75… % a year."""
    found = returns([held(100_000, (730, 40_000, 0), outstanding=60_000, written_down=60_000)], as_of=after(730))
    assert close(found.xirr, 0.4**0.5 - 1)


@pytest.mark.parametrize(("days", "why"), [(0, "too_young"), (89, "too_young"), (90, "")])
def test_no_yearly_rate_before_ninety_days(days, why):
    found = returns([held(100_000, outstanding=100_000)], as_of=after(days))
    assert found.why == why
    assert found.shown_from == after(90)
    assert (found.xirr is None) == bool(why) == (found.net_annualised is None)
    assert found.profit == 0, "the amounts are told from the first day"


def test_nothing_put_in():
    found = returns([], as_of=START)
    assert (found.why, found.xirr, found.profit, found.shown_from) == ("nothing", None, 0, None)


def test_the_readers_own_haircut_and_the_platforms_expectation():
    position = held(100_000, (180, 0, 6_000), outstanding=100_000, loss_to_come=1_000, yearly_loss=Decimal("0.02"))
    plain, cut = (returns([position], as_of=after(365), haircut=Decimal(share)) for share in ("0", "0.10"))
    expected = returns([position], as_of=after(365), with_expected=True)
    assert (plain.worth, cut.worth, expected.worth) == (100_000, 90_000, 99_000)
    assert plain.xirr > expected.xirr > 0 > cut.xirr
    assert expected.profit == 5_000
    assert plain.expected_loss == Decimal("2000"), "two per cent a year on 100,000 for a year"


def test_flows_with_more_than_one_rate_give_none():
    """−1, +2.3, −1.32 has the rates 10 % and 20 %: no rate is shown rather than one of them."""
    flows = [Flow(START, -100_000), Flow(after(365), 230_000), Flow(after(730), -132_000)]
    assert xirr(flows) is None
    assert returns([Position(tuple(flows), ())], as_of=after(730)).why == "several_rates"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_rate_of_exactly_nothing(sign):
    assert xirr([Flow(START, -500 * sign), Flow(after(100), 500 * sign)]) == 0


def test_each_grade_on_its_own():
    found = by_label([held(100_000, (365, 100_000, 8_000), label="B"), held(100_000, (365, 100_000, 4_000), label="A")], as_of=after(365))
    assert list(found) == ["A", "B"]
    assert close(found["A"].xirr, "0.04")
    assert close(found["B"].xirr, "0.08")


def test_all_of_the_time_at_work_lost_in_a_month():
    assert net_annualised(Decimal(-100), 1) == -1
    assert net_annualised(Decimal(5), 0) is None


loans = st.lists(
    st.tuples(st.integers(0, 900), st.integers(10_000, 10**9), st.integers(20, 160), st.integers(1, 36), st.integers(20, 40)), min_size=1, max_size=8
)


def cash_of(drawn):
    """Money of loans that bring back so many per cent of what was put in, in equal parts, every so many days."""
    for day, amount, percent, parts, apart in drawn:
        yield Flow(after(day), -amount)
        yield from (Flow(after(day + k * apart), amount * percent // 100 // parts) for k in range(1, parts + 1))


@pytest.mark.soak
@settings(max_examples=cases(120, soak=2_000), deadline=None)
@given(loans)
def test_the_rate_of_another_library(drawn):
    """pyxirr finds one rate where there may be several; where there is exactly one, it is the same to nine digits.

    It stops when the flows are worth less than a fixed small amount, so it is given them a million times larger.
    """
    amounts = list(cash_of(drawn))
    ours = xirr(amounts)
    assume(ours is not None and -0.99 < ours < 20)
    theirs = pyxirr.xirr([flow.on for flow in amounts], [flow.amount * 1e6 for flow in amounts])
    assume(theirs is not None)
    assert abs(float(ours) - theirs) <= 1e-9 * max(1, abs(theirs))


@pytest.mark.soak
@settings(max_examples=cases(80, soak=2_000), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**8), st.integers(0, 700), st.integers(0, 10**7), st.integers(0, 100), st.sampled_from("ABCDE")), min_size=1, max_size=12
    ),
    st.integers(0, 100),
)
def test_for_every_portfolio(drawn, percent):
    """The parts add up to the whole; a haircut never helps; profit is what came back and is worth, less what was put in."""
    positions = [
        held(amount, (days, 0, interest), outstanding=amount, written_down=amount * lost // 100, label=label) for amount, days, interest, lost, label in drawn
    ]
    as_of = after(700)
    whole, cut, parts = returns(positions, as_of=as_of), returns(positions, as_of=as_of, haircut=Decimal(percent) / 100), by_label(positions, as_of=as_of)
    assert whole.profit == whole.came_back + whole.worth - whole.put_in == sum(part.profit for part in parts.values())
    assert principal_days(positions, as_of=as_of) == sum(part.principal_days for part in parts.values())
    assert cut.profit <= whole.profit
    if whole.xirr is not None and cut.xirr is not None:
        assert cut.xirr <= whole.xirr + NEAR
        assert (whole.xirr > 0) == (whole.profit > 0) or abs(whole.profit) < 1
