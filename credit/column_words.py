"""Columns of the public data sets in the reader's words: what people around a borrower said, and a platform's own judgment of the risk."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy

COLUMNS: dict[str, Promise] = {
    "Recommendations": pgettext_lazy("column", "recommendations"),
    "InvestmentFromFriendsCount": pgettext_lazy("column", "friends who lent"),
    "InvestmentFromFriendsAmount": pgettext_lazy("column", "amount lent by friends"),
    "CurrentlyInGroup": pgettext_lazy("column", "in a group"),
    "in_named_group": pgettext_lazy("column", "in a group with a name"),
    "other_debtors_or_guarantors": pgettext_lazy("column", "co-borrowers or guarantors"),
    "verification_status_joint": pgettext_lazy("column", "joint income verified"),
    "dti_joint": pgettext_lazy("column", "joint debt to income"),
    "sec_app_open_act_il": pgettext_lazy("column", "co-borrower’s open installment loans"),
    "sec_app_collections_12_mths_ex_med": pgettext_lazy("column", "co-borrower’s collections in 12 months"),
    "CreditGrade": pgettext_lazy("column", "credit grade"),
    "ProsperScore": pgettext_lazy("column", "platform’s score"),
    "grade": pgettext_lazy("column", "grade"),
    "sub_grade": pgettext_lazy("column", "sub-grade"),
    "int_rate": pgettext_lazy("column", "interest rate"),
    "BorrowerRate": pgettext_lazy("column", "borrower’s rate"),
    "implied_rate_pct": pgettext_lazy("column", "rate that the installment implies"),
}


def told(name: str) -> str:
    """The column in the reader's words; one that has none reads by its name in the data set."""
    return str(COLUMNS.get(name, name))


def listed(names: Iterable[str]) -> str:
    return ("、" if (get_language() or "").startswith("zh") else ", ").join(told(name) for name in names)
