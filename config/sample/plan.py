"""The plan of the sample market: who borrows what, when, and how it turns out. Deterministic; no database."""

from __future__ import annotations

import csv
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from config.sample import YUAN_PER_MARK
from loans.product import STANDARD

SEED = 20261123
MONTHS = 7
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


# How far the last loans have come when the market opens; every other one is "live".
ENDINGS = ("listed", "review", "unfilled", "listed", "draft", "funded", "listed", "referred", "listed", "declined", "listed", "offered", "proposed", "review")
ALICE = 12  # she is the borrower of one story
BACKER_EVERY = {"bob": 3, "carol": 4, "eve": 5}  # every n-th listing has them among its backers


@dataclass(frozen=True)
class Story:
    """One borrower's loan. Minor units. `cohort`: months after the beginning; `stops_after`: installments paid before trouble, None for never."""

    serial: int
    cohort: int
    amount: int
    term_months: int
    method: str
    source_purpose: str
    ordinal: int  # among the loans of that source purpose
    occupation: str
    months_at_work: int
    housing: str
    income_monthly: int
    region: str
    industry: str
    stops_after: int | None
    settles_after: int | None
    ending: str  # one of ENDINGS


@cache
def stories() -> tuple[Story, ...]:
    """Sixty of them, oldest cohort first."""
    with ROWS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seen: Counter[str] = Counter()
    made = []
    for serial, row in enumerate(rows):
        made.append(_story(serial, row, len(rows), ordinal=seen[row["purpose"]]))
        seen[row["purpose"]] += 1
    return tuple(made)


def _story(serial: int, row: dict[str, str], count: int, *, ordinal: int) -> Story:
    draw = random.Random(f"{SEED}:{row['row_id']}")  # noqa: S311 a sample, not a secret
    amount, term = int(row["amount_dm"]) * YUAN_PER_MARK * 100 // STANDARD.unit * STANDARD.unit, int(row["months"])
    bad, live = row["bad"] == "1", serial < count - len(ENDINGS)
    cohort = min(serial * MONTHS // (count - len(ENDINGS)), MONTHS)
    return Story(
        serial=serial,
        cohort=cohort,
        amount=amount,
        term_months=term,
        method="equal_principal" if serial % 5 == 0 else "equal_installment",
        source_purpose=row["purpose"],
        ordinal=ordinal,
        occupation=OCCUPATIONS.get(row["job"], "employed"),
        months_at_work=AT_WORK[row["employment"]],
        housing=HOUSING[row["housing"]],
        income_monthly=max(amount // term * draw.randrange(3, 7), 600_000) // 10_000 * 10_000,
        region=draw.choice(REGIONS),
        industry=draw.choice(INDUSTRIES),
        stops_after=draw.randrange(0, min(4, MONTHS - cohort - 1)) if bad else None,  # in arrears by the day the market opens
        settles_after=draw.randrange(3, 6) if not bad and serial % 9 == 4 else None,
        ending="live" if live else ENDINGS[serial - count + len(ENDINGS)],
    )


def month_after(start: date, months: int) -> date:
    """The same day of a later month; `start` is never later than the 28th."""
    whole = start.year * 12 + start.month - 1 + months
    return start.replace(year=whole // 12, month=whole % 12 + 1)


def beginning(today: date) -> date:
    """The market's first business day, MONTHS back."""
    return month_after(today.replace(day=min(today.day, 28)), -MONTHS)
