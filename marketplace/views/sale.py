"""Selling a share and buying one: the queue of offers, one offer with its price today, the receipt; offering and taking back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import party_required
from core import business_day
from core.idempotency import form_key, once_per_form
from marketplace import access, claim, forms, presenting
from marketplace import portfolio as portfolios
from marketplace import sale as selling
from marketplace.models import Sale
from marketplace.views.common import acting, marked, market_currency

SHOWN = 50


@require_GET
@party_required(invests=True)
def sales(request: HttpRequest) -> HttpResponse:
    """Offers in the order in which they are served, the price of each as of today."""
    party, today, now = acting(request), business_day.current(), timezone.now()
    found = selling.queue(now=now)[:SHOWN] if party.verified_at is not None else []
    rows = [_row(sale, sale.left, today) for sale in found]
    return render(request, "marketplace/sales.html", {"rows": rows, "verified": party.verified_at is not None, "today": today})


def _row(sale: Sale, amount: int, today: Any) -> dict[str, Any]:
    loan = sale.participation.loan
    worth = claim.of(sale.participation, amount, as_of=today)
    return {
        "sale": sale,
        "loan": loan,
        "listing": loan.listing,
        "band": presenting.BAND_OF[loan.listing.grade],
        "amount": amount,
        "claim": worth,
        "price": claim.price(worth, sale.factor),
        "months_left": loan.installments.filter(paid_on=None).count(),
    }


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def sale(request: HttpRequest, reference: str) -> HttpResponse:
    """GET an amount's price; POST buys at the price that was seen."""
    found = access.visible_sale(reference, user=request.user, party=acting(request))  # type: ignore[arg-type]
    form = forms.BuyForm(request.POST or None, sale=found)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        wish = selling.Wish(found, acting(request), request.user, data["amount"], data["seen_price"], data["large"])  # type: ignore[arg-type]
        try:
            bought = selling.buy(wish, key=form_key(request), as_of=business_day.current(), now=timezone.now())
            return redirect("marketplace:bought", reference=bought.reference)
        except selling.UnableToTrade as error:
            form.add_error("large" if error.code == "confirm_amount" else "amount", error.message)  # type: ignore[arg-type]
    amount = forms.considered(request.GET.get("amount") or request.POST.get("amount", ""), most=found.left, unit=selling.UNIT)
    row = _row(found, amount, business_day.current())
    cash = portfolios.overview(acting(request), currency=market_currency()).available
    context = {**row, "form": form, "available": cash, "mine": found.party_id == acting(request).pk, "today": business_day.current()}
    context |= marked(request, row["listing"])
    return render(request, "marketplace/sale.html", context, status=422 if form.errors else 200)


@require_GET
@party_required(invests=True)
def bought(request: HttpRequest, reference: str) -> HttpResponse:
    purchase = access.own_purchase(reference, party=acting(request))
    return render(request, "marketplace/bought.html", {"purchase": purchase, "listing": purchase.sale.participation.loan.listing})


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def sell(request: HttpRequest, reference: str) -> HttpResponse:
    """Offer a part of a holding, or all of it. Nothing changes hands before somebody buys."""
    holding = access.own_holding(reference, party=acting(request))
    form = forms.SellForm(request.POST or None, holding=holding)
    if request.method == "POST" and form.is_valid():
        try:
            selling.offer(
                holding=holding,
                party=acting(request),
                by=request.user,  # type: ignore[arg-type]
                amount=form.cleaned_data["amount"],
                factor=form.factor,
                key=form_key(request),
                now=timezone.now(),
            )
            messages.success(request, _("Offered. You keep the share and what it brings until somebody buys."))
            return redirect("marketplace:portfolio")
        except selling.UnableToTrade as error:
            form.add_error("amount", error.message)  # type: ignore[arg-type]
    worth = claim.of(holding, holding.amount, as_of=business_day.current()) if holding.loan.state in selling.SELLABLE else None
    context = {"form": form, "holding": holding, "listing": holding.loan.listing, "claim": worth, "days": selling.DAYS, "today": business_day.current()}
    return render(request, "marketplace/sell.html", context, status=422 if form.errors else 200)


@require_POST
@party_required("sign", invests=True)
def cancel_sale(request: HttpRequest, reference: str) -> HttpResponse:
    own = access.own_sale(reference, party=acting(request))
    if selling.cancel(own, by=request.user, now=timezone.now()):  # type: ignore[arg-type]
        messages.success(request, _("Taken back. The share stays yours."))
    else:
        messages.error(request, _("This offer had ended already."))
    return redirect("marketplace:portfolio")
