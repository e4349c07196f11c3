"""Monthly statements of the acting party: the list, and each as PDF and CSV with the hash printed beside."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from loans import statement as statements
from loans.views.common import party_of
from privacy.notices import supported


@require_GET
@never_cache
@party_required()
def months(request: HttpRequest) -> HttpResponse:
    found = statements.months(party_of(request), today=business_day.current())
    chosen = found[0] if found else None
    made = _made(request, chosen) if chosen else None
    return render(request, "loans/statements.html", {"months": found, "newest": made, "hash": statements.fingerprint(made) if made else ""})


@require_GET
@never_cache
@party_required()
def statement(request: HttpRequest, year: int, month: int, kind: str) -> HttpResponse:
    """One month; a month that is not over, or was before the party came, is not there."""
    try:
        first = date(year, month, 1)
    except ValueError as error:
        raise Http404 from error
    if first not in statements.months(party_of(request), today=business_day.current()) or kind not in ("csv", "pdf"):
        raise Http404
    made = _made(request, first)
    body = statements.as_csv(made) if kind == "csv" else statements.as_pdf(made, language=supported(get_language()))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8" if kind == "csv" else "application/pdf")
    response["Content-Disposition"] = f'attachment; filename="xinqiao-{year:04}-{month:02}.{kind}"'
    response["Xinqiao-SHA256"] = statements.fingerprint(made)
    return response


def _made(request: HttpRequest, month: date) -> statements.Statement:
    today, now = business_day.current(), timezone.now()
    return statements.make(party_of(request), month=month, currency=settings.DEFAULT_CURRENCY, today=today, now=now)
