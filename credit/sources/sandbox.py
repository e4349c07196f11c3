"""The sandbox's bureau and bank: they answer by the number alone, so that every case can be had on purpose.

They read the three characters before the last one of the document's number:
  503  slow: no answer twice, then one
  504  no answer, however often
  451  lies: a figure that cannot be
  452  answers for somebody else
  453  an answer that somebody changed on the way
  5xx  otherwise: a person with debts, two late payments and a low income
anything else: no debts, nothing overdue, and an income of 15,000 a month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from credit.sources.base import Inquiry, NoAnswer, mark, signature

SLOW_ATTEMPTS = 2
CLEAN = {"debt_monthly": 0, "debt_total": 0, "debt_other_platforms": 0, "overdue_count_6m": 0}
BURDENED = {"debt_monthly": 400_000, "debt_total": 9_600_000, "debt_other_platforms": 4_000_000, "overdue_count_6m": 2}


class _Sandbox:
    name = "sandbox"
    secret = b"the sandbox signs with a secret everybody knows"

    def figures(self, serial: str) -> dict[str, int]:
        raise NotImplementedError

    def ask(self, inquiry: Inquiry, *, timeout: float) -> Mapping[str, Any]:
        serial = inquiry.number[-4:-1]
        if serial == "504" or (serial == "503" and inquiry.attempt <= SLOW_ATTEMPTS):
            raise NoAnswer
        figures = self.figures(serial)
        if serial == "451":
            figures = dict.fromkeys(figures, -1)
        about = replace(inquiry, number="somebody else") if serial == "452" else inquiry
        body: dict[str, Any] = {"key": inquiry.key, "person": mark(about), "currency": "CNY", "as_of": timezone.localdate().isoformat(), "figures": figures}
        signed = signature(body, self.secret)
        return {**body, "figures": dict.fromkeys(figures, 1), "signature": signed} if serial == "453" else {**body, "signature": signed}


class Bureau(_Sandbox):
    def figures(self, serial: str) -> dict[str, int]:
        return BURDENED if serial.startswith("5") else CLEAN


class Bank(_Sandbox):
    def figures(self, serial: str) -> dict[str, int]:
        return {"income_monthly": 500_000 if serial.startswith("5") else 1_500_000}
