"""Paying a filled loan out: prepared at fill, proposed by one person, approved by another, sent once by a worker, settled by the bank's answer."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import business_day, outbox, states
from core.outbox import JobContext, handles
from loans import loan as loans
from loans import postings
from loans.models import Disbursement, Loan
from loans.stranger import OWN_LOAN, is_stranger
from payments.models import BankAccount, Payment
from payments.payout import UnableToPay


class UnableToDisburse(Exception):
    """The order cannot go on; `message` is for the person who tried."""

    def __init__(self, message: object) -> None:
        super().__init__(str(message))
        self.message = message


def prepare(*, loan: Loan, source: str, now: datetime) -> Disbursement:
    """The order for a funded loan, less the origination fee, out of the escrow `source`. Repeating it returns the same order."""
    order, _created = Disbursement.objects.get_or_create(
        loan=loan,
        defaults={
            "source": source,
            "bank_account": verified_account(loan),
            "amount": loan.principal - loan.origination_fee,
            "currency": loan.currency,
            "created_at": now,
        },
    )
    return order


def verified_account(loan: Loan) -> BankAccount | None:
    """The borrower's newest account that the rail has confirmed, if any."""
    return BankAccount.objects.filter(party=loan.party, verified_at__isnull=False, retired_at=None).order_by("-verified_at").first()


@transaction.atomic
def propose(order: Disbursement, *, by: User, now: datetime) -> None:
    """First pair of eyes. Raises UnableToDisburse without a verified account of the borrower, states.IllegalMove in any other state."""
    _not_own(order, by)
    _not_unwinding(order)
    account = order.bank_account if _usable(order.bank_account, order) else verified_account(order.loan)
    if not _usable(account, order):
        raise UnableToDisburse(_("The borrower has no verified bank account. The money stays in escrow."))
    states.move(order, "proposed", now=now, by=by.pk, why="proposed", proposed_by=by, bank_account=account)
    audit.record(actor=by, action="disbursement.propose", target=order.reference, now=now)


@transaction.atomic
def approve(order: Disbursement, *, by: User, now: datetime) -> None:
    """Second pair of eyes, another person's. Queues the payout for a worker in the same transaction."""
    _not_own(order, by)
    _not_unwinding(order)
    if order.proposed_by_id == by.pk:
        raise UnableToDisburse(_("Somebody else has to approve what you proposed."))
    if not _usable(order.bank_account, order):
        raise UnableToDisburse(_("The bank account is no longer verified. Send the order back."))
    states.move(order, "approved", now=now, by=by.pk, why="approved", approved_by=by)
    audit.record(actor=by, action="disbursement.approve", target=order.reference, now=now)
    outbox.enqueue("disbursement.send", key=f"disbursement:{order.reference}:{order.attempt}", payload={"disbursement": order.pk})


@transaction.atomic
def send_back(order: Disbursement, *, by: User, now: datetime) -> None:
    """The second person says no: the order is open again. Raises UnableToDisburse."""
    _not_own(order, by)
    states.move(order, "prepared", now=now, by=by.pk, why="sent_back", proposed_by=None, proposed_at=None)
    audit.record(actor=by, action="disbursement.send_back", target=order.reference, now=now)


def _not_own(order: Disbursement, by: User) -> None:
    """Neither pair of eyes belongs to somebody bound by the loan or holding a part of it."""
    if not is_stranger(order.loan, by):
        raise UnableToDisburse(OWN_LOAN)


def _not_unwinding(order: Disbursement) -> None:
    """Nothing is paid out while somebody wants the money returned; the row is held until the transaction ends."""
    held = Disbursement.objects.select_for_update().get(pk=order.pk)
    if held.unwind_by_id is not None and held.state != "cancelled":
        raise UnableToDisburse(_("It is proposed to give the money back. Decide that first."))


def _usable(account: BankAccount | None, order: Disbursement) -> bool:
    return account is not None and account.party_id == order.loan.party_id and account.verified_at is not None and account.retired_at is None


@handles("disbursement.send")
def send(*, job: JobContext) -> None:
    """Hand the approved order to payments. A repeated bell finds it sent and does nothing.

    Where the account was given up since two people approved, nothing is sent and the order is open again.
    """
    order = Disbursement.objects.select_related("loan__party", "bank_account").select_for_update(of=("self",)).get(pk=job.payload["disbursement"])
    if order.state != "approved":
        return
    try:
        payment = postings.pay_out(order, as_of=business_day.current(), now=job.now)
    except UnableToPay as error:
        _open_again(order, why=error.code, now=job.now)
    else:
        states.move(order, "sent", now=job.now, why="sent_to_rail", payment=payment)


@handles("payment.settled")
def on_settled(*, job: JobContext) -> None:
    """The bank paid: the fee leaves escrow, the schedule begins, the loan is active."""
    order = _order_of(job.payload["payment"])
    if order is None or order.state == "settled":
        return
    payment = order.payment
    assert payment is not None
    states.move(order, "settled", now=job.now, why="bank_paid")
    activate(order, payment=payment, as_of=payment.booked_on, now=job.now)


def activate(order: Disbursement, *, payment: Payment, as_of: date, now: datetime) -> None:
    """Fee, schedule, state and grants, in the transaction that settles the order."""
    postings.origination_fee(order, as_of=as_of)
    loans.begin(order.loan, disbursed_on=as_of, now=now)


@handles("payment.refused")
def on_refused(*, job: JobContext) -> None:
    """The bank refused: the money is back in escrow, the order is open for another attempt by two people."""
    order = _order_of(job.payload["payment"])
    if order is None or order.state not in ("sent", "unknown"):
        return
    states.move(order, "refused", now=job.now, why="bank_refused")
    _open_again(order, why="new_attempt", now=job.now)


def _open_again(order: Disbursement, *, why: str, now: datetime) -> None:
    """Prepared for another attempt by two people, under a new key."""
    nobody = {"payment": None, "proposed_by": None, "proposed_at": None, "approved_by": None, "approved_at": None}
    states.move(order, "prepared", now=now, why=why, attempt=order.attempt + 1, **nobody)


@handles("payment.unknown")
def on_unknown(*, job: JobContext) -> None:
    """No answer: the order waits while payments asks the bank. Nothing is sent again."""
    order = _order_of(job.payload["payment"])
    if order is not None and order.state == "sent":
        states.move(order, "unknown", now=job.now, why="no_answer")


def _order_of(payment_id: int) -> Disbursement | None:
    return Disbursement.objects.select_related("loan__file", "payment").select_for_update(of=("self",)).filter(payment=payment_id).first()
