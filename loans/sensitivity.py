"""What the price of an application would be if one figure were otherwise: for staff, beside the quote. From the decision's row, with nothing unsealed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from credit import lending_rules, pricing
from credit.assessment import cautious
from credit.models import Decision, MonthOfOutcomes
from credit.pricing import Cap, Price, Risk
from loans import product
from loans.models import Application

YEAR = 12


def of(application: Application) -> list[dict[str, Any]]:
    """Rows of (what, its value, the rate, the cost with all fees); none where there is nothing to price or the product's terms have changed since."""
    decision = application.decision
    if decision is None or decision.pd is None or not application.term_months:
        return []
    risk = _risk(application, _priced(decision))
    base = pricing.price(risk)
    if decision.annual_rate is not None and (base.annual_rate is None or pricing.quoted(base.annual_rate) != decision.annual_rate):
        return []
    return [_row(_("As decided"), risk.pd, base), *_rows(risk, application, decision)]


def _priced(decision: Decision) -> Decimal:
    """The probability of twelve months that the price was made for, under the rules the decision names."""
    assert decision.pd is not None
    return cautious(decision.pd, rules=lending_rules.named(decision.rules)) if decision.rules else decision.pd


def _risk(application: Application, pd_year: Decimal) -> Risk:
    decision, terms = application.decision, product.priced_for(application)
    assert decision is not None
    return Risk(
        pd=pricing.over_term(pd_year, application.term_months or 1),
        lgd=terms.lgd,
        term_months=application.term_months or 1,
        target_yield=terms.target_yield,
        servicing_fee=terms.servicing_fee_rate,
        origination_fee=terms.origination_fee_rate,
        cap=Cap(decision.cap),
        method=application.method,  # type: ignore[arg-type]
    )


def _rows(risk: Risk, application: Application, decision: Decision) -> Iterator[dict[str, Any]]:
    assert decision.pd is not None
    if _priced(decision) != decision.pd:
        bare = _risk(application, decision.pd)
        yield _row(_("The probability itself, with nothing added for what is not known"), bare.pd, pricing.price(bare))
    words = {"pd": _("Probability of default over the term"), "lgd": _("Loss given default"), "target_yield": _("Yield to investors")}
    for name, value, found in pricing.sensitivity(risk):
        yield _row(words[name], value, found)
    seen = _seen(application)
    if seen:
        cautious = _risk(application, pricing.upper_pd(decision.pd, loans=seen))
        yield _row(_("Upper 90%% bound of the probability, after %(loans)s such loans") % {"loans": seen}, cautious.pd, pricing.price(cautious))


def _seen(application: Application) -> int:
    """Loans of the grade that had their whole year under the same file of the model."""
    decision = application.decision
    assert decision is not None
    rows = MonthOfOutcomes.objects.filter(model_sha256=decision.model_sha256, months_on_book=YEAR, grade=decision.grade).exclude(grade="")
    return rows.aggregate(loans=Sum("loans"))["loans"] or 0


def _row(what: str, value: Decimal, found: Price) -> dict[str, Any]:
    needed = found.needed_apr
    return {"what": what, "value": value, "rate": found.annual_rate, "apr": needed, "priced": found.priced}
