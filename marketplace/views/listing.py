"""The list of open loans, and one of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from loans import file as files
from loans.models import Participation
from marketplace import access, forms, outlook, presenting
from marketplace import listing as listings_of
from marketplace import portfolio as portfolios
from marketplace.models import Listing
from marketplace.views.common import PAGE, acting


@require_GET
@party_required(invests=True)
def listings(request: HttpRequest) -> HttpResponse:
    form, now = forms.FilterForm(request.GET), timezone.now()
    rows = listings_of.search(**form.wanted(), now=now)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    cards = [{"listing": row, "left": presenting.time_left(row, now=now), "band": presenting.BAND_OF[row.grade]} for row in page.object_list]
    filtered = any(form[name].value() for name in ("purpose", "grade", "term_max"))
    context = {"form": form, "page_obj": page, "cards": cards, "filtered": filtered, "verified": acting(request).verified_at is not None, "now": now}
    return render(request, "marketplace/listings.html", context)


def visible(request: HttpRequest, reference: str) -> Listing:
    return access.visible(reference, user=request.user, party=acting(request))  # type: ignore[arg-type]


@require_GET
@party_required(invests=True)
def listing(request: HttpRequest, reference: str) -> HttpResponse:
    found = visible(request, reference)
    access.note(found, user=request.user, page="marketplace.listing", now=timezone.now())  # type: ignore[arg-type]
    return render(request, "marketplace/listing.html", detail_context(request, found, forms.PledgeForm(listing=found)))


def detail_context(request: HttpRequest, found: Listing, form: forms.PledgeForm) -> dict[str, Any]:
    relation = files.relation_of(request.user, found.loan.file)  # type: ignore[arg-type]
    party, now = acting(request), timezone.now()
    amount = outlook.considered(found, str(form["amount"].value() or request.GET.get("amount", "")))
    holding = Participation.objects.filter(party=party, loan=found.loan).select_related("loan").first()
    return {
        "listing": found,
        "form": form,
        "open": found.state == "open" and found.closes_at > now,
        "left": found.target - found.funded,
        "time_left": presenting.time_left(found, now=now),
        "backers": found.pledges.filter(state__in=["reserved", "settled"]).count(),
        "facts": presenting.facts(found),
        "less_precise": presenting.is_less_precise(found),
        "ticks": presenting.ticks(),
        "grade": presenting.grade(found),
        "parts": outlook.rate_parts(found),
        "relation": relation,
        "panes": presenting.panes("holder" if relation == "holder" else "pledger"),
        "figures": outlook.outlook(found, amount),
        "chart": outlook.cash_flow(found, amount),
        "available": portfolios.overview(party, currency=found.currency).available,
        "funds": [{**item, "share": Decimal(item["amount"]) / found.target} for item in found.disclosed["funds"]],
        "holding": holding,
        "schedule": portfolios.schedule_of(holding) if holding else [],
        "today": business_day.current(),
    }


@require_GET
@party_required(invests=True)
def figures(request: HttpRequest, reference: str) -> HttpResponse:
    """What the typed amount would bring: asked for by the page while typing. Terms only, nothing about the borrower."""
    found = visible(request, reference)
    amount = outlook.considered(found, request.GET.get("amount", ""))
    return render(request, "marketplace/figures.html", {"listing": found, "figures": outlook.outlook(found, amount)})
