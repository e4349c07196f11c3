"""The statement of a tax year: its figures, one hash over them, and the same figures as CSV and PDF. Made anew each time, it comes out the same."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Party
from core.money import format_amount, to_major
from loans import typeset
from marketplace import tax_entries, tax_year
from marketplace.tax_year import Figures
from privacy import seals

METHOD = "cash/average-cost/1"
COLUMNS: tuple[tuple[str, Promise | str, Callable[[Figures], int]], ...] = (
    ("interest", gettext_lazy("Interest received"), lambda year: year.interest),
    ("charges", gettext_lazy("Late charges received"), lambda year: year.charges),
    ("servicing_fee", gettext_lazy("Servicing fee kept back"), lambda year: -year.fee),
    ("sale_gain", gettext_lazy("Shares sold: gain or loss"), lambda year: year.sale_gain),
    ("repaid_gain", gettext_lazy("Shares bought: gain or loss as principal came back"), lambda year: year.repaid_gain),
    ("written_off", gettext_lazy("Written off"), lambda year: -year.written_off),
    ("recovered", gettext_lazy("Recovered after a write-off"), lambda year: year.recovered),
    ("result", gettext_lazy("Result of the year"), lambda year: year.result),
)
MOVED: tuple[tuple[str, Promise | str, Callable[[Figures], int]], ...] = (
    ("lent", gettext_lazy("Lent"), lambda year: year.lent),
    ("bought", gettext_lazy("Paid for shares bought"), lambda year: year.bought),
    ("sold_for", gettext_lazy("Received for shares sold"), lambda year: year.sold_for),
    ("sold_cost", gettext_lazy("What those had cost"), lambda year: year.sold_cost),
    ("repaid", gettext_lazy("Principal that came back"), lambda year: year.repaid),
    ("principal_at_end", gettext_lazy("Principal owed to you at the end"), lambda year: year.principal),
    ("cost_at_end", gettext_lazy("What that had cost, write-offs taken off"), lambda year: year.cost),
)


@dataclass(frozen=True)
class Statement:
    """A party's year in one currency. `until`: its last day, or today while it runs."""

    party: str
    currency: str
    year: int
    until: date
    lines: tuple[tuple[str, Figures], ...]
    total: Figures

    @property
    def complete(self) -> bool:
        return self.until == date(self.year, 12, 31)

    @property
    def sha256(self) -> str:
        """Of the figures and what they are about, in no language."""
        return hashlib.sha256(seals.canonical(self.figures())).hexdigest()

    def figures(self) -> dict[str, Any]:
        rows = [{"listing": reference, **_row(line)} for reference, line in self.lines]
        head = {"method": METHOD, "holder": self.party, "currency": self.currency, "year": self.year, "until": self.until.isoformat()}
        return {**head, "loans": rows, "total": _row(self.total)}


def _row(line: Figures) -> dict[str, int]:
    return {code: worth(line) for code, _title, worth in (*COLUMNS, *MOVED)}


def years(party: Party, *, currency: str, as_of: date) -> list[int]:
    """The years there is a statement for, the latest first."""
    first = tax_entries.first_year(party, currency=currency)
    return [] if first is None else list(range(as_of.year, first - 1, -1))


def of(party: Party, *, currency: str, year: int, as_of: date) -> Statement | None:
    """The statement of `year`; None when nothing was held in it and nothing happened, or when it has not begun."""
    if not 1 <= year <= as_of.year:
        return None
    until = min(date(year, 12, 31), as_of)
    found = [(reference, tax_year.year_of(entries, year=year)) for reference, entries in tax_entries.by_listing(party, currency=currency, until=until)]
    lines = tuple((reference, line) for reference, line in found if line.moved or line.principal)
    return Statement(party.reference, currency, year, until, lines, tax_year.total(line for _reference, line in lines)) if lines else None


def as_csv(statement: Statement) -> str:
    """One row a loan, then the total and the hash. Plain decimals, codes as column names: the same file in every language."""
    out = io.StringIO()
    rows = csv.writer(out)
    codes = [code for code, _title, _worth in (*COLUMNS, *MOVED)]
    rows.writerow(["year", "until", "holder", "listing", "currency", *codes])
    for reference, line in (*statement.lines, ("total", statement.total)):
        amounts = [str(to_major(worth(line), statement.currency)) for _code, _title, worth in (*COLUMNS, *MOVED)]
        rows.writerow([statement.year, statement.until, statement.party, reference, statement.currency, *amounts])
    rows.writerow(["sha256", statement.sha256])
    return out.getvalue()


def as_pdf(statement: Statement, *, language: str) -> bytes:
    """The same in words, in the language that is active."""
    heading = {"kind": "heading", "text": _("Loan by loan")}
    document = {
        "title": title(statement),
        "language": language,
        "footer": f"{statement.party} · {statement.year} · {statement.sha256[:16]}",
        "blocks": [
            {
                "kind": "pairs",
                "rows": [[_("Holder"), statement.party], [pgettext("of data", "Period"), period(statement)], [_("Currency"), statement.currency]],
            },
            {"kind": "heading", "text": _("Income and losses")},
            _pairs(statement, COLUMNS),
            {"kind": "heading", "text": _("Money that moved")},
            _pairs(statement, MOVED),
            heading,
            _loans(statement),
            *({"kind": "note", "text": text} for text in notes()),
            {"kind": "note", "text": _("SHA-256 of the figures: %(hash)s") % {"hash": statement.sha256}},
        ],
    }
    return typeset.render(document)


def title(statement: Statement) -> str:
    return _("Tax-year statement %(year)s") % {"year": statement.year}


def period(statement: Statement) -> str:
    words = {"first": date_format(date(statement.year, 1, 1), "DATE_FORMAT"), "last": date_format(statement.until, "DATE_FORMAT")}
    return _("%(first)s to %(last)s") % words if statement.complete else _("%(first)s to %(last)s; the year is not over") % words


def notes() -> tuple[str, ...]:
    """How the figures are worked out, and what they are not."""
    return (
        _("Everything counts on the day it was booked. A correction counts in the year in which it was made, so a year that is over stays as it is."),
        _("Principal has what was paid for it as its cost, on average over a holding; the price of a share bought counts in full, with the interest in it."),
        _("Overdue loans and loans in default are no loss here before they are written off. No tax was kept back. This is not tax advice."),
    )


def _pairs(statement: Statement, columns: tuple[tuple[str, Promise | str, Callable[[Figures], int]], ...]) -> dict[str, Any]:
    return {"kind": "pairs", "rows": [[str(title), format_amount(worth(statement.total), statement.currency)] for _code, title, worth in columns]}


def _loans(statement: Statement) -> dict[str, Any]:
    head = [_("Loan"), _("Interest and charges"), _("Fee"), _("Gain or loss"), _("Written off less recovered"), _("Result of the year")]
    rows = [[reference, *(format_amount(amount, statement.currency) for amount in brief(line))] for reference, line in statement.lines]
    return {"kind": "table", "head": head, "align": ["l", *"rrrrr"], "rows": rows}


def brief(line: Figures) -> tuple[int, int, int, int, int]:
    """A loan's year in five figures that sum up: income, fee, gains, losses, result."""
    return line.interest + line.charges, -line.fee, line.sale_gain + line.repaid_gain, line.recovered - line.written_off, line.result
