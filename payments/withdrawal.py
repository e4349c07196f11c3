"""A party takes money out of its wallet to a bank account of its own."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts import audit, parties
from accounts.models import Party, User
from core.refusals import Conflict
from ledger.chart import AccountCode
from payments import payout
from payments.models import BankAccount, Payment
from payments.postings import InsufficientFunds


class UnableToWithdraw(Conflict):
    """`code`: not_allowed (the user does not sign for the party), insufficient_funds."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@transaction.atomic
def request(*, party: Party, bank_account: BankAccount, amount: int, by: User, key: str, as_of: date, now: datetime) -> Payment:
    """Orders the withdrawal of `amount` minor units. `key` is the caller's idempotency key: the same key is the same withdrawal.

    Raises UnableToWithdraw, payout.UnableToPay.
    """
    if not parties.may(by, party, "sign", now=now):
        raise UnableToWithdraw("not_allowed", _("Only somebody who signs for this party can withdraw its money."))
    try:
        payment = payout.order(
            key=_business_key(party, key),
            kind=Payment.Kind.WITHDRAWAL,
            source_owner=party.ledger_owner,
            source_code=AccountCode.CLIENT_CASH,
            party=party,
            bank_account=bank_account,
            amount=amount,
            currency=settings.DEFAULT_CURRENCY,
            as_of=as_of,
            now=now,
            by=by,
        )
    except InsufficientFunds as error:
        raise UnableToWithdraw("insufficient_funds", _("This is more than you have available.")) from error
    if payment.created_at == now:
        audit.record(actor=by, action="withdrawal.request", target=payment.reference, now=now)
    return payment


def _business_key(party: Party, key: str) -> str:
    """Bounded and opaque: whatever a client sends as its key, the bank sees 32 hexadecimal digits of it."""
    return f"withdrawal:{party.pk}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
