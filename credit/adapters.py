"""How our facts are said in the fields of a trained model: one function for each model that may score an application here.

The trained models learned from loans in other countries. Money is carried over at equal purchasing power, words to the nearest of the model's
own; what has no counterpart is not known, and what is not known refers the application to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from credit.facts import Facts

# Minor units of a currency that buy what a dollar of the training years buys (private consumption, rounded): only for these is money carried over.
PER_DOLLAR: Mapping[str, int] = {"CNY": 400}
YEAR = 12
PURPOSES = {"working_capital": "3", "equipment": "3", "premises": "3", "vehicle": "6", "education": "5", "home": "2", "other": "7"}
WORK = {
    "employed": ("Other", "Employed"),
    "civil_servant": ("Civil Service", "Employed"),
    "skilled": ("Skilled Labor", "Employed"),
    "manager": ("Executive", "Employed"),
    "self_employed": ("Other", "Self-employed"),
    "unskilled": ("Laborer", "Employed"),
    "unemployed": ("Other", "Not employed"),
}
INCOME_RANGES = ((1, "$0"), (25_000, "$1-24,999"), (50_000, "$25,000-49,999"), (75_000, "$50,000-74,999"), (100_000, "$75,000-99,999"))
ROUND_LOAN = 500  # dollars: a sum carried over is no longer the round one that was asked for, and its last digits say nothing


@dataclass(frozen=True)
class Adapter:
    """`fields`: the model's fields from facts; `needs`: the facts it cannot do without; `reasons`: by input of the model, the code in reasons.json."""

    fields: Callable[[Facts], dict[str, Any]]
    needs: tuple[str, ...]
    reasons: Mapping[str, str]

    def missing(self, facts: Facts) -> tuple[str, ...]:
        absent = {name for name in self.needs if getattr(facts, name) is None}
        absent |= {name for name, words in (("purpose", PURPOSES), ("occupation", WORK)) if getattr(facts, name) not in words}
        return tuple(sorted(absent | ({"currency"} if facts.currency not in PER_DOLLAR else set())))


def _thin(facts: Facts) -> dict[str, Any]:
    rate = PER_DOLLAR[facts.currency]
    income = (facts.income_monthly or 0) / rate
    occupation, status = WORK[facts.occupation or ""]
    return {
        "Term": facts.term_months,
        "EmploymentStatusDuration": facts.months_at_work,
        "IncomeVerifiable": None,  # we promise that refusing documents counts for nothing
        "StatedMonthlyIncome": income,
        "LoanOriginalAmount": max(round(facts.amount / rate / ROUND_LOAN), 1) * ROUND_LOAN,
        "ListingCategory": PURPOSES[facts.purpose],
        "Occupation": occupation,
        "EmploymentStatus": status,
        "IncomeRange": _income_range(income * YEAR, status),
    }


def _income_range(yearly: float, status: str) -> str:
    if status == "Not employed":
        return status
    return next((words for below, words in INCOME_RANGES if yearly < below), "$100,000+")


ADAPTERS: Mapping[str, Adapter] = {
    "thin_file": Adapter(
        fields=_thin,
        needs=("income_monthly", "months_at_work", "occupation"),
        reasons={
            "StatedMonthlyIncome.value": "income",
            "IncomeRange.level": "income",
            "IncomeVerifiable.value": "income",
            "Term.value": "term",
            "LoanOriginalAmount.value": "loan_size",
            "loan_residue": "loan_size",
            "loan_to_term": "loan_per_month",
            "loan_to_income": "loan_to_income",
            "installment_share": "debt_service",
            "EmploymentStatusDuration.value": "time_at_work",
            "ListingCategory.level": "purpose",
            "Occupation.level": "occupation",
            "EmploymentStatus.level": "employment",
        },
    ),
}
