"""A mandate in plain words: what it funds, how much at most, what stays in the wallet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.money import format_amount
from core.templatetags.money import percent
from loans import product
from loans.models.application import METHODS, PURPOSES
from loans.words import INDUSTRIES
from marketplace import attributes
from marketplace.models import MandateTerms

WORDS: dict[str, Mapping[str, Any]] = {
    "purposes": dict(PURPOSES),
    "industries": INDUSTRIES,
    "regions": attributes.REGIONS,
    "amounts": attributes.AMOUNTS,
    "verifications": attributes.VERIFICATIONS,
    "methods": dict(METHODS),
}


def either(words: Iterable[Any]) -> str:
    """A, B or C."""
    *most, last = [str(word) for word in words]
    return _("%(most)s or %(last)s") % {"most": pgettext("choices", ", ").join(most), "last": last} if most else last


def criteria(terms: MandateTerms) -> list[tuple[str, str]]:
    """(what, which) for each thing it looks at; what it does not look at is said to be any."""
    any_ = _("any")
    months = [_("%(months)s months") % {"months": months} for months in sorted(terms.terms)]
    rate = _("from %(rate)s a year") % {"rate": percent(terms.min_rate)} if terms.min_rate is not None else any_
    rows = [(_("Grade"), either(sorted(terms.grades)) if terms.grades else any_), (_("Rate"), rate), (_("Term"), either(months) if months else any_)]
    labels = {
        "purposes": _("Purpose"),
        "industries": _("Industry"),
        "regions": _("Region"),
        "amounts": _("Amount of the loan"),
        "verifications": _("What was checked"),
        "methods": _("Repayment"),
    }
    return rows + [(label, _chosen(terms, name) or any_) for name, label in labels.items()]


def _chosen(terms: MandateTerms, name: str) -> str:
    codes = getattr(terms, name)
    return either(words for code, words in WORDS[name].items() if code in codes) if codes else ""


def caps(terms: MandateTerms) -> list[tuple[str, str]]:
    """(what, how much at most)."""
    rows = [(_("In one loan"), _amount(terms.per_loan))]
    if terms.per_borrower is not None:
        rows.append((_("With one borrower, in all their loans"), _amount(terms.per_borrower)))
    if terms.share_of_loan is not None:
        rows.append((_("Of any loan"), _share(terms.share_of_loan)))
    rows += [(limited(attribute, value), _share(Decimal(share))) for attribute, value, share in terms.limits]
    return rows


def limited(attribute: str, value: Any) -> str:
    """What a limit is on."""
    if attribute == "grade":
        return _("Grade %(grade)s") % {"grade": value}
    if attribute == "term_months":
        return _("Term of %(months)s months") % {"months": value}
    return str(dict(PURPOSES)[value])


def wallet(terms: MandateTerms) -> list[str]:
    """What stays in the wallet, and what happens to what comes back."""
    rows = [_("%(amount)s always stays in your wallet.") % {"amount": _amount(terms.keep_cash)}] if terms.keep_cash else []
    back = _("What comes back from loans is lent again.") if terms.reinvest else _("What comes back from loans stays in your wallet.")
    return [*rows, back]


def sentence(terms: MandateTerms) -> str:
    """The whole mandate in one line, for lists."""
    grade = _("Grade %(grade)s") % {"grade": either(sorted(terms.grades))} if terms.grades else _("Any grade")
    parts = [grade]
    if terms.min_rate is not None:
        parts.append(_("from %(rate)s a year") % {"rate": percent(terms.min_rate)})
    parts += [words for name in WORDS if (words := _chosen(terms, name))]
    parts.append(_("at most %(amount)s a loan") % {"amount": _amount(terms.per_loan)})
    return pgettext("list", ", ").join(parts)


def _amount(minor: int) -> str:
    return format_amount(minor, product.STANDARD.currency).removesuffix(".00")


def _share(share: Decimal) -> str:
    return percent(share, 0 if share * 100 == int(share * 100) else 2)


def everything(terms: MandateTerms) -> Iterator[str]:
    """All of it, line by line, for the page of the plain words and for programs."""
    yield from (f"{what}: {which}" for what, which in (*criteria(terms), *caps(terms)))
    yield from wallet(terms)
