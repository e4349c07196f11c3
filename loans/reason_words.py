"""A reason as its borrower reads it: in the reader's language, with their own figure beside it and what would have been approved instead."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.money import format_amount
from credit import features, policy
from loans import words
from loans.models.application import PURPOSES
from privacy.notices import supported

MONEY = ("amount", "income_monthly", "debt_monthly", "debt_total", "debt_other_platforms")
LABELS: Mapping[str, Mapping[str, Any]] = {"purpose": dict(PURPOSES), **words.VALUES}
SCORECARD_FACTS = {"time_at_work": "months_at_work", "term": "term_months", "overdue": "overdue_count_6m"}  # others are ratios or codes of their own name
WAYS: Mapping[frozenset[str], Any] = {
    frozenset({"amount"}): gettext_lazy("With %(amount)s instead, it would be approved."),
    frozenset({"term_months"}): gettext_lazy("Over %(months)s months instead, it would be approved."),
    frozenset({"amount", "term_months"}): gettext_lazy("With %(amount)s over %(months)s months instead, it would be approved."),
    frozenset({"debt_monthly"}): gettext_lazy("If your debt payments were down to %(debt_monthly)s a month, it would be approved."),
    frozenset({"debt_other_platforms"}): gettext_lazy("If your debt on other platforms were down to %(debt_other_platforms)s, it would be approved."),
}


def told(reason: Mapping[str, Any], *, currency: str, language: str | None) -> dict[str, Any]:
    """{text, lost, value, way, counterfactual} of a stored reason."""
    text, way = reason["text"], reason.get("counterfactual")
    return {
        "text": text.get(supported(language), text["en"]),
        "lost": round(reason["points_lost"]) or 1,
        "value": value(reason["code"], reason.get("value", ""), currency=currency),
        "way": way_out(way, currency=currency) if way else "",
        "counterfactual": way,
    }


def value(code: str, raw: str, *, currency: str) -> str:
    """The borrower's own figure behind a reason: a share of income, an amount, a time, a word of theirs."""
    if "." in raw:
        share = Decimal(raw)
        return _("more than there is income") if share >= policy.RATIO_MAX else f"{share:.0%}"
    facts = (SCORECARD_FACTS.get(code, code),) if " · " not in raw and code not in features.OWN else features.OWN.get(code, (code,))
    shown = [fact(name, each, currency) for name, each in zip(facts, raw.split(" · "), strict=False)]
    return " · ".join(shown)


def fact(name: str, raw: str, currency: str) -> str:
    """One fact in words."""
    if name in MONEY:
        return format_amount(int(raw), currency)
    if name in ("term_months", "months_at_work"):
        return ngettext("%(count)s month", "%(count)s months", int(raw)) % {"count": raw}
    if name == "overdue_count_6m":
        return ngettext("%(count)s time", "%(count)s times", int(raw)) % {"count": raw}
    return str(LABELS.get(name, {}).get(raw, raw))


def way_out(way: Mapping[str, Any], *, currency: str) -> str:
    """What would have been approved, as the scorecard found by deciding again."""
    values: dict[str, Any] = {name: format_amount(int(each), currency) for name, each in way.items() if name in MONEY}
    return str(WAYS[frozenset(way) - {"outcome", "grade"}]) % (values | {"months": way.get("term_months")})
