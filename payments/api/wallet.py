"""The wallet: balances, statement, how to pay in, one payment, withdrawals, bank accounts."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api import paces
from accounts.api.endpoint import Endpoint, Made, reads, writes
from core import business_day, states
from core.api import bodies, paging
from core.api.fields import Amount, Event, Flag, Moment, Reference, Reply
from payments import bank_account, deposit, forms, payout, wallet, withdrawal
from payments.models import Payment
from payments.rails import sandbox


class WalletView(Reply):
    """Figures of the wallet in minor units. `available` can be pledged or withdrawn; `reserved` waits in pledges; `in_transit` is on its way to a bank."""

    currency = serializers.CharField()
    available = Amount()
    reserved = Amount()
    in_transit = Amount()
    total = Amount()


class Line(Reply):
    """One movement: `amount` is signed, `balance` what was in the wallet after it."""

    text = serializers.CharField(source="words")
    reference = serializers.CharField(allow_blank=True)
    booked_on = serializers.DateField()
    amount = Amount()
    balance = Amount()


class Statement(Reply):
    """Movements, newest first, in minor units of `currency`. `reserved` are open reservations, on the first page only."""

    currency = serializers.CharField()
    results = Line(many=True, source="lines")
    reserved = Line(many=True)
    next = serializers.URLField(allow_null=True)


class DepositInstructions(Reply):
    """What to write on a transfer so that the money finds its wallet. `can_simulate`: this is a sandbox, where no bank is real."""

    payee = serializers.CharField()
    reference = Reference()
    currency = serializers.CharField()
    can_simulate = Flag()


class Accepted(Reply):
    """The bank has it; the wallet has it when the bank's lines are read, in a few seconds."""

    line = serializers.CharField()


class AccountRow(Reply):
    """A bank account by its last four digits. Money is paid out to verified ones only; they are added on the page."""

    reference = Reference()
    last4 = serializers.CharField()
    state = serializers.CharField()
    created_at = Moment()


class PaymentView(Reply):
    """Money across the border of the platform, in minor units of `currency`. `unknown`: the bank has not said; it will not be paid twice."""

    reference = Reference()
    direction = serializers.CharField()
    kind = serializers.CharField()
    amount = Amount()
    currency = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField(source="reason_code", allow_blank=True)
    bank_account = Reference(source="bank_account.reference", allow_null=True, default=None)
    created_at = Moment()
    closed_at = Moment(allow_null=True)
    events = serializers.SerializerMethodField()

    def get_events(self, payment: Payment) -> Event(many=True):  # type: ignore[valid-type]  # read by the schema
        return Event(states.history(payment), many=True).data


class CursorForm(django_forms.Form):
    """Where the page begins."""

    cursor = django_forms.CharField(required=False, max_length=400)


class WalletEndpoint(Endpoint):
    """Balances."""

    @reads("wallet", WalletView, summary=_("My wallet"))
    def get(self, request: Any) -> Any:
        return wallet.overview(self.party)


class StatementEndpoint(Endpoint):
    """Movements."""

    @reads("statement", Statement, summary=_("Movements of my wallet"), query=CursorForm)
    def get(self, request: Any) -> Any:
        scope = f"statement:{self.party.reference}"
        key = paging.read(self.asked.cleaned_data["cursor"], scope=scope)
        page = wallet.statement(self.party, before=key[0] if key else None)
        after = paging.write([page.older], scope=scope) if page.older else ""
        return {"currency": page.currency, "lines": page.lines, "reserved": page.reserved, "next": paging.next_address(request, after)}


class DepositEndpoint(Endpoint):
    """Money in."""

    @reads("deposit_instructions", DepositInstructions, summary=_("How to pay in"))
    def get(self, request: Any) -> Any:
        return {
            "payee": settings.OPERATOR_NAME,
            "reference": self.party.reference,
            "currency": settings.DEFAULT_CURRENCY,
            "can_simulate": sandbox.is_open(),
        }

    @writes(
        "deposit_simulate",
        Accepted,
        summary=_("Sandbox: pay in"),
        description=_("Makes the sandbox bank receive a transfer with your reference. 404 where the bank is real."),
        body=bodies.body_of(forms.DepositForm),
        status=202,
        role="prepare",
        pace=paces.MONEY,
    )
    def post(self, request: Any, body: dict[str, Any]) -> Any:
        if not sandbox.is_open():
            raise Http404
        wanted = bodies.cleaned(forms.DepositForm(body))
        return {"line": deposit.simulate(party=self.party, amount=wanted["amount"], key=self.business_key, now=timezone.now())}


class BankAccountsEndpoint(Endpoint):
    """Where money is paid out to."""

    @reads("bank_accounts", AccountRow, summary=_("My bank accounts"), order=("-created_at", "-pk"))
    def get(self, request: Any) -> Any:
        return bank_account.live(self.party)


class WithdrawalEndpoint(Endpoint):
    """Money out."""

    @writes(
        "withdraw",
        PaymentView,
        summary=_("Withdraw"),
        description=_("Needs a proof of identity in the same session no older than five minutes; a token alone never moves money out."),
        body=bodies.body_of(forms.WithdrawalForm),
        status=201,
        pace=paces.MONEY,
        proven=True,
        refuses=(withdrawal.UnableToWithdraw, payout.UnableToPay),
    )
    def post(self, request: Any, body: dict[str, Any]) -> Any:
        wanted = bodies.cleaned(forms.WithdrawalForm(body, party=self.party))
        ordered = withdrawal.request(
            party=self.party,
            bank_account=wanted["account"],
            amount=wanted["amount"],
            by=self.user,
            key=self.business_key,
            as_of=business_day.current(),
            now=timezone.now(),
        )
        return Made(ordered, reverse("api:payment", args=[ordered.reference]))


class PaymentEndpoint(Endpoint):
    """One payment."""

    @reads("payment", PaymentView, summary=_("One payment, and what happened to it"))
    def get(self, request: Any, reference: str) -> Any:
        return get_object_or_404(Payment.objects.select_related("bank_account"), reference=reference, party=self.party)
