"""Words and figures for the market's pages, made from the disclosed record only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from core.money import format_amount, format_short
from core.templatetags.money import percent
from credit.bands import BANDS
from loans.models.application import PURPOSES
from loans.words import FIELD_LABELS, GROUPS, VALUES
from marketplace import outlook
from marketplace.models import Listing, SavedSearch
from marketplace.portfolio import Month

PANES = (
    ("public", gettext_lazy("Public"), gettext_lazy("Platform totals only. This loan is not shown to anyone unverified.")),
    ("pledger", gettext_lazy("Pledger"), gettext_lazy("Type of work, province, bands of income and debt, use of funds, grade and price.")),
    (
        "holder",
        gettext_lazy("Holder"),
        gettext_lazy("The same, and the schedule with each payment. Opens when your share is paid out. Each view is logged, and the borrower sees it."),
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


BAND_OF = dict(BANDS)
HIDDEN = {"form": "hidden"}
STATUSES = (
    ("active", "b1", gettext_lazy("On schedule"), gettext_lazy("Nothing overdue")),
    ("late_30", "hatch", gettext_lazy("1 to 30 days late"), gettext_lazy("An installment is open past its date")),
    ("late_60", "b2", gettext_lazy("31 to 60 days late"), ""),
    ("late_90", "dots", gettext_lazy("More than 60 days late"), ""),
    ("defaulted", "grid", gettext_lazy("In default"), gettext_lazy("More than 90 days late: count on losing a part")),
)


def panes(here: str) -> list[dict[str, Any]]:
    """The privacy lens with the reader's pane marked."""
    return [{"title": title, "text": text, "here": code == here, "sealed": code == "sealed"} for code, title, text in PANES]


def facts(listing: Listing) -> list[tuple[str, str]]:
    """The disclosed facts in words, in the catalogue's order: codes through the catalogue, bands as ranges, missing as "not shown"."""
    return facts_of(listing.disclosed["facts"], listing.currency)


def facts_of(record: Mapping[str, dict[str, Any]], currency: str) -> list[tuple[str, str]]:
    """The same of any disclosed record; what is hidden has no line."""
    return [(str(title), _fact(field, record[field], currency)) for field, title in FIELD_LABELS.items() if record.get(field, HIDDEN) != HIDDEN]


def _fact(field: str, cell: dict[str, Any], currency: str) -> str:
    value = cell.get("value")
    if value is None:
        return _("Not shown")
    if cell["form"] == "band":
        return _band(field, value, currency)
    if field in COUNTS:
        return _("None") if str(value) == "0" else str(value)
    words = GROUPS if cell["form"] == "group" else VALUES
    return str(words.get(field, {}).get(value, value))


def is_less_precise(listing: Listing) -> bool:
    """Whether something is said in wider words, or not at all, because few people would fit."""
    return any(cell.get("level") for cell in listing.disclosed["facts"].values())


COUNTS = ("overdue_count_6m",)


def _band(field: str, value: dict[str, int | None], currency: str) -> str:
    def show(number: int) -> str:
        return _("%(months)s months") % {"months": number} if field == "months_at_work" else format_short(number * 100, currency)

    low, high = value["from"], value["to"]
    if high is None:
        return _("%(low)s or more") % {"low": show(low or 0)}
    if not low:
        return _("under %(high)s") % {"high": show(high)}
    return _("%(low)s to under %(high)s") % {"low": show(low), "high": show(high)}


def search_words(saved: SavedSearch) -> str:
    """What a saved search looks for, in one line."""
    said = [
        _("“%(words)s”") % {"words": saved.q} if saved.q else "",
        str(dict(PURPOSES).get(saved.purpose, "")),
        _("grade %(grade)s") % {"grade": saved.grade} if saved.grade else "",
        _("up to %(months)s months") % {"months": saved.term_max} if saved.term_max else "",
        _("from %(rate)s a year") % {"rate": percent(saved.rate_min)} if saved.rate_min else "",
        *(str(VALUES[name].get(code, "")) for name in ("region", "industry") if (code := getattr(saved, name))),
    ]
    return pgettext("list separator", ", ").join(filter(None, said))


def grade(listing: Listing) -> dict[str, Any]:
    """The grade with its loss a year and its place on the scale: never a bare letter."""
    words = {
        "grade": listing.grade,
        "year": (outlook.yearly_loss(listing) * 100).quantize(Decimal("0.01")),
        "term": (outlook.term_loss(listing) * 100).quantize(Decimal("0.01")),
    }
    return {
        "grade": listing.grade,
        "heading": _("Grade %(grade)s: expected loss %(year)s%% a year") % words,
        "text": _("%(term)s%% of the amount over the whole term, on average over many loans like this one. A single loan pays or does not.") % words,
        "bands": [{"grade": letter, "band": band, "current": letter == listing.grade} for letter, band in BANDS],
    }


def ticks() -> list[dict[str, Any]]:
    """What was checked and by whom; what is the borrower's own word is said to be that. True of every listing: none is made otherwise."""
    return [
        {"verified": True, "title": _("Identity"), "at": _("Confirmed"), "source": _("Checked against the document before the application was read")},
        {"verified": True, "title": _("Reading by a person"), "at": _("Done"), "source": _("One of our assessors read the application and decided")},
        {"verified": False, "title": _("Income, debts and work"), "source": _("Stated by the borrower")},
        {"verified": False, "title": _("Use of funds"), "source": _("Stated by the borrower")},
    ]


def time_left(listing: Listing, *, now: datetime) -> str:
    """How long the listing stays open, in whole days or hours."""
    left = listing.closes_at - now
    if left.days >= 1:
        return ngettext("%(n)s day left", "%(n)s days left", left.days) % {"n": left.days}
    hours = max(int(left.total_seconds() // 3600), 0)
    return ngettext("%(n)s hour left", "%(n)s hours left", hours) % {"n": hours} if hours else _("less than an hour left")


def status_mix(amounts: dict[str, int]) -> list[dict[str, Any]]:
    """Principal still owed, by state: the parts of a share bar. States that hold nothing are left out."""
    return [{"label": title, "note": note, "fill": fill, "value": amounts[code]} for code, fill, title, note in STATUSES if amounts[code]]


def flow(months: list[Month], *, currency: str, today: date) -> dict[str, Any]:
    """Money back by calendar month, past and expected: the chart's shape."""
    this = today.replace(day=1)
    rows = [
        {
            "label": date_format(month.month, "YEAR_MONTH_FORMAT"),
            "tick": str(month.month.month),
            "year": str(month.month.year) if month.month.month == 1 or (k == 0 and month.month.month < 10) else "",
            "values": {"received": month.received, "expected": month.expected},
            "past": month.month < this,
        }
        for k, month in enumerate(months)
    ]
    words = {"got": format_amount(sum(m.received for m in months), currency), "due": format_amount(sum(m.expected for m in months), currency)}
    return {
        "id": "flow",
        "title": _("Money coming back, by month"),
        "summary": _("Received %(got)s; %(due)s is still due in the months shown, if every installment is paid.") % words,
        "currency": currency,
        "series": [
            {"key": "received", "label": pgettext("money", "Received"), "fill": "b1"},
            {"key": "expected", "label": pgettext("money", "Expected"), "fill": "hatch"},
        ],
        "rows": rows,
        "mark": {"index": next((k for k, m in enumerate(months) if m.month >= this), 0), "label": _("Today")},
    }
