"""The list of open loans, and one of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day, states
from core.api import paging
from core.api.problems import Problem
from loans import file as files
from loans import withheld
from loans.models import Participation
from marketplace import access, forms, listing_rows, outlook, presenting, search, shares
from marketplace import portfolio as portfolios
from marketplace import question as questions
from marketplace.models import Listing
from marketplace.views.common import PAGE, acting, marked


@require_GET
@party_required(invests=True)
def listings(request: HttpRequest) -> HttpResponse:
    """Page by page behind the last row seen: how many more there are is not counted, because counting them would cost more than showing them."""
    form, now, verified = forms.FilterForm(request.GET), timezone.now(), acting(request).verified_at is not None
    wanted = form.wanted()
    page = _page(wanted, request.GET.get("after", ""), now=now) if verified else paging.Page([])
    context = {
        "form": form,
        "choices": [form[name] for name in form.fields if name != "q"],
        "wanted": wanted,
        "kept": parse_qsl(wanted.address),
        "rows": listing_rows.printed(page.rows, now=now),
        "count": len(page.rows),
        "after": page.after,
        "first": "after" not in request.GET,
        "verified": verified,
        "now": now,
    }
    return render(request, "marketplace/listings.html", context)


def _page(wanted: search.Wanted, after: str, *, now: datetime) -> paging.Page:
    """The rows behind the cursor; a cursor that is none of ours begins at the front."""
    order = search.ORDERS[wanted.sort]

    def take(rows: QuerySet[Listing]) -> paging.Page:
        try:
            return paging.page(rows, order=order, cursor=after, limit=PAGE, scope="market")
        except Problem:
            return paging.page(rows, order=order, cursor="", limit=PAGE, scope="market")

    return search.first(wanted, take, now=now)


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
    states_words = dict(Listing._meta.get_field("state").flatchoices)
    amount = outlook.considered(found, str(form["amount"].value() or request.GET.get("amount", "")))
    holding = Participation.objects.filter(party=party, loan=found.loan, ended_at=None).select_related("loan").first()
    return {
        "listing": found,
        "form": form,
        "open": found.state == "open" and found.closes_at > now,
        "left": found.target - found.funded,
        "by_hand": shares.open_by_hand(found, now=now),
        "kept": shares.reserved(found, now=now),
        "shared": found.state == "open" and found.shared_until is not None and now < found.shared_until,
        "time_left": presenting.time_left(found, now=now),
        "backers": found.pledges.filter(state__in=["reserved", "settled"]).count(),
        "facts": presenting.facts(found),
        "less_precise": presenting.is_less_precise(found),
        "ticks": presenting.ticks(),
        "grade": presenting.grade(found),
        "parts": outlook.rate_parts(found),
        "relation": relation,
        "withheld": withheld.of(relation=relation or "investor", stage=found.loan.file.stage),
        **marked(request, found),
        "panes": presenting.panes("holder" if relation == "holder" else "pledger"),
        "figures": outlook.outlook(found, amount),
        "chart": outlook.cash_flow(found, amount),
        "available": portfolios.overview(party, currency=found.currency).available,
        "funds": [{**item, "share": Decimal(item["amount"]) / found.target} for item in found.funds],
        "holding": holding,
        "schedule": portfolios.schedule_of(holding) if holding else [],
        "today": business_day.current(),
        "questions": questions.public(found),
        "own_questions": questions.mine(found, party),
        "asking": forms.WordsForm(),
        "history": [(change.at, states_words[change.state]) for change in states.history(found)],
    }


@require_GET
@party_required(invests=True)
def figures(request: HttpRequest, reference: str) -> HttpResponse:
    """What the typed amount would bring: asked for by the page while typing. Terms only, nothing about the borrower."""
    found = visible(request, reference)
    amount = outlook.considered(found, request.GET.get("amount", ""))
    return render(request, "marketplace/figures.html", {"listing": found, "figures": outlook.outlook(found, amount)})
