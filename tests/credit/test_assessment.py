"""Score and price together; decisions kept and recomputed."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from credit.assessment import assess
from credit.pricing import UnableToPrice, over_term
from tests.credit.test_scorecard import GOOD

DAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Terms:
    target_yield: Decimal = Decimal("0.05")
    lgd: Decimal = Decimal("0.6")
    servicing_fee_rate: Decimal = Decimal("0.006")
    origination_fee_rate: Decimal = Decimal("0.008")


def test_good_facts_get_a_price_under_the_cap():
    made = assess(GOOD, product=Terms(), jurisdiction="SANDBOX", as_of=DAY)
    assert made.outcome == "approve"
    assert made.cap == Decimal("0.1540")
    assert Decimal("0.056") < made.price.annual_rate < made.price.apr <= made.cap


def test_worse_risk_pays_more():
    low = assess(GOOD, product=Terms(), jurisdiction="SANDBOX", as_of=DAY).price.annual_rate
    assert assess(replace(GOOD, months_at_work=3), product=Terms(), jurisdiction="SANDBOX", as_of=DAY).price.annual_rate > low


def test_method_changes_the_price_of_the_same_risk():
    level, bullet = (assess(GOOD, product=Terms(), jurisdiction="SANDBOX", as_of=DAY, method=method).price for method in ("equal_installment", "bullet"))
    assert bullet.expected_loss > level.expected_loss


def test_no_lawful_price_is_a_question_for_a_person_and_no_rate():
    made = assess(GOOD, product=Terms(target_yield=Decimal("0.2")), jurisdiction="SANDBOX", as_of=DAY)
    assert (made.score.outcome, made.outcome) == ("approve", "refer")
    assert made.as_dict()["price"]["annual_rate"] is None
    assert made.as_dict()["price"]["why_not"] == "above_cap"


def test_missing_data_is_not_priced():
    made = assess(replace(GOOD, income_monthly=None), product=Terms(), jurisdiction="SANDBOX", as_of=DAY)
    assert (made.outcome, made.price) == ("refer", None)


def test_unknown_jurisdiction_has_no_cap_and_no_price():
    with pytest.raises(UnableToPrice):
        assess(GOOD, product=Terms(), jurisdiction="ATLANTIS", as_of=DAY)


def test_probability_over_the_term_compounds_the_year():
    assert over_term(Decimal("0.1"), 24) == Decimal("0.19")
    assert over_term(Decimal("0.1"), 12) == Decimal("0.1")
