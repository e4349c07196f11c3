"""What is owed when: the conventions of docs/formulas.md, published figures, and properties that hold for all terms."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.schedule import CustomRow, Rounding, Terms, UnableToSchedule, build
from loans.schedule.dates import actual_actual
from tests.counts import cases

CASES = cases(600, soak=10_000)


def terms(**changes):
    return Terms(**({"method": "equal_installment", "principal": 1_000_000, "annual_rate": Decimal("0.12"), "periods": 12} | changes))


def rows(**changes):
    return build(terms(**changes)).installments


def due(**changes):
    return [row.due_on for row in rows(**changes)]


def test_level_payment_of_a_known_loan():
    """100.00 at 7 % over 6 months, 30/360: the figures of Apache Fineract's progressive loan tests (17.01 × 5, then 17.00)."""
    found = rows(principal=10_000, annual_rate=Decimal("0.07"), periods=6, day_count="30/360")
    assert [row.total for row in found] == [1701, 1701, 1701, 1701, 1701, 1700]
    assert [row.interest for row in found] == [58, 49, 39, 29, 20, 10]
    assert [row.balance_after for row in found] == [8357, 6705, 5043, 3371, 1690, 0]


def test_excel_pmt_of_a_known_loan():
    """PMT(8%/12, 10, 10000) = −1,037.03: the example of Excel's documentation of PMT."""
    assert rows(principal=1_000_000, annual_rate=Decimal("0.08"), periods=10)[0].total == 103_703


def test_equal_principal():
    found = rows(method="equal_principal", principal=100_000, periods=3)
    assert [row.principal for row in found] == [33_333, 33_333, 33_334]
    assert [row.interest for row in found] == [1000, 667, 333]


def test_interest_only_and_principal_grace():
    assert [row.principal for row in rows(method="interest_only", periods=3)] == [0, 0, 1_000_000]
    found = rows(periods=6, principal_grace_periods=2)
    assert [(row.principal, row.interest) for row in found[:2]] == [(0, 10_000)] * 2
    assert len({row.total for row in found[2:5]}) == 1


@pytest.mark.parametrize(("kind", "interest"), [("simple", 120_000), ("compound", 126_825)])
def test_bullet(kind, interest):
    found = rows(method="bullet", bullet_interest=kind, disbursed_on=date(2026, 1, 15))
    assert [(row.number, row.due_on, row.principal, row.interest) for row in found] == [(1, date(2027, 1, 15), 1_000_000, interest)]


def test_flat_interest_stays_on_the_first_principal():
    found = rows(method="flat", principal=100_000, periods=3)
    assert [(row.principal, row.interest) for row in found] == [(33_333, 1000), (33_333, 1000), (33_334, 1000)]


def test_custom_rows_bear_interest_on_the_balance_between_them():
    plan = (CustomRow(date(2026, 3, 1), 400_000), CustomRow(date(2026, 6, 1), 600_000))
    found = rows(method="custom", periods=2, rows=plan, disbursed_on=date(2026, 1, 1), day_count="actual/365")
    assert [row.interest for row in found] == [round(1_000_000 * 0.12 * 59 / 365), round(600_000 * 0.12 * 92 / 365)]
    assert found[-1].balance_after == 0


def test_zero_interest_and_single_period():
    assert [row.total for row in rows(annual_rate=Decimal(0), principal=100, periods=3)] == [33, 33, 34]
    assert [row.total for row in rows(periods=1)] == [1_010_000]


def test_installment_multiple_levels_all_but_the_last():
    found = rows(rounding=Rounding("half_up", 100))
    assert {row.total % 100 for row in found[:-1]} == {0}
    assert found[-1].balance_after == 0


def test_multiple_too_large_for_the_installment_keeps_the_installment():
    assert rows(principal=1000, annual_rate=Decimal(0), periods=10, rounding=Rounding("half_even", 10_000))[0].total == 100


@pytest.mark.parametrize(("mode", "interest"), [("half_even", 2), ("half_up", 3)])
def test_half_a_unit_rounds_by_the_mode(mode, interest):
    assert rows(method="interest_only", principal=250, periods=1, rounding=Rounding(mode))[0].interest == interest


def test_month_ends_clamp_without_drift():
    assert due(periods=3, disbursed_on=date(2025, 12, 31)) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def test_first_due_date_that_is_one_clamped_period_keeps_the_disbursement_day():
    given_first = due(periods=3, disbursed_on=date(2026, 10, 31), first_due_on=date(2026, 11, 30))
    assert given_first == [date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31)]


def test_another_first_due_date_sets_its_own_day():
    assert due(periods=3, disbursed_on=date(2026, 10, 15), first_due_on=date(2026, 11, 30)) == [date(2026, 11, 30), date(2026, 12, 30), date(2027, 1, 30)]


def test_missing_day_may_roll_to_the_first_of_the_next_month():
    found = due(periods=3, disbursed_on=date(2025, 12, 31), due_date_rule="roll_to_next_month_first")
    assert found == [date(2026, 1, 31), date(2026, 3, 1), date(2026, 3, 31)]


def test_business_day_rules():
    saturday = date(2026, 1, 31)
    holiday = frozenset({date(2026, 1, 30)})
    common = {"periods": 1, "disbursed_on": date(2025, 12, 31), "holidays": holiday}
    assert due(**common, business_day_rule="following") == [saturday + timedelta(days=2)]
    assert due(**common, business_day_rule="modified_following") == [saturday - timedelta(days=2)]


def test_a_row_is_never_moved_back_before_the_disbursement():
    """Sunday 31 December would go back to Friday 29, before the money was paid out on the 30th."""
    assert due(periods=1, period="day", disbursed_on=date(2028, 12, 30), business_day_rule="modified_following") == [date(2029, 1, 1)]


def test_weeks_and_days_step():
    assert due(periods=2, period="week", period_every=2, disbursed_on=date(2026, 1, 1)) == [date(2026, 1, 15), date(2026, 1, 29)]
    assert due(periods=2, period="day", period_every=10, disbursed_on=date(2026, 1, 1)) == [date(2026, 1, 11), date(2026, 1, 21)]


@pytest.mark.parametrize(
    ("period", "day_count", "interest"),
    [("month", "equal_period", 10_000), ("week", "equal_period", 2308), ("day", "equal_period", 329), ("week", "30/360", 2333), ("day", "30/360", 333)],
)
def test_regular_periods_without_dates(period, day_count, interest):
    assert rows(periods=2, period=period, day_count=day_count)[0].interest == interest


@pytest.mark.parametrize(
    ("day_count", "interest"),
    [("actual/365", 15_123), ("actual/360", 15_333), ("actual/actual", 15_123), ("30/360", 15_333), ("equal_period", 15_123)],
)
def test_odd_first_period_counts_its_real_days(day_count, interest):
    found = rows(day_count=day_count, disbursed_on=date(2026, 1, 1), first_due_on=date(2026, 2, 16))
    assert found[0].interest == interest  # 46 days


def test_actual_actual_splits_at_the_year_boundary():
    """ISDA's example: 1 November 2003 to 1 May 2004 is 61/365 + 121/366 of a year."""
    top, bottom = actual_actual(date(2003, 11, 1), date(2004, 5, 1))
    assert Decimal(top) / bottom == Decimal(61 * 366 + 121 * 365) / (365 * 366)


def test_interest_larger_than_the_level_payment_is_paid_in_full_and_the_rest_leveled_again():
    found = rows(annual_rate=Decimal("0.36"), periods=36, day_count="actual/365", disbursed_on=date(2024, 1, 31), first_due_on=date(2029, 1, 1))
    assert found[0].principal == 0
    assert found[0].interest > found[1].total
    assert found[-1].balance_after == 0
    assert abs(found[-1].total - found[1].total) < 50


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"principal": 0}, "principal_minor"),
        ({"principal": -5}, "principal_minor"),
        ({"periods": 0}, "periods"),
        ({"periods": 12_001}, "periods"),
        ({"annual_rate": Decimal("-0.01")}, "annual_rate"),
        ({"annual_rate": Decimal("1e-999999")}, "annual_rate"),
        ({"annual_rate": Decimal("NaN")}, "annual_rate"),
        ({"day_count": "actual/365"}, "disbursed_on"),
        ({"day_count": "30E/360"}, "day_count"),
        ({"method": "balloon"}, "method"),
        ({"principal_grace_periods": 12}, "principal_grace_periods"),
        ({"method": "bullet", "principal_grace_periods": 1}, "principal_grace_periods"),
        ({"disbursed_on": date(2026, 1, 2), "first_due_on": date(2026, 1, 2)}, "first_due_on"),
        ({"disbursed_on": date(9999, 6, 1)}, "periods"),
        ({"rounding": Rounding("up", 1)}, "rounding.mode"),
        ({"rounding": Rounding("half_up", 0)}, "rounding.installment_multiple_minor"),
        ({"rows": (CustomRow(date(2026, 1, 1), 1),)}, "rows"),
        ({"method": "custom", "periods": 1}, "rows"),
        ({"method": "custom", "periods": 1, "rows": (CustomRow(date(2026, 1, 1), 1),)}, "rows"),
    ],
)
def test_impossible_terms_name_their_field(changes, field):
    with pytest.raises(UnableToSchedule) as caught:
        build(terms(**changes))
    assert caught.value.field == field


dates = st.dates(date(2020, 1, 1), date(2030, 12, 31))
rates = st.decimals(0, 5, places=4, allow_nan=False)


@st.composite
def any_terms(draw):
    periods = draw(st.integers(1, 80))
    method = draw(st.sampled_from(["equal_installment", "equal_principal", "interest_only", "bullet", "flat"]))
    start = draw(dates)
    return terms(
        method=method,
        principal=draw(st.integers(1, 10**12)),
        annual_rate=draw(rates),
        periods=periods,
        period=draw(st.sampled_from(["day", "week", "month"])),
        period_every=draw(st.integers(1, 6)),
        day_count=draw(st.sampled_from(["30/360", "actual/365", "actual/360", "actual/actual", "equal_period"])),
        disbursed_on=start,
        first_due_on=draw(st.one_of(st.none(), st.integers(1, 90).map(lambda days: start + timedelta(days=days)))),
        rounding=Rounding(draw(st.sampled_from(["half_even", "half_up"])), draw(st.sampled_from([1, 1, 10, 100, 5000]))),
        principal_grace_periods=0 if method == "bullet" else draw(st.integers(0, min(periods - 1, 6))),
        due_date_rule=draw(st.sampled_from(["clamp", "roll_to_next_month_first"])),
        business_day_rule=draw(st.sampled_from(["none", "following", "modified_following"])),
        bullet_interest=draw(st.sampled_from(["simple", "compound"])),
    )


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(any_terms())
def test_principal_is_repaid_and_no_balance_is_negative(drawn):
    schedule = build(drawn)
    found = schedule.installments
    assert sum(row.principal for row in found) == drawn.principal == schedule.totals.principal
    assert sum(row.interest for row in found) == schedule.totals.interest
    assert found[-1].balance_after == 0
    balance = drawn.principal
    for row in found:
        balance -= row.principal
        assert row.balance_after == balance >= 0
        assert min(row.principal, row.interest) >= 0
        assert row.total == row.principal + row.interest
    assert [row.due_on for row in found] == sorted(row.due_on for row in found)
    assert [row.number for row in found] == list(range(1, len(found) + 1))


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(st.integers(10**6, 10**10), rates, st.integers(1, 120))
def test_level_payments_differ_only_in_the_last_row(principal, rate, periods):
    totals = [row.total for row in rows(principal=principal, annual_rate=rate, periods=periods)]
    if rate < 1:
        assert max(totals[:-1], default=0) - min(totals[:-1], default=0) <= 1
        assert abs(totals[-1] - totals[0]) <= 1 + periods * (1 + rate / 12) ** periods  # each row's rounding bears interest to the end


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(st.integers(10**7, 10**9), st.decimals(0, "0.6", places=4), st.decimals("0.01", 1, places=4), st.integers(2, 36))
def test_a_higher_rate_never_costs_less(principal, rate, more, periods):
    for method in ("equal_installment", "equal_principal", "interest_only", "flat", "bullet"):
        low = build(terms(method=method, principal=principal, annual_rate=rate, periods=periods)).totals.interest
        high = build(terms(method=method, principal=principal, annual_rate=rate + more, periods=periods)).totals.interest
        assert high >= low - periods


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(
    st.sampled_from(["equal_installment", "equal_principal", "interest_only", "flat"]),
    st.integers(10_000, 10**10),
    st.decimals(0, 4, places=4),
    st.integers(2, 60),
)
def test_interest_and_balances_never_rise(method, principal, rate, periods):
    """Regular periods: each row's interest is on a balance no larger than the one before; what falls due never rises but for level ones."""
    found = rows(method=method, principal=principal, annual_rate=rate, periods=periods)
    balances = [principal, *(row.balance_after for row in found)]
    assert all(later <= earlier for earlier, later in pairwise(balances))
    if method != "flat":  # whose last row absorbs what rounding left
        assert all(later.interest <= earlier.interest for earlier, later in pairwise(found))
    if method == "equal_principal":
        assert all(later.total <= earlier.total + 1 for earlier, later in pairwise(found[:-1]))
    if method == "equal_installment" and rate < 1:  # above, what rounding left of a level payment repays the loan rows early
        assert all(later.principal >= earlier.principal - 1 for earlier, later in pairwise(found[:-1]))
