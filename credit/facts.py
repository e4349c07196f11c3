"""The frozen facts a decision sees: the borrower's own figures at application, nothing about anybody around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

AMOUNT_MAX = 10**15
TERM_MAX = 600
MOST = {"months_at_work": 1200, "overdue_count_6m": 1000}  # a hundred years; more than five a day
CURRENCY = re.compile(r"[A-Z]{3}")
TEXTS = ("purpose", "currency", "occupation", "housing")
OPTIONAL = ("income_monthly", "debt_monthly", "debt_total", "debt_other_platforms", "overdue_count_6m", "months_at_work", "occupation", "housing")


class ImpossibleFacts(Exception):
    """A fact that cannot be. `.field` names it, `.message` says why (English, no personal data)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Money in minor units of `currency`; None is "not known", which refers the application to a person."""

    amount: int
    term_months: int
    purpose: str
    currency: str
    income_monthly: int | None = None
    debt_monthly: int | None = None
    debt_total: int | None = None
    debt_other_platforms: int | None = None
    overdue_count_6m: int | None = None
    months_at_work: int | None = None
    occupation: str | None = None
    housing: str | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name))
        if self.amount < 1:
            raise ImpossibleFacts("amount", "must be positive")
        if not 1 <= self.term_months <= TERM_MAX:
            raise ImpossibleFacts("term_months", f"must be from 1 to {TERM_MAX}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _check(name: str, value: Any) -> None:
    if value is None and name in OPTIONAL:
        return
    if name in TEXTS:
        if not isinstance(value, str) or not value or len(value) > 40:
            raise ImpossibleFacts(name, "must be a short code")
        if name == "currency" and not CURRENCY.fullmatch(value):
            raise ImpossibleFacts(name, "must be three capital letters such as CNY")
    elif type(value) is not int:
        raise ImpossibleFacts(name, "must be a whole number")
    elif not 0 <= value <= MOST.get(name, AMOUNT_MAX):
        raise ImpossibleFacts(name, f"must be from 0 to {MOST.get(name, AMOUNT_MAX)}")


def parse(data: Mapping[str, Any]) -> Facts:
    """Facts from plain data. Unknown and missing names, wrong types and impossible values raise ImpossibleFacts."""
    if not isinstance(data, Mapping):
        raise ImpossibleFacts("facts", "must be an object")
    names = [each.name for each in fields(Facts)]
    for name in data:
        if name not in names:
            raise ImpossibleFacts(str(name), "is not a fact we know")
    for name in names:
        if name not in data and name not in OPTIONAL:
            raise ImpossibleFacts(name, "is missing")
    return Facts(**data)
