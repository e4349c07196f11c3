"""The page of open loans at a hundred thousand of them, against a view that only reads the same rows and writes them as JSON.

Both go through every middleware, signed in, in process (Django's test client). The bare side has no template, no form, no menu and no messages:
sign-in, acting party, the rows by `.values()`, JsonResponse. Each borrower's consent is looked at on both sides, at the moment of the look.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from accounts.access import party_required
from benchmarks import crowd, open_loans
from benchmarks.report import Figure
from benchmarks.rounds import Clock, once
from marketplace import search
from marketplace.views.common import PAGE
from tests.cast import bob, client_of

LOANS = 100_000
VISITS = 40
COLUMNS = ("reference", "title", "language", "purpose", "grade", "annual_rate", "term_months", "currency", "target", "funded", "closes_at")
PAGES = {
    "front": "/market/",
    "filtered": "/market/?grade=B&term_max=12&sort=rate",
    "Chinese words": "/market/?q=烤炉",
    "English words": "/market/?q=florist&sort=new",
}


@party_required(invests=True)
def bare(request: HttpRequest) -> HttpResponse:
    rows = search.open_listings(now=timezone.now()).order_by("closes_at", "pk").values(*COLUMNS)[:PAGE]
    return JsonResponse({"rows": [{**row, "title": row["title"].ciphertext.hex()} for row in rows]})


urlpatterns = [path("bare/", bare), path("", include("config.urls"))]


def run(clock: Clock) -> Iterator[Figure]:
    crowd.set_the_day()
    crowd.listing(amount=1_000_000)
    open_loans.copies(LOANS - 1)
    browser = client_of(bob(now=timezone.now()))
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG=False):
        for name, address in PAGES.items():
            yield from _page(name, address, browser, clock)


def _page(name: str, address: str, browser: Client, clock: Clock) -> Iterator[Figure]:
    took = once({"bare": lambda: _visit(browser, "/bare/"), "page": lambda: _visit(browser, address)}, rounds=clock.rounds)
    ratios = [page / plain for page, plain in zip(took["page"], took["bare"], strict=True)]
    notes = {f"{side} ms": statistics.median(times) / VISITS * 1000 for side, times in took.items()}
    yield Figure(f"listing page / .values() page, {name}", ratios, at_most=3, notes=dict(notes))
    with CaptureQueriesContext(connection) as asked:
        _visit(browser, address, times=1)
    yield Figure(f"queries of the listing page, {name}", [len(asked)], unit="", at_most=6)


def _visit(browser: Client, address: str, times: int = VISITS) -> Any:
    for _ in range(times):
        answer = browser.get(address)
        assert answer.status_code == 200, answer.status_code
    return answer


__all__ = ["PAGES", "run", "urlpatterns"]
