"""Pages of the wallet: figures and movements, money in, money out, bank accounts, one payment."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import parties
from accounts.access import party_required
from accounts.models import Party, User
from accounts.reauthentication import latest, reauthentication_required
from core import business_day, idempotency, states
from payments import bank_account, deposit, payout, withdrawal
from payments import wallet as wallet_page
from payments.forms import BankAccountForm, DepositForm, WithdrawalForm
from payments.models import STATE_LABELS, Payment
from payments.rails import sandbox


def _proven(view: Any) -> Any:
    """Asks again who is there. A form sent too late is not carried along in the session, where amounts and card numbers do not belong: it is filled in anew."""
    asked = reauthentication_required(view)

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and latest(request) is None:
            messages.info(request, _("Too much time has passed. Prove again that it is you, then fill in the form once more. Nothing has moved."))
            return redirect(request.path.removesuffix("confirm/"))
        return asked(request, *args, **kwargs)  # type: ignore[no-any-return]

    return wrapped


@require_GET
@never_cache
@party_required()
def wallet(request: HttpRequest) -> HttpResponse:
    party = request.party  # type: ignore[attr-defined]
    before = _cursor(request)
    context = {"overview": wallet_page.overview(party), "page": wallet_page.statement(party, before=before), "first": before is None, "now": timezone.now()}
    return render(request, "payments/wallet.html", context)


def _who(request: HttpRequest) -> tuple[Party, User]:
    """The acting party and the person, under party_required."""
    user: Any = request.user
    return request.party, user  # type: ignore[attr-defined]


def _cursor(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Http404
    return int(text)


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare")
@idempotency.once_per_form
def make_deposit(request: HttpRequest) -> HttpResponse:
    """How to pay in; in the sandbox also the button that pretends somebody did."""
    party = request.party  # type: ignore[attr-defined]
    form = DepositForm(request.POST or None) if sandbox.is_open() else None
    if request.method == "POST" and form is None:
        raise Http404
    if form and form.is_valid():
        deposit.simulate(party=party, amount=form.cleaned_data["amount"], key=request.POST[idempotency.FIELD], now=timezone.now())
        messages.success(
            request, _("The sandbox bank has received the money. It stands in your wallet as soon as the bank's lines are read, in a few seconds.")
        )
        return redirect("payments:wallet")
    context = {"form": form, "party": party, "operator_name": settings.OPERATOR_NAME}
    return render(request, "payments/deposit.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("sign")
@_proven
def withdraw(request: HttpRequest) -> HttpResponse:
    """How much and where to; what is valid is shown once more before anything moves."""
    form = WithdrawalForm(request.POST or None, party=request.party)  # type: ignore[attr-defined]
    if form.is_valid():
        return _confirm_page(request, form)
    return _withdraw_page(request, form)


def _withdraw_page(request: HttpRequest, form: WithdrawalForm) -> HttpResponse:
    return render(request, "payments/withdraw.html", {"form": form, "overview": form.overview}, status=422 if form.errors else 200)


def _confirm_page(request: HttpRequest, form: WithdrawalForm) -> HttpResponse:
    amount = form.cleaned_data["amount"]
    context = {
        "overview": form.overview,
        "account": form.cleaned_data["account"],
        "amount": amount,
        "amount_text": form.fields["amount"].prepare_value(amount),
        "left": form.overview.available - amount,
    }
    return render(request, "payments/withdraw_confirm.html", context)


@require_POST
@never_cache
@party_required("sign")
@_proven
@idempotency.once_per_form
def withdraw_confirm(request: HttpRequest) -> HttpResponse:
    party, user = _who(request)
    form = WithdrawalForm(request.POST, party=party)
    if not form.is_valid():
        return _withdraw_page(request, form)
    try:
        payment = withdrawal.request(
            party=party,
            bank_account=form.cleaned_data["account"],
            amount=form.cleaned_data["amount"],
            by=user,
            key=request.POST[idempotency.FIELD],
            as_of=business_day.current(),
            now=timezone.now(),
        )
    except (withdrawal.UnableToWithdraw, payout.UnableToPay) as refused:
        form.add_error(None, str(refused.message))
        return _withdraw_page(request, form)
    return redirect("payments:payment", payment.reference)


@require_GET
@never_cache
@login_required
def payment(request: HttpRequest, reference: str) -> HttpResponse:
    """One payment of a party the person acts for, with what happened to it."""
    user: Any = request.user
    mine = Payment.objects.filter(party__in=parties.for_user(user, now=timezone.now())).select_related("bank_account")
    found = get_object_or_404(mine, reference=reference)
    events = [{"title": STATE_LABELS[change.state], "at": change.at, "kind": _KINDS.get(change.state, "")} for change in reversed(states.history(found))]
    return render(request, "payments/payment.html", {"payment": found, "events": events, "open": found.state in payout.OPEN})


_KINDS = {"settled": "yes", "refused": "no", "returned": "no", "cancelled": "no"}


@require_GET
@never_cache
@party_required()
def bank_accounts(request: HttpRequest) -> HttpResponse:
    party = request.party  # type: ignore[attr-defined]
    return render(request, "payments/bank_accounts.html", {"accounts": bank_account.live(party), "party": party})


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("sign")
@_proven
@idempotency.once_per_form
def add_bank_account(request: HttpRequest) -> HttpResponse:
    party, user = _who(request)
    form = BankAccountForm(request.POST or None)
    if form.is_valid():
        try:
            bank_account.add(party=party, number=form.cleaned_data["number"], holder=form.cleaned_data["holder"], by=user, now=timezone.now())
        except bank_account.UnableToAdd as refused:
            form.add_error({"holder_differs": "holder", "known": "number"}.get(refused.code), str(refused.message))
        else:
            messages.success(request, _("The account is added. We are asking the bank to confirm it."))
            return redirect("payments:bank_accounts")
    sample = sandbox.sample_number(party.pk) if sandbox.is_open() else ""
    context = {"form": form, "sample": sample, "is_verified": party.verified_at is not None}
    return render(request, "payments/add_bank_account.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@party_required("sign")
@idempotency.once_per_form
def retire_account(request: HttpRequest, reference: str) -> HttpResponse:
    party, user = _who(request)
    account = get_object_or_404(bank_account.live(party), reference=reference)
    try:
        bank_account.retire(account=account, by=user, now=timezone.now())
    except bank_account.UnableToRetire as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The account is retired. No money goes there any more."))
    return redirect("payments:bank_accounts")
