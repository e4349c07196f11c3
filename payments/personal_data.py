"""What payments hold about a person: bank accounts and payments. Amounts outlive an erasure, as the law on accounts asks; names and numbers do not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import IntegerField
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from ledger.chart import AccountCode
from ledger.queries import balances
from payments.models import BankAccount, BankLine, Payment
from payments.payout import OPEN
from privacy import copies, disclosure, emptying, restriction, rights, sweeps, vault
from privacy.models import DataSubject

INDEX_BYTES = 32  # a blind index; what stands in its place afterwards is shorter
BATCH = 500


def export(*, subject: DataSubject, now: datetime) -> dict[str, Any]:
    """Accounts with their number in full, and every payment."""
    accounts = list(BankAccount.objects.filter(party__subject=subject).select_related("party").order_by("pk"))
    opened = vault.open_sealed(accounts, ["number", "holder_name"], engine="privacy.export", purpose="rights", now=now)
    return {
        "bank_accounts": [_account(account, opened[account.pk] or {}) for account in accounts],
        "bank_lines": copies.rows(BankLine.objects.filter(subject=subject), now=now),
        "payments": [_payment(payment) for payment in Payment.objects.filter(party__subject=subject).order_by("pk")],
    }


def _account(account: BankAccount, opened: dict[str, str]) -> dict[str, Any]:
    return {
        "reference": account.reference,
        "holder": opened.get("holder_name"),
        "number": opened.get("number"),
        "state": account.state,
        "added_at": account.created_at.isoformat(),
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "reference": payment.reference,
        "kind": payment.kind,
        "direction": payment.direction,
        "amount_minor": payment.amount,
        "currency": payment.currency,
        "state": payment.state,
        "booked_on": payment.booked_on.isoformat(),
        "created_at": payment.created_at.isoformat(),
    }


def holds(*, subject: DataSubject) -> list[str]:
    """Money on its way must arrive first, and what is in the wallet be taken out."""
    under_way = Payment.objects.filter(party__subject=subject, state__in=OPEN).exists()
    owners = [party.ledger_owner for party in Party.objects.filter(subject=subject)]
    filled = any(balance.posted for balance in balances(code=AccountCode.CLIENT_CASH, owners=owners, currency=settings.DEFAULT_CURRENCY).values())
    return [*(["payment_under_way"] if under_way else []), *(["wallet_not_empty"] if filled else [])]


def erase(*, subject: DataSubject, now: datetime) -> None:
    """Numbers and names go with the person's key; what is left of a number outside it (last digits, index) is taken away."""
    for account in BankAccount.objects.filter(party__subject=subject):
        BankAccount.objects.filter(pk=account.pk).update(last4="", number_index=account.row_id.bytes, retired_at=account.retired_at or now)
    for line in BankLine.objects.filter(subject=subject):
        BankLine.objects.filter(pk=line.pk).update(reference_index=line.row_id.bytes)


def _old_lines(*, cutoff: datetime, now: datetime) -> list[int]:
    """What was written with money that moved so long ago: the words, and the index they were found by."""
    lines = BankLine.objects.annotate(size=Length("reference_index", output_field=IntegerField())).filter(received_at__lt=cutoff, size=INDEX_BYTES)
    gone: list[int] = emptying.empty(lines.exclude(subject__in=restriction.on_hold()).select_related("subject")[:BATCH], rule="ledger", now=now)
    for line in BankLine.objects.filter(pk__in=gone):
        BankLine.objects.filter(pk=line.pk).update(reference_index=line.row_id.bytes)
    return gone


rights.register("payments", export=export, erase=erase, holds=holds)
sweeps.register("ledger", app="payments", sweep=_old_lines)
# How our software appears in "who looked at me".
disclosure.ROLES |= {
    "payments.rail": _("bank connection"),
    "payments.bank_lines": _("bank connection"),
    "payments.bank_account": _("account holder check"),
    "privacy.export": _("data export"),
}
