"""The plan of the sample market: who borrows what, when, and how it turns out. Deterministic; no database."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from config.sample import YUAN_PER_MARK
from loans.product import STANDARD

SEED = 20261123
MONTHS = 9
INVESTORS = 40
ROWS = Path(__file__).with_name("german.csv")
OCCUPATIONS = {
    "skilled employee / official": "skilled",
    "unskilled - resident": "unskilled",
    "management/ self-employed/ highly qualified employee/ officer": "self_employed",
}
AT_WORK = {"... < 1 year": 8, "1 <= ... < 4 years": 30, "4 <= ... < 7 years": 66, "... >= 7 years": 110, "unemployed": 3}
HOUSING = {"own": "own", "rent": "rent", "for free": "free"}
REGIONS = ("BJ", "SH", "GD", "JS", "ZJ", "SD", "SC", "HB", "FJ", "HA")
INDUSTRIES = ("food", "retail", "manufacturing", "transport", "services", "education")


@dataclass(frozen=True)
class Story:
    """One borrower's loan. Minor units. `cohort`: months after the beginning; `stops_after`: installments paid before trouble, None for never."""

    serial: int
    cohort: int
    amount: int
    term_months: int
    method: str
    source_purpose: str
    occupation: str
    months_at_work: int
    housing: str
    income_monthly: int
    region: str
    industry: str
    stops_after: int | None
    settles_after: int | None
    ending: str  # live | listed | review | draft


@cache
def stories() -> tuple[Story, ...]:
    """Sixty of them, oldest cohort first."""
    with ROWS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(_story(serial, row, len(rows)) for serial, row in enumerate(rows))


def _story(serial: int, row: dict[str, str], count: int) -> Story:
    draw = random.Random(f"{SEED}:{row['row_id']}")  # noqa: S311 a sample, not a secret
    amount = max(int(row["amount_dm"]) * YUAN_PER_MARK * 100 // STANDARD.unit * STANDARD.unit, STANDARD.amount_min)
    term = next((months for months in STANDARD.terms if months >= int(row["months"])), STANDARD.terms[-1])
    bad = row["bad"] == "1"
    return Story(
        serial=serial,
        cohort=min(serial * MONTHS // (count - 14), MONTHS),
        amount=amount,
        term_months=term,
        method="equal_principal" if serial % 5 == 0 else "equal_installment",
        source_purpose=row["purpose"],
        occupation=OCCUPATIONS.get(row["job"], "employed"),
        months_at_work=AT_WORK[row["employment"]],
        housing=HOUSING[row["housing"]],
        income_monthly=max(amount // term * draw.randrange(3, 7), 600_000) // 10_000 * 10_000,
        region=draw.choice(REGIONS),
        industry=draw.choice(INDUSTRIES),
        stops_after=draw.randrange(0, 4) if bad else None,
        settles_after=draw.randrange(3, 6) if not bad and serial % 9 == 4 else None,
        ending="live" if serial < count - 14 else ("listed", "listed", "review", "draft")[serial % 4],
    )


def month_after(start: date, months: int) -> date:
    """The same day of a later month; `start` is never later than the 28th."""
    whole = start.year * 12 + start.month - 1 + months
    return start.replace(year=whole // 12, month=whole % 12 + 1)


def beginning(today: date) -> date:
    """The market's first business day, nine months back."""
    return month_after(today.replace(day=min(today.day, 28)), -MONTHS)
