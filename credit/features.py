"""The registry of features: every input a live model may read, by the fact of the application it is made of. What is not here, or comes from
the people around a borrower, or names a protected attribute, cannot score anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from credit import glassbox, scorecard
from credit.adapters import ADAPTERS
from credit.facts import Facts

# Where a fact may come from: what the borrower said, or a source the borrower agreed to.
SOURCES = ("application", "bureau", "bank")
FACTS: Mapping[str, tuple[str, ...]] = {
    "amount": ("application",),
    "term_months": ("application",),
    "purpose": ("application",),
    "currency": ("application",),
    "income_monthly": ("application", "bank"),
    "debt_monthly": ("application", "bureau"),
    "debt_total": ("application", "bureau"),
    "debt_other_platforms": ("application", "bureau"),
    "overdue_count_6m": ("application", "bureau"),
    "months_at_work": ("application",),
    "occupation": ("application",),
    "housing": ("application",),
}
# By reason, the borrower's own figures that stand beside it.
OWN: Mapping[str, tuple[str, ...]] = {
    "income": ("income_monthly",),
    "term": ("term_months",),
    "loan_size": ("amount",),
    "loan_per_month": ("amount", "term_months"),
    "loan_to_income": ("amount", "income_monthly"),
    "debt_service": ("amount", "term_months", "income_monthly"),
    "time_at_work": ("months_at_work",),
    "purpose": ("purpose",),
    "occupation": ("occupation",),
    "employment": ("occupation",),
}


def admit(model: glassbox.Model) -> None:
    """Passes when the model may score people. Raises scorecard.RefusedFeature."""
    adapter = ADAPTERS.get(model.name)
    if adapter is None:
        raise scorecard.RefusedFeature(model.name)
    read = [*model.fields, *(str(recipe["name"]) for recipe in model.inputs)]
    for name in (*read, *adapter.needs, *(given for table in model.tables for given in table.of)):
        if scorecard.refused(name):
            raise scorecard.RefusedFeature(name)
    for given in {given for table in model.tables for given in table.of}:
        if any(fact not in FACTS for fact in OWN.get(adapter.reasons.get(given, ""), ("",))):
            raise scorecard.RefusedFeature(given)


def check() -> list[str]:
    """What is wrong with the registry itself: a fact nobody registered, one from an unknown place, a name that is refused. Empty when sound."""
    held = {each.name for each in fields(Facts)}
    wrong = [f"{name}: not in the registry" for name in sorted(held - set(FACTS))] + [f"{name}: no such fact" for name in sorted(set(FACTS) - held)]
    wrong += [f"{name}: refused" for name in FACTS if scorecard.refused(name)]
    return wrong + [f"{name}: from {source}" for name, sources in FACTS.items() for source in sources if source not in SOURCES]


def own_value(code: str, facts: Facts) -> str:
    """The borrower's own figures behind a reason."""
    return " · ".join(str(getattr(facts, name)) for name in OWN[code])
