"""What a mandate may ask for, and what contradicts itself: said at the field, before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.money import format_amount
from core.templatetags.money import percent
from loans import product
from marketplace import attributes

Problem = tuple[str, str | Promise]
LIMITED = {"grade": "grades", "purpose": "purposes", "term_months": "terms"}
"""What a limit may be on, and the criterion that chooses among the same values."""


def problems(terms: Mapping[str, Any], *, rate_cap: Decimal) -> Iterator[Problem]:
    """(field, what is wrong) of terms that are well-formed one by one and can never work together."""
    unit, currency = product.STANDARD.unit, product.STANDARD.currency
    smallest = {"unit": format_amount(unit, currency)}
    if terms.get("min_rate") is not None and terms["min_rate"] > rate_cap:
        yield "min_rate", _("No loan here costs more than %(cap)s a year: this rate is never reached.") % {"cap": percent(rate_cap)}
    for name in ("per_loan", "per_borrower"):
        if terms.get(name) is not None and terms[name] < unit:
            yield name, _("The smallest share of a loan is %(unit)s: with less, nothing can ever be placed.") % smallest
    if terms.get("per_borrower") and terms.get("per_loan") and terms["per_borrower"] < terms["per_loan"]:
        yield "per_borrower", _("Less for a borrower than for one of their loans contradicts itself. Raise this, or lower the limit for one loan.")
    yield from _share(terms, unit, smallest)
    yield from _limits(terms)


def _share(terms: Mapping[str, Any], unit: int, smallest: Mapping[str, str]) -> Iterator[Problem]:
    share = terms.get("share_of_loan")
    most = attributes.largest(terms.get("amounts", ())) or product.STANDARD.amount_max
    if share is not None and share * most < unit:
        yield "share_of_loan", _("Even of the largest loan you want this share is less than %(unit)s: nothing can ever be placed.") % smallest


def _limits(terms: Mapping[str, Any]) -> Iterator[Problem]:
    for attribute, value, _share in terms.get("limits", ()):
        wanted = terms.get(LIMITED[attribute]) or ()
        if wanted and str(value) not in {str(one) for one in wanted}:
            yield f"most_{attribute}_{value}", _("You limit what you have not chosen above. Choose it there, or leave this empty.")
