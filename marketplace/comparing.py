"""Loans side by side: the same lines for each, from the disclosed record only. A rate never stands without what it risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from core.money import format_amount, format_short
from core.templatetags.money import percent
from loans.words import FIELD_LABELS
from marketplace import outlook, presenting
from marketplace.models import Listing

MOST = 4
EXAMPLE = 1_000_000  # minor units: what the examples put in


@dataclass(frozen=True)
class Line:
    """One line: a name, a word about it, and one cell for each loan. `amount`: figures, to be read down."""

    name: str
    cells: list[str]
    note: str = ""
    amount: bool = False


def lines(loans: Sequence[Listing], *, now: datetime) -> list[Line]:
    """Price and risk first, then the contract, how far it is filled, and what is known of the borrower."""
    return [*_price(loans), *_contract(loans), *_progress(loans, now=now), *_facts(loans)]


def _price(loans: Sequence[Listing]) -> list[Line]:
    return [
        Line(_("Rate a year"), [percent(one.annual_rate) for one in loans], _("You may lose money"), amount=True),
        Line(_("Grade"), [f"{one.grade} · {presenting.BAND_OF[one.grade]}" for one in loans], _("expected loss a year")),
        Line(_("Expected loss over the term"), [percent(outlook.term_loss(one)) for one in loans], amount=True),
        Line(_("Expected net a year"), [percent(outlook.net_rate(one)) for one in loans], _("after fee and expected loss"), amount=True),
        Line(_("Borrower’s all-in cost (IRR, compound)"), [percent(one.disclosed["apr"]) for one in loans], amount=True),
    ]


def _contract(loans: Sequence[Listing]) -> list[Line]:
    back = [format_amount(outlook.outlook(one, EXAMPLE).total, one.currency) for one in loans]
    example = format_short(EXAMPLE, loans[0].currency) if loans else ""
    return [
        Line(_("Amount"), [format_short(one.target, one.currency) for one in loans], amount=True),
        Line(_("Term"), [_("%(months)s months") % {"months": one.term_months} for one in loans], amount=True),
        Line(_("Repayment"), [one.method_words for one in loans]),
        Line(_("Purpose"), [one.purpose_words for one in loans]),
        Line(_("Back from %(amount)s") % {"amount": example}, back, _("if every installment is paid, before the servicing fee"), amount=True),
    ]


def _progress(loans: Sequence[Listing], *, now: datetime) -> list[Line]:
    return [
        Line(_("Pledged"), [f"{percent(one.funded / one.target)} · {format_short(one.funded, one.currency)}" for one in loans], amount=True),
        Line(_("Still open"), [format_short(one.target - one.funded, one.currency) for one in loans], amount=True),
        Line(_("Time left"), [presenting.time_left(one, now=now) if one.state == "open" else str(one.get_state_display()) for one in loans]),
    ]


def _facts(loans: Sequence[Listing]) -> list[Line]:
    known = [dict(presenting.facts(one)) for one in loans]
    return [Line(str(name), [facts.get(str(name), _("Not shown")) for facts in known]) for name in FIELD_LABELS.values()]
