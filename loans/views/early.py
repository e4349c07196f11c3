"""Paying before it is due, for the borrower: what each way would change, and a quote that holds for some days."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import party_required
from core import business_day
from core.idempotency import form_key, once_per_form
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import access, prepayment, repayment
from loans.forms import RepayForm
from loans.models import Loan
from loans.views.common import party_of, user_of


@require_GET
@never_cache
@party_required(borrows=True)
def early(request: HttpRequest, reference: str) -> HttpResponse:
    """With an amount in the address: the ways of using it, side by side. Nothing is taken here."""
    found = access.own_loan(reference, party=party_of(request))
    form = RepayForm(request.GET) if "amount" in request.GET else RepayForm()
    return early_page(request, found, form)


def early_page(request: HttpRequest, found: Loan, form: RepayForm) -> HttpResponse:
    today, ways = business_day.current(), []
    if form.is_bound and form.is_valid():
        try:
            ways = prepayment.ways(found, form.cleaned_data["amount"], as_of=today)
        except repayment.UnableToRepay as error:
            form.add_error("amount", str(error.message))
    context = {
        "loan": found,
        "form": form,
        "ways": ways,
        "amount": form.cleaned_data.get("amount") if ways else None,
        "living": found.state in repayment.REPAYABLE,
        "owed": repayment.owed(found, as_of=today),
        "today": today,
        "available": balance(code=AccountCode.CLIENT_CASH, owner=found.party.ledger_owner, currency=found.currency).available,
    }
    return render(request, "loans/early.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@party_required(borrows=True)
def payoff(request: HttpRequest, reference: str) -> HttpResponse:
    """Today's figure, and the quote that holds if there is one."""
    found = access.own_loan(reference, party=party_of(request))
    today = business_day.current()
    if request.method == "POST":
        return _make_quote(request, found)
    now = repayment.quote_settlement(found, as_of=today) if found.state in repayment.REPAYABLE else None
    held = repayment.standing_quote(found, as_of=today) if now else None
    context = {
        "loan": found,
        "living": now is not None,
        "today": today,
        "now": now,
        "held": held,
        "best": min([now.total, *([held["total"]] if held else [])]) if now else None,
        "days": repayment.QUOTE_DAYS,
        "available": balance(code=AccountCode.CLIENT_CASH, owner=found.party.ledger_owner, currency=found.currency).available,
    }
    return render(request, "loans/payoff.html", context)


@once_per_form
def _make_quote(request: HttpRequest, found: Loan) -> HttpResponse:
    repayment.make_quote(found, as_of=business_day.current(), now=timezone.now())
    return redirect("loans:payoff", found.reference)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def overpaid(request: HttpRequest, reference: str) -> HttpResponse:
    """What was paid too much, back into the wallet."""
    found = access.own_loan(reference, party=party_of(request))
    repayment.return_overpaid(found, by=user_of(request), key=form_key(request), as_of=business_day.current(), now=timezone.now())
    return redirect("loans:loan", reference)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def autopay(request: HttpRequest, reference: str) -> HttpResponse:
    """The standing order, on or off."""
    found = access.own_loan(reference, party=party_of(request))
    if found.state in repayment.REPAYABLE or not request.POST.get("on"):
        repayment.set_autopay(found, on=bool(request.POST.get("on")), by=user_of(request), now=timezone.now())
    return redirect("loans:loan", reference)
