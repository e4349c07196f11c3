"""Every movement of money a loan makes: payout from escrow, the origination fee, and a repayment to its holders."""

from __future__ import annotations

from datetime import date, datetime

from ledger import operations as books
from ledger.chart import AccountCode
from loans.models import Disbursement, Repayment
from payments import payout
from payments.models import Payment

PLATFORM = "platform"


def pay_out(order: Disbursement, *, as_of: date, now: datetime) -> Payment:
    """Hand the order to payments: escrow → in transit out, and a payment with a key of its own for every attempt."""
    assert order.bank_account is not None
    return payout.order(
        key=f"disbursement:{order.reference}:{order.attempt}",
        kind=Payment.Kind.DISBURSEMENT,
        source_owner=order.source,
        source_code=AccountCode.LISTING_ESCROW,
        party=order.loan.party,
        bank_account=order.bank_account,
        amount=order.amount,
        currency=order.currency,
        as_of=as_of,
        now=now,
    )


def origination_fee(order: Disbursement, *, as_of: date) -> None:
    """Escrow → origination fees, once the bank has paid the rest out."""
    if not order.loan.origination_fee:
        return
    books.post(
        debit=(AccountCode.LISTING_ESCROW, order.source),
        credit=(AccountCode.ORIGINATION_FEES, PLATFORM),
        currency=order.currency,
        amount=order.loan.origination_fee,
        key=f"disbursement:{order.reference}:origination_fee",
        kind="origination_fee",
        reference=order.loan.reference,
        booked_on=as_of,
    )


def distribute(repayment: Repayment) -> int:
    """Borrower's cash → every holder's cash, and the servicing fee, in one statement. Returns the number of transfers."""
    return books.post_from(
        """
        SELECT 'repayment:' || s.repayment_id || ':holder:' || p.id AS key, 'client_cash' AS debit_code, %(borrower)s AS debit_owner,
               'client_cash' AS credit_code, 'party:' || p.party_id AS credit_owner, %(currency)s AS currency, s.net AS amount,
               'repayment' AS kind, %(reference)s AS reference, %(paid_on)s AS booked_on
          FROM loans_share s JOIN loans_participation p ON p.id = s.participation_id
         WHERE s.repayment_id = %(repayment)s AND s.net > 0
        UNION ALL
        SELECT 'repayment:' || %(repayment)s || ':servicing_fee', 'client_cash', %(borrower)s, 'servicing_fees', 'platform', %(currency)s,
               sum(s.servicing_fee)::bigint, 'servicing_fee', %(reference)s, %(paid_on)s
          FROM loans_share s WHERE s.repayment_id = %(repayment)s HAVING sum(s.servicing_fee) > 0
        """,
        {
            "repayment": repayment.pk,
            "borrower": repayment.loan.party.ledger_owner,
            "currency": repayment.loan.currency,
            "reference": repayment.loan.reference,
            "paid_on": repayment.paid_on,
        },
    )
