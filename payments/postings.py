"""Every movement of money that payments make: the one door of this app to the books.

    deposit          bank → client cash                  deposit:<rail>:<line>
    unmatched        bank → unmatched receipts           deposit:<rail>:<line>:unmatched
    match            unmatched receipts → client cash    deposit:<rail>:<line>:match   or → the account of an affair
    payout start     source → transit out                payout:<payment>:out
    payout settled   transit out → bank                  payout:<payment>:settled
    payout refused   transit out → source                payout:<payment>:back

Each is idempotent by its key; accounts are opened on first use. Called inside the transaction that moves the payment's state.
"""

from __future__ import annotations

from datetime import date

from ledger import operations
from ledger.chart import AccountCode
from ledger.operations import InsufficientFunds, KeyConflict
from payments.models import Payment
from payments.rails import ledger_owner

__all__ = ["InsufficientFunds", "KeyConflict", "deposit", "match", "payout_back", "payout_out", "payout_settled", "unmatched"]


def deposit(payment: Payment, *, owner: str, booked_on: date) -> None:
    """Money a bank line brought for a party we know."""
    _post(payment, "deposit", payment.key, debit=_bank(payment), credit=_wallet(owner), booked_on=booked_on)


def unmatched(payment: Payment, *, booked_on: date) -> None:
    """Money a bank line brought for nobody we know."""
    _post(payment, "deposit.unmatched", f"{payment.key}:unmatched", debit=_bank(payment), credit=_unmatched(payment), booked_on=booked_on)


def match(payment: Payment, *, owner: str, booked_on: date, code: AccountCode = AccountCode.CLIENT_CASH) -> None:
    """An unmatched receipt found its party, or (by `code`) the account of an affair it was meant for."""
    _post(payment, "deposit.match", f"{payment.key}:match", debit=_unmatched(payment), credit=(code, owner), booked_on=booked_on)


def payout_out(payment: Payment, *, booked_on: date) -> None:
    """The money leaves its source and stands in transit. Raises InsufficientFunds."""
    _post(payment, f"{payment.kind}.out", f"payout:{payment.reference}:out", debit=_source(payment), credit=_transit(payment), booked_on=booked_on)


def payout_settled(payment: Payment, *, booked_on: date) -> None:
    """The bank paid."""
    key = f"payout:{payment.reference}:settled"
    _post(payment, f"{payment.kind}.settled", key, debit=_transit(payment), credit=_bank(payment), booked_on=booked_on)


def payout_back(payment: Payment, *, booked_on: date) -> None:
    """The bank refused, or was never asked: the money returns to its source."""
    _post(payment, f"{payment.kind}.back", f"payout:{payment.reference}:back", debit=_transit(payment), credit=_source(payment), booked_on=booked_on)


def _post(payment: Payment, kind: str, key: str, *, debit: operations.At, credit: operations.At, booked_on: date) -> None:
    operations.post(
        debit=debit, credit=credit, currency=payment.currency, amount=payment.amount, key=key, kind=kind, reference=payment.reference, booked_on=booked_on
    )


def _bank(payment: Payment) -> operations.At:
    return AccountCode.BANK, ledger_owner(payment.rail)


def _unmatched(payment: Payment) -> operations.At:
    return AccountCode.UNMATCHED_RECEIPTS, ledger_owner(payment.rail)


def _transit(payment: Payment) -> operations.At:
    return AccountCode.TRANSIT_OUT, ledger_owner(payment.rail)


def _source(payment: Payment) -> operations.At:
    return AccountCode(payment.source_code), payment.source


def _wallet(owner: str) -> operations.At:
    return AccountCode.CLIENT_CASH, owner
