"""Pages of the market: the list, one loan, a pledge from amount to receipt, the portfolio."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import party_required
from accounts.models import Party
from core import business_day
from core.idempotency import form_key, once_per_form
from loans import file as files
from loans.models import Participation
from marketplace import access, forms, outlook, presenting
from marketplace import listing as listings_of
from marketplace import pledge as pledging
from marketplace import portfolio as portfolios
from marketplace.models import Listing

PAGE = 24


def _party(request: HttpRequest) -> Party:
    return request.party  # type: ignore[attr-defined, no-any-return]


@require_GET
@party_required(invests=True)
def listings(request: HttpRequest) -> HttpResponse:
    form, now = forms.FilterForm(request.GET), timezone.now()
    rows = listings_of.search(**form.wanted(), now=now)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    cards = [{"listing": row, "left": presenting.time_left(row, now=now), "band": presenting.BAND_OF[row.grade]} for row in page.object_list]
    filtered = any(form[name].value() for name in ("purpose", "grade", "term_max"))
    context = {"form": form, "page_obj": page, "cards": cards, "filtered": filtered, "verified": _party(request).verified_at is not None, "now": now}
    return render(request, "marketplace/listings.html", context)


def _visible(request: HttpRequest, reference: str) -> Listing:
    return access.visible(reference, user=request.user, party=_party(request))  # type: ignore[arg-type]


@require_GET
@party_required(invests=True)
def listing(request: HttpRequest, reference: str) -> HttpResponse:
    found = _visible(request, reference)
    access.note(found, user=request.user, page="marketplace.listing", now=timezone.now())  # type: ignore[arg-type]
    return render(request, "marketplace/listing.html", _listing_context(request, found, forms.PledgeForm(listing=found)))


def _listing_context(request: HttpRequest, found: Listing, form: forms.PledgeForm) -> dict[str, Any]:
    relation = files.relation_of(request.user, found.loan.file)  # type: ignore[arg-type]
    party, now = _party(request), timezone.now()
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
    found = _visible(request, reference)
    amount = outlook.considered(found, request.GET.get("amount", ""))
    return render(request, "marketplace/figures.html", {"listing": found, "figures": outlook.outlook(found, amount)})


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def pledge(request: HttpRequest, reference: str) -> HttpResponse:
    """Amount → confirm → receipt. Nothing is taken before the second POST."""
    found = _visible(request, reference)
    if request.method == "GET":
        return redirect("marketplace:listing", reference=reference)
    form = forms.PledgeForm(request.POST, listing=found)
    if not form.is_valid():
        return render(request, "marketplace/listing.html", _listing_context(request, found, form), status=422)
    wish = pledging.Wish(found, _party(request), request.user, form.cleaned_data["amount"], form.cleaned_data["seen_rate"])  # type: ignore[arg-type]
    try:
        if "confirmed" not in request.POST:
            pledging.check(wish, now=timezone.now())
            return render(request, "marketplace/confirm.html", _confirm_context(found, form, wish))
        placed = pledging.place(wish, key=form_key(request), as_of=business_day.current(), now=timezone.now())
    except pledging.UnableToPledge as error:
        form.add_error("amount", error.message)  # type: ignore[arg-type]
        return render(request, "marketplace/listing.html", _listing_context(request, found, form), status=409 if error.code == "key_conflict" else 422)
    return redirect("marketplace:receipt", reference=placed.reference)


def _confirm_context(found: Listing, form: forms.PledgeForm, wish: pledging.Wish) -> dict[str, Any]:
    overview = portfolios.overview(wish.party, currency=found.currency)
    everything = overview.at_work + overview.reserved + wish.amount
    return {
        "listing": found,
        "form": form,
        "wish": wish,
        "figures": outlook.outlook(found, wish.amount),
        "chart": outlook.cash_flow(found, wish.amount),
        "after": overview.available - wish.amount,
        "concentration": Decimal(wish.amount) / everything,
    }


@require_GET
@party_required(invests=True)
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    own = access.own_pledge(reference, party=_party(request))
    return render(request, "marketplace/receipt.html", {"pledge": own, "cancellable": pledging.cancellable(own, now=timezone.now())})


@require_POST
@party_required("sign", invests=True)
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    own = access.own_pledge(reference, party=_party(request))
    try:
        pledging.cancel(own, by=request.user, as_of=business_day.current(), now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _("The pledge is cancelled. The money is available again."))
    except pledging.UnableToPledge as error:
        messages.error(request, str(error.message))
    return redirect("marketplace:receipt", reference=reference)


@require_GET
@party_required(invests=True)
def portfolio(request: HttpRequest) -> HttpResponse:
    party, today = _party(request), business_day.current()
    currency = party_currency()
    since, until = portfolios.window(today)
    flow = portfolios.months(party, currency=currency, since=since, until=until)
    context = {
        "overview": portfolios.overview(party, currency=currency),
        "mix": presenting.status_mix(portfolios.status_mix(party, currency=currency)),
        "pledges": portfolios.pledges(party),
        "page_obj": Paginator(portfolios.holdings(party), PAGE).get_page(request.GET.get("page")),
        "chart": presenting.flow(flow, currency=currency, today=today),
        "flows": any(month.received or month.expected for month in flow),
        "today": today,
    }
    return render(request, "marketplace/portfolio.html", context)


def party_currency() -> str:
    """One currency an installation, for now."""
    return str(settings.DEFAULT_CURRENCY)
