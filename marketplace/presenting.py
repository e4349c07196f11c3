"""Words and figures for the market's pages, made from the disclosed record only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.money import format_amount
from credit.bands import BANDS
from loans import schedule
from loans.words import FIELD_LABELS, VALUES
from marketplace.models import Listing

PANES = (
    ("public", gettext_lazy("Public"), gettext_lazy("Platform totals only. This loan is not shown to anyone unverified.")),
    ("pledger", gettext_lazy("Pledger"), gettext_lazy("Type of work, province, bands of income and debt, use of funds, grade and reasons.")),
    (
        "holder",
        gettext_lazy("Holder"),
        gettext_lazy("The same, and the schedule with each payment. Opens when your share is paid out. Each view is logged and the borrower sees it."),
    ),
    (
        "sealed",
        pgettext_lazy("pane", "Sealed"),
        gettext_lazy(
            "Name, address, identity and account numbers. Only to a named claimant, with two approvals, and the borrower is told. "
            "Family, friends, colleagues: never, at any stage, in any form."
        ),
    ),
)


def panes(here: str) -> list[dict[str, Any]]:
    """The privacy lens with the reader's pane marked."""
    return [{"title": title, "text": text, "here": code == here, "sealed": code == "sealed"} for code, title, text in PANES]


def facts(listing: Listing) -> list[tuple[str, str]]:
    """The disclosed facts in words: codes through the catalogue, bands as ranges, missing as "not shown"."""
    record = listing.disclosed["facts"]
    return [(str(FIELD_LABELS[field]), _fact(field, cell, listing.currency)) for field, cell in record.items() if field in FIELD_LABELS]


def _fact(field: str, cell: dict[str, Any], currency: str) -> str:
    value = cell.get("value")
    if value is None:
        return _("Not shown")
    if cell["form"] == "band":
        return _band(field, value, currency)
    return str(VALUES.get(field, {}).get(value, value))


def _band(field: str, value: dict[str, int | None], currency: str) -> str:
    def show(number: int) -> str:
        return _("%(months)s months") % {"months": number} if field == "months_at_work" else format_amount(number * 100, currency)

    low, high = value["from"], value["to"]
    if low is None and high is not None:
        return _("under %(high)s") % {"high": show(high)}
    if high is None and low is not None:
        return _("%(low)s or more") % {"low": show(low)}
    assert low is not None
    assert high is not None
    return _("%(low)s to under %(high)s") % {"low": show(low), "high": show(high)}


def grade(listing: Listing) -> dict[str, Any]:
    """The grade with its band and its place on the scale: never a bare letter."""
    loss = Decimal(listing.disclosed["expected_loss"])
    return {
        "grade": listing.grade,
        "heading": _("Grade %(grade)s: expected loss %(loss)s%% over the term") % {"grade": listing.grade, "loss": (loss * 100).quantize(Decimal("0.01"))},
        "text": _("An expectation for many loans like this one. A single loan pays or does not."),
        "bands": [{"grade": letter, "band": words, "current": letter == listing.grade} for letter, words in BANDS],
    }


def cash_flow(listing: Listing, amount: int) -> dict[str, Any]:
    """What `amount` would bring month by month if every installment is paid, before the servicing fee: the chart's shape."""
    plan = schedule.build(
        schedule.Terms(method=listing.method, principal=amount, annual_rate=listing.annual_rate, periods=listing.term_months)  # type: ignore[arg-type]
    )
    rows = [
        {
            "label": str(row.number),
            "tick": str(row.number) if row.number in (1, len(plan.installments)) or not row.number % 6 else "",
            "year": "",
            "values": {"principal": row.principal, "interest": row.interest},
            "past": False,
        }
        for row in plan.installments
    ]
    return {
        "id": "cash",
        "title": _("Your cash flow by month"),
        "summary": _("%(back)s back in all if every installment is paid, %(interest)s of it interest, before the servicing fee and losses.")
        % {"back": format_amount(plan.totals.total, listing.currency), "interest": format_amount(plan.totals.interest, listing.currency)},
        "currency": listing.currency,
        "series": [{"key": "principal", "label": _("Principal"), "fill": "b1"}, {"key": "interest", "label": _("Interest"), "fill": "hatch"}],
        "rows": rows,
    }


def expected_net(listing: Listing) -> Decimal:
    """Rate less the servicing fee and the expected loss a year: what is left when things go as expected."""
    fee = Decimal(listing.disclosed["servicing_fee_rate"])
    return listing.annual_rate - fee - Decimal(listing.disclosed["expected_loss"]) * 12 / max(listing.term_months, 12)
