"""Ways out: the smallest change a borrower could make that turns the decision into an approval. Nothing is offered that was not decided again.

Less money, another term, debts paid down, or less money over another term. What lies in the past, or in a person, is never "changed".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from credit.facts import Facts

Way = Mapping[str, Any]
Change = dict[str, Any]  # facts by name, in whole numbers
Decides = Callable[[Facts], tuple[str, str]]
STEPS = range(95, 25, -5)  # per cent of the amount asked for, tried downwards
DEBT_STEPS = range(90, -10, -10)  # per cent of the debt that would be left
ROUND_AMOUNT = 10_000  # minor units: what a person would ask for
AMOUNT_LEAST = 500_000  # nobody can ask for less
# Which reasons a change speaks to, the nearest first; the way is shown beside the first of them that is told.
BESIDE: Mapping[str, tuple[str, ...]] = {
    "amount": ("loan_to_income", "debt_service", "loan_size", "term"),
    "term_months": ("term", "debt_service", "loan_to_income", "loan_size"),
    "debt_monthly": ("debt_service",),
    "debt_other_platforms": ("platform_debt",),
    "amount,term_months": ("debt_service", "term", "loan_to_income", "loan_size"),
}


def out(facts: Facts, decides: Decides, *, terms: Sequence[int]) -> dict[str, Way]:
    """By kind of change, the smallest that gets an approval. Empty where the facts as they are get one already."""
    if decides(facts)[0] == "approve":
        return {}
    kinds = {"amount": _less(facts), "term_months": _terms(facts, terms), "debt_monthly": _debt(facts, "debt_monthly")}
    kinds["debt_other_platforms"] = _debt(facts, "debt_other_platforms")
    found = {kind: way for kind, tried in kinds.items() if (way := _first(facts, decides, tried))}
    if not {"amount", "term_months"} & set(found) and (both := _first(facts, decides, _both(facts, terms))):
        found["amount,term_months"] = both
    return found


def beside(told: Sequence[str], found: Mapping[str, Way]) -> dict[str, Way]:
    """By reason that is told: the way out shown beside it, one at most. A way no told reason is about stands beside the first of them."""
    given: dict[str, Way] = {}
    for kind, way in found.items():
        free = [code for code in (*BESIDE[kind], *told) if code in told and code not in given]
        if free:
            given[free[0]] = way
    return given


def _first(facts: Facts, decides: Decides, tried: Iterator[Change]) -> Way | None:
    for change in tried:
        outcome, grade = decides(replace(facts, **change))
        if outcome == "approve":
            return {**change, "outcome": outcome, "grade": grade}
    return None


def _less(facts: Facts) -> Iterator[Change]:
    amounts = (_round(facts.amount * percent // 100) for percent in STEPS)
    return ({"amount": amount} for amount in dict.fromkeys(amounts) if AMOUNT_LEAST <= amount < facts.amount)


def _round(amount: int) -> int:
    return amount - amount % (ROUND_AMOUNT if amount >= ROUND_AMOUNT else 1)


def _terms(facts: Facts, terms: Sequence[int]) -> Iterator[Change]:
    """The nearest term first."""
    others = sorted((months for months in terms if months != facts.term_months), key=lambda months: (abs(months - facts.term_months), months))
    return ({"term_months": months} for months in others)


def _both(facts: Facts, terms: Sequence[int]) -> Iterator[Change]:
    return ({**less, **other} for less in _less(facts) for other in _terms(facts, terms))


def _debt(facts: Facts, name: str) -> Iterator[Change]:
    owed = getattr(facts, name) or 0
    return ({name: owed * percent // 100} for percent in (DEBT_STEPS if owed else ()))
