from decimal import Decimal
from itertools import pairwise

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core import money
from core.money import InvalidAmount, format_amount, format_short, in_words_zh, parse_amount, split

amounts = st.integers(-money.MAX_MINOR, money.MAX_MINOR)


@given(total=amounts, weights=st.lists(st.integers(0, 10**12), min_size=1, max_size=50).filter(any))
def test_shares_sum_to_the_whole_and_none_is_a_cent_off(total, weights):
    shares = split(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)


@given(total=st.integers(0, 10**9), weights=st.lists(st.integers(1, 10**6), min_size=2, max_size=20))
def test_a_larger_weight_never_gets_a_smaller_share(total, weights):
    pairs = sorted(zip(weights, split(total, weights), strict=True))
    assert all(low[1] <= high[1] or low[0] == high[0] for low, high in pairwise(pairs))


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [1, 2], [0, 1]),
        (0, [0, 0], [0, 0]),
        (5, [0, 1], [0, 5]),
        (2, [3, 3, 3, 3], [1, 1, 0, 0]),
    ],
)
def test_remainders_go_to_the_largest_then_to_the_earliest(total, weights, shares):
    assert split(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0]), (1, [2, -1])])
def test_nothing_to_share_by_is_an_error(total, weights):
    with pytest.raises(ValueError):
        split(total, weights)


@given(minor=st.integers(0, money.MAX_MINOR), currency=st.sampled_from(sorted(money.CURRENCY_DIGITS)))
def test_what_is_written_reads_back(minor, currency):
    with translation.override("zh-hans"):
        assert parse_amount(format_amount(minor, currency).replace(money.symbol(currency), ""), currency=currency) == minor


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12000", 1200000),
        ("１２，０００．５０", 1200050),
        ("¥1,234.5", 123450),
        ("￥１２３", 12300),
        ("1 200", 120000),
        (" 500元 ", 50000),
        ("0.01", 1),
        ("3.1000", 310),
    ],
)
def test_amounts_as_people_type_them(text, minor):
    assert parse_amount(text, currency="CNY") == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("abc", "not_a_number"),
        ("12a", "not_a_number"),
        ("1e5", "not_a_number"),
        ("1,2,3", "not_a_number"),
        ("12,00.5", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("1.", "not_a_number"),
        (".5", "not_a_number"),
        ("一百", "not_a_number"),
        ("٣٤", "not_a_number"),
        ("NaN", "not_a_number"),
        ("-5", "negative"),
        ("−5", "negative"),
        ("－５", "negative"),
        ("1.005", "decimals"),
        ("99999999999999999", "too_large"),
        ("9" * 5000, "too_large"),
    ],
)
def test_what_is_no_amount_says_why(text, code):
    with pytest.raises(InvalidAmount) as wrong:
        parse_amount(text, currency="CNY")
    assert wrong.value.code == code


def test_yen_have_no_decimals():
    assert parse_amount("1,200", currency="JPY") == 1200
    with pytest.raises(InvalidAmount):
        parse_amount("1.5", currency="JPY")
    with pytest.raises(money.UnknownCurrency):
        parse_amount("1", currency="XXX")


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (30, "叁角整"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (1000, "壹拾元整"),
        (10050, "壹佰元伍角整"),
        (12345678, "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
        (100_000_005, "壹佰万元零伍分"),
        (10_001_000, "壹拾万零壹拾元整"),
        (10_501_00, "壹万零伍佰零壹元整"),
        (100_000_000_100, "壹拾亿零壹元整"),
        (1_000_500_000_000, "壹佰亿零伍佰万元整"),
        (-100, "负壹元整"),
    ],
)
def test_bankers_numerals(minor, words):
    assert in_words_zh(minor) == words


def test_amounts_are_written_for_their_reader():
    assert format_amount(123456789, "CNY", locale="en") == "¥1,234,567.89"
    assert format_amount(-5, "CNY", locale="zh-hans") == "−¥0.05"
    assert format_amount(1200, "JPY", locale="en") == "¥1,200"
    assert format_short(31250000, "CNY", locale="zh-hans") == "31.25万元"
    assert format_short(31250000, "CNY", locale="en") == "¥312,500"
    assert format_short(123_456_789_00, "CNY", locale="zh-hans") == "1.23亿元"
    assert format_short(999_900, "CNY", locale="zh-hans") == "¥9,999"
    assert format_short(31250050, "CNY", locale="en") == "¥312,500.50"


def test_the_template_filters_follow_the_language():
    page = Template(
        "{% load money %}{{ a|money:'CNY' }} {{ a|money_short:'CNY' }} {{ r|percent }} {{ r|percent:1 }} {{ n|minus }}{{ none|money:'CNY' }}"
        " {{ a|taken:'CNY' }} {{ o|taken:'CNY' }} {{ n|taken:'CNY' }}"
    )
    values = {"a": 31250000, "r": Decimal("-0.096"), "n": -3, "o": 0, "none": None}
    with translation.override("zh-hans"):
        assert page.render(Context(values)) == "¥312,500.00 31.25万元 −9.60% −9.6% −3 −¥312,500.00 ¥0.00 ¥0.03"
    with translation.override("en"):
        assert page.render(Context(values)) == "¥312,500.00 ¥312,500 −9.60% −9.6% −3 −¥312,500.00 ¥0.00 ¥0.03"
