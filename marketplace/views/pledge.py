"""A pledge from amount to receipt, and taking it back."""

from __future__ import annotations

from decimal import Decimal
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
from marketplace import access, forms, outlook
from marketplace import pledge as pledging
from marketplace import portfolio as portfolios
from marketplace.models import Listing
from marketplace.suitability import pack as packs
from marketplace.views.common import acting
from marketplace.views.listing import detail_context, visible


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def pledge(request: HttpRequest, reference: str) -> HttpResponse:
    """Amount → confirm → receipt. Nothing is taken before the second POST."""
    found = visible(request, reference)
    if request.method == "GET":
        return redirect("marketplace:listing", reference=reference)
    form = forms.PledgeForm(request.POST, listing=found)
    if not form.is_valid():
        return render(request, "marketplace/listing.html", detail_context(request, found, form), status=422)
    wish = pledging.Wish(found, acting(request), request.user, form.cleaned_data["amount"], form.cleaned_data["seen_rate"], form.cleaned_data["large"])  # type: ignore[arg-type]
    try:
        if "confirmed" not in request.POST:
            pledging.check(wish, now=timezone.now())
            return render(request, "marketplace/confirm.html", _confirm_context(found, form, wish))
        placed = pledging.place(wish, key=form_key(request), as_of=None, now=timezone.now())
    except pledging.UnableToPledge as error:
        form.add_error("large" if error.code == "confirm_amount" else "amount", error.message)  # type: ignore[arg-type]
        return render(request, "marketplace/listing.html", detail_context(request, found, form), status=409 if error.code == "key_conflict" else 422)
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
        "reflection_days": packs.of(wish.party).reflection_days,
    }


@require_GET
@party_required(invests=True)
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    own = access.own_pledge(reference, party=acting(request))
    return render(request, "marketplace/receipt.html", {"pledge": own, "cancellable": pledging.cancellable(own, now=timezone.now())})


@require_POST
@party_required("sign", invests=True)
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    own = access.own_pledge(reference, party=acting(request))
    try:
        pledging.cancel(own, by=request.user, as_of=business_day.current(), now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _("The pledge is cancelled. The money is available again."))
    except pledging.UnableToPledge as error:
        messages.error(request, str(error.message))
    return redirect("marketplace:receipt", reference=reference)
