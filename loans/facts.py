"""Gathering the frozen facts of an application for the decision: the borrower's own answers, what sources they allowed have told, and the answers of
consenting co-borrowers. Nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from credit import inquiry
from credit.facts import Facts
from loans.models import Application
from privacy import vault

FIELDS = ("occupation", "industry", "housing", "months_at_work", "income_monthly", "debt_monthly", "debt_total", "debt_other_platforms", "overdue_count_6m")


@dataclass(frozen=True)
class Gathered:
    """`facts`; by fact the inquiry it came from; sources that owe an answer; and whether a bureau has told anything."""

    facts: Facts
    origin: dict[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    segment: str = "thin"


def gather(application: Application, *, as_of: date, now: datetime) -> Gathered:
    """Facts as of the day of submission. What a source has told stands in place of what the borrower said; a missing answer stays missing."""
    known = inquiry.known(application.reference, now=now)
    own = _own(application, now=now)
    told: dict[str, Any] = known.figures
    facts = _with_co_borrowers(replace(own, **told), application, now=now)
    return Gathered(facts, known.origin, known.open, "full" if "bureau" in known.sources else "thin")


def _own(application: Application, *, now: datetime) -> Facts:
    answers = vault.open_sealed(application.file, FIELDS, engine="credit.facts", purpose="automated_decision", now=now)
    return Facts(
        amount=application.amount or 0,
        term_months=application.term_months or 0,
        purpose=application.purpose,
        currency=application.currency,
        income_monthly=_number(answers["income_monthly"]),
        debt_monthly=_number(answers["debt_monthly"]),
        debt_total=_number(answers["debt_total"]),
        debt_other_platforms=_number(answers["debt_other_platforms"]),
        overdue_count_6m=_number(answers["overdue_count_6m"]),
        months_at_work=_number(answers["months_at_work"]),
        occupation=answers["occupation"],
        housing=answers["housing"],
    )


def _with_co_borrowers(facts: Facts, application: Application, *, now: datetime) -> Facts:
    income, burden = facts.income_monthly, facts.debt_monthly
    for extra_income, extra_burden in _co_borrowers(application, now=now):
        income = None if income is None else income + extra_income
        burden = None if burden is None else burden + extra_burden
    return replace(facts, income_monthly=income, debt_monthly=burden)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _co_borrowers(application: Application, *, now: datetime) -> list[tuple[int, int]]:
    """Income and monthly debt of co-borrowers who joined with their own consent; without figures they add nothing."""
    figures = []
    for obligor in application.obligors.filter(role="co_borrower", state__in=["joined", "signed"]).select_related("party"):
        opened = vault.open_sealed(obligor, ("income_monthly", "debt_monthly"), engine="credit.facts", purpose="automated_decision", now=now)
        figures.append((_number(opened["income_monthly"]) or 0, _number(opened["debt_monthly"]) or 0))
    return figures
