"""Figures before a pledge: they add up, and whatever is typed becomes an amount that is possible."""

from decimal import Decimal

import pytest
from django.utils import translation

from credit.bands import BANDS
from marketplace import outlook, presenting
from marketplace.models import Listing
from tests.worlds import world


@world
def listing() -> Listing:
    return Listing(
        method="equal_installment",
        annual_rate=Decimal("0.069"),
        term_months=36,
        currency="CNY",
        target=8_130_000,
        unit=10_000,
        minimum=10_000,
        funded=6_090_000,
        grade="B",
        disclosed={"expected_loss": "0.0201", "servicing_fee_rate": "0.006", "facts": {}},
    )


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1500", 150_000),
        ("１，５００", 150_000),
        ("1,555.55", 150_000),
        ("", 100_000),
        ("lots", 100_000),
        ("0", 10_000),
        ("99999999", 2_040_000),
        ("9" * 400, 100_000),
    ],
)
def test_the_amount_in_mind_is_always_possible(listing: Listing, typed: str, amount: int) -> None:
    found = outlook.considered(listing, typed)
    assert found == amount
    assert found % listing.unit == 0
    assert listing.minimum <= found <= listing.target - listing.funded


def test_the_rate_is_its_parts(listing: Listing) -> None:
    assert sum(part["value"] for part in outlook.rate_parts(listing)) == listing.annual_rate
    assert outlook.net_rate(listing) < listing.annual_rate - outlook.fee_rate(listing)


def test_the_loss_a_year_lies_in_the_band_of_the_grade(listing: Listing) -> None:
    """2.01% of the amount over three years in which half of it is out on average is not 0.67% a year."""
    assert Decimal("0.0075") < outlook.yearly_loss(listing) < Decimal("0.0150")
    assert dict(BANDS)["B"] == "0.75–1.50%"


def test_the_figures_of_an_amount(listing: Listing) -> None:
    figures = outlook.outlook(listing, 100_000)
    assert figures.total == 100_000 + figures.interest
    assert figures.monthly * 36 == pytest.approx(figures.total, abs=36)
    assert sum(sum(row["values"].values()) for row in outlook.cash_flow(listing, 100_000)["rows"]) == figures.total


def test_bands_and_counts_are_said_in_words(listing: Listing) -> None:
    listing.disclosed["facts"] = {
        "debt_total": {"form": "band", "value": {"from": 0, "to": 10_000}},
        "overdue_count_6m": {"form": "full", "value": "0"},
        "months_at_work": {"form": "band", "value": {"from": 84, "to": None}},
        "income_monthly": {"form": "band", "value": None},
    }
    with translation.override("en"):
        said = [words for _title, words in presenting.facts(listing)]
    assert said == ["84 months or more", "Not shown", "under ¥10,000", "None"], "in the catalogue's order, not the record's"


def test_a_status_that_holds_nothing_is_left_out() -> None:
    mix = presenting.status_mix({"active": 500, "late_30": 0, "late_60": 0, "late_90": 0, "defaulted": 200})
    assert [part["value"] for part in mix] == [500, 200]
