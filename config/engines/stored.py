"""The kept input of a stored decision or loan, for `recompute ENGINE --stored REFERENCE`. Needs Django and the database; looks are logged."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from config.recompute import UnableToRecompute
from credit import lending_rules, pricing
from credit.assessment import cautious
from credit.models import Decision
from loans import loan as contracts
from loans.models import Loan
from privacy import vault


def decision(reference: str) -> dict[str, Any]:
    """What `credit.assessment.again` needs: a decision's input, output, model and rules; {"erased": date} when its person was erased."""
    row = Decision.objects.select_related("subject").filter(reference=reference).first()
    if row is None:
        raise UnableToRecompute(f"there is no credit decision {reference}")
    if row.subject.erased_at is not None:
        return {"erased": row.subject.erased_at.date().isoformat()}
    if row.rules:
        _named(row.rules)
    opened = vault.open_sealed(row, ("facts", "output"), engine="recompute", purpose="automated_decision", now=timezone.now())
    if not opened["facts"]:
        raise UnableToRecompute(f"what {reference} saw was taken out when its time was over")
    return {"kept": opened["facts"], "output": opened["output"], "model": row.model, "rules": row.rules}


def risk(reference: str, opened: dict[str, Any]) -> dict[str, Any]:
    """What an opened credit decision was priced from."""
    kept, pd = opened["kept"], opened["output"]["score"]["pd"]
    if pd is None:
        raise UnableToRecompute(f"{reference} was not priced")
    rules = _named(opened["rules"]) if opened["rules"] else lending_rules.load(lending_rules.BEFORE_NAMES[0])
    cap = pricing.cap_of(jurisdiction=kept["jurisdiction"], as_of=date.fromisoformat(kept["as_of"]))
    product, term_months = kept["product"], kept["facts"]["term_months"]
    return {
        "pd": format(pricing.over_term(cautious(Decimal(pd), rules=rules), term_months), "f"),
        "lgd": product["lgd"],
        "term_months": term_months,
        "target_yield": product["target_yield"],
        "servicing_fee": product["servicing_fee_rate"],
        "origination_fee": product["origination_fee_rate"],
        "cap": {"rate": str(cap.rate), "basis": cap.basis},
        "method": kept.get("method", "equal_installment"),
    }


def _named(reference: str) -> lending_rules.Rules:
    try:
        return lending_rules.named(reference)
    except lending_rules.AlteredRules as error:
        raise UnableToRecompute(str(error)) from None


def terms(reference: str) -> dict[str, Any]:
    """The terms a loan's schedule was built from."""
    loan = Loan.objects.filter(reference=reference).first()
    if loan is None:
        raise UnableToRecompute(f"there is no loan {reference}")
    found = contracts.terms(loan, disbursed_on=loan.disbursed_on)
    return {
        "method": found.method,
        "principal_minor": found.principal,
        "annual_rate": str(found.annual_rate),
        "periods": found.periods,
        "period": found.period,
        "day_count": found.day_count,
        "currency_digits": found.currency_digits,
        "disbursed_on": found.disbursed_on.isoformat() if found.disbursed_on else None,
    }
