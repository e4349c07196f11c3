"""The tax-year statement: the years there are, one of them on the page, and its two files."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from marketplace import tax_statement
from marketplace.tax_statement import Statement
from marketplace.views.common import acting, market_currency


def _statement(request: HttpRequest, year: int) -> Statement | None:
    return tax_statement.of(acting(request), currency=market_currency(), year=year, as_of=business_day.current())


@require_GET
@party_required(invests=True)
def tax_years(request: HttpRequest) -> HttpResponse:
    today = business_day.current()
    found = tax_statement.years(acting(request), currency=market_currency(), as_of=today)
    return render(request, "marketplace/tax_years.html", {"years": found, "this_year": today.year})


@require_GET
@party_required(invests=True)
def tax_year(request: HttpRequest, year: int) -> HttpResponse:
    """A year without anything, or one that has not begun, says so and is not there."""
    found, today = _statement(request, year), business_day.current()
    context: dict[str, Any] = {"year": year, "statement": found, "ahead": year > today.year}
    if found is not None:
        context |= {
            "title": tax_statement.title(found),
            "period": tax_statement.period(found),
            "income": [(words, worth(found.total)) for _code, words, worth in tax_statement.COLUMNS[:-1]],
            "moved": [(words, worth(found.total)) for _code, words, worth in tax_statement.MOVED],
            "loans": [(reference, tax_statement.brief(line)) for reference, line in found.lines],
            "notes": tax_statement.notes(),
        }
    return render(request, "marketplace/tax_year.html", context, status=200 if found else 404)


def _file(request: HttpRequest, year: int) -> Statement:
    found = _statement(request, year)
    if found is None:
        raise Http404
    return found


def _attached(content: bytes, statement: Statement, ending: str, kind: str) -> HttpResponse:
    name = f"xinqiao-tax-{statement.year}-{statement.party}.{ending}"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@require_GET
@party_required(invests=True)
def tax_csv(request: HttpRequest, year: int) -> HttpResponse:
    found = _file(request, year)
    return _attached(tax_statement.as_csv(found).encode("utf-8-sig"), found, "csv", "text/csv; charset=utf-8")


@require_GET
@party_required(invests=True)
def tax_pdf(request: HttpRequest, year: int) -> HttpResponse:
    found = _file(request, year)
    return _attached(tax_statement.as_pdf(found, language=get_language() or "en"), found, "pdf", "application/pdf")
