"""Money out: ordered once per business key, sent by job, answered by the bank, in the books at every step.

    order            created   source → in transit out
    payment.send     sent      committed before the rail hears of it
    payment.ask      the rail is asked; a worker killed here asks again under the same key, after looking the key up
    payment.look_up  while the bank is slow, or its answer was lost: what became of the key?

The bank pays once per key, and no second key is ever made for a payment. "Unknown" is a state with a look-up, never a new payment:
only when the bank says it never saw the key is the same request sent again, under the same key.
A move of state and its posting commit together, so an answer that comes twice finds the state moved and does nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import Party, User
from core import business_day, outbox
from core.refusals import Conflict
from core.states import because, move
from ledger.chart import AccountCode
from payments import postings, rails
from payments.models import BankAccount, Payment
from payments.postings import InsufficientFunds
from payments.rails.base import Answer, PayoutRequest, RailTimeout, ReturnRequest
from privacy import vault

FIRST_LOOK_SECONDS = 5
LONGEST_WAIT_SECONDS = 600
OPEN = ("created", "sent", "unknown")


class UnableToPay(Conflict):
    """The payment cannot be ordered. `code`: account_not_verified, account_of_another, amount, key_reused."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def order(
    *,
    key: str,
    kind: str,
    source_owner: str,
    source_code: str,
    party: Party,
    bank_account: BankAccount,
    amount: int,
    currency: str,
    as_of: date,
    now: datetime,
    by: User | None = None,
) -> Payment:
    """Moves `amount` (minor units) from the source account to transit, and has it sent to the party's bank account. Once per key.

    The same key with the same input returns the payment there is. Raises UnableToPay, InsufficientFunds.
    """
    payment = Payment(
        direction=Payment.Direction.OUT,
        kind=kind,
        party=party,
        bank_account=bank_account,
        rail=bank_account.rail,
        amount=amount,
        currency=currency,
        key=key,
        source=source_owner,
        source_code=AccountCode(source_code).value,
        state="created",
        booked_on=as_of,
        created_at=now,
        requested_by=by,
    )
    known = Payment.objects.filter(key=key).first()
    if known:
        return _same(known, payment)
    if amount <= 0:
        raise UnableToPay("amount", _("The amount must be above zero."))
    try:
        with transaction.atomic():
            _check_account(bank_account, party=party)
            with because(by=by.pk if by else None, why="ordered", now=now):
                payment.save(force_insert=True)
            postings.payout_out(payment, booked_on=as_of)
            outbox.enqueue("payment.send", key=f"payment.send:{payment.pk}", payload={"payment": payment.pk})
    except IntegrityError:
        rival = Payment.objects.filter(key=key).first()
        if rival is None:
            raise
        return _same(rival, payment)
    return payment


def give_back(receipt: Payment, *, by: User, as_of: date, now: datetime) -> Payment:
    """An unmatched receipt, held by the caller, goes back to its sender over the rail it came by: unmatched → in transit out. Once per attempt."""
    attempt = receipt.returned_by.count() + 1
    payment = Payment(
        direction=Payment.Direction.OUT,
        kind=Payment.Kind.RETURN,
        returns=receipt,
        rail=receipt.rail,
        amount=receipt.amount,
        currency=receipt.currency,
        key=f"return:{receipt.reference}:{attempt}",
        source=rails.ledger_owner(receipt.rail),
        source_code=AccountCode.UNMATCHED_RECEIPTS.value,
        state="created",
        booked_on=as_of,
        created_at=now,
        requested_by=by,
    )
    with because(by=by.pk, why="ordered", now=now):
        payment.save(force_insert=True)
    postings.payout_out(payment, booked_on=as_of)
    move(receipt, "returned", now=now, by=by.pk, why="returned_by_staff", closed_at=now)
    outbox.enqueue("payment.send", key=f"payment.send:{payment.pk}", payload={"payment": payment.pk})
    return payment


def _same(known: Payment, wanted: Payment) -> Payment:
    same = ("kind", "party_id", "bank_account_id", "amount", "currency", "source", "source_code")
    if any(getattr(known, name) != getattr(wanted, name) for name in same):
        raise UnableToPay("key_reused", _("This payment was already ordered with different details."))
    return known


def _check_account(bank_account: BankAccount, *, party: Party) -> None:
    """Held until the payment is written, so that an account cannot be retired between the check and the order."""
    account = BankAccount.objects.select_for_update(no_key=True).get(pk=bank_account.pk)
    if account.party_id != party.pk:
        raise UnableToPay("account_of_another", _("This bank account belongs to somebody else."))
    if account.state != "verified":
        raise UnableToPay("account_not_verified", _("The bank has not confirmed this account. Money is paid out only to a confirmed account."))


def cancel(*, payment: Payment, by: User | None, as_of: date, now: datetime) -> None:
    """Takes an order back before it is sent; the money returns to its source. Raises IllegalMove, StaleState once it is on its way."""
    with transaction.atomic():
        move(payment, "cancelled", now=now, by=by.pk if by else None, why="cancelled", closed_at=now, reason_code="cancelled")
        postings.payout_back(payment, booked_on=as_of)


@outbox.handles("payment.send")
def send_job(*, job: outbox.JobContext) -> None:
    """Writes down that the rail is about to be asked. After this commit the order can no longer be taken back."""
    payment = _locked(job.payload["payment"])
    if payment.state == "created":
        move(payment, "sent", now=job.now, why="sent")
        outbox.enqueue("payment.ask", key=f"payment.ask:{payment.pk}", payload={"payment": payment.pk})


@outbox.handles("payment.ask")
def ask_job(*, job: outbox.JobContext) -> None:
    """Asks the rail and takes its answer; without one, the outcome is unknown and is looked up."""
    payment = _locked(job.payload["payment"])
    if payment.state != "sent":
        return
    try:
        answer = _ask(payment, looked_up_first=job.attempts > 1, now=job.now)
    except RailTimeout:
        answer = Answer(outcome="unknown")
    take_answer(payment, answer, as_of=business_day.current(), now=job.now)
    if payment.state in ("sent", "unknown"):
        run_at = job.now + timedelta(seconds=FIRST_LOOK_SECONDS)
        outbox.enqueue("payment.look_up", key=f"payment.look_up:{payment.pk}", payload={"payment": payment.pk}, run_at=run_at)


@outbox.handles("payment.look_up")
def look_up_job(*, job: outbox.JobContext) -> outbox.RetryLater | None:
    """Asks what became of the key until the bank knows. Never pays under another key."""
    payment = _locked(job.payload["payment"])
    if payment.state not in ("sent", "unknown"):
        return None
    wait = min(FIRST_LOOK_SECONDS * 2 ** min(job.attempts, 10), LONGEST_WAIT_SECONDS)
    try:
        answer = _ask(payment, looked_up_first=True, now=job.now)
    except RailTimeout:
        return outbox.RetryLater(wait, "rail_timeout")
    take_answer(payment, answer, as_of=business_day.current(), now=job.now)
    return outbox.RetryLater(wait, f"bank_says_{answer.outcome}") if payment.state in ("sent", "unknown") else None


def _locked(payment_id: int) -> Payment:
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def _ask(payment: Payment, *, looked_up_first: bool, now: datetime) -> Answer:
    """The bank's answer for this payment's key. Sending is safe when the bank never saw the key, and harmless when it did."""
    rail = rails.get(payment.rail)
    known = rail.look_up(payment.key, now=now) if looked_up_first else None
    if known:
        return known
    if payment.returns:
        line = payment.returns.rail_reference
        return rail.give_back(ReturnRequest(key=payment.key, line_id=line, amount=payment.amount, currency=payment.currency), now=now)
    return rail.send(_request(payment, now=now), now=now)


def _request(payment: Payment, *, now: datetime) -> PayoutRequest:
    account = payment.bank_account
    assert account is not None
    opened = vault.open_sealed(account, ["number", "holder_name"], engine="payments.rail", purpose="wallet", now=now)
    return PayoutRequest(key=payment.key, account_number=opened["number"], holder=opened["holder_name"], amount=payment.amount, currency=payment.currency)


def take_answer(payment: Payment, answer: Answer, *, as_of: date, now: datetime) -> None:
    """Moves the payment as the bank says, with the posting that belongs to it. The caller holds the row's lock.

    An answer for a payment that has its outcome changes nothing; one that contradicts it is left to reconciliation.
    """
    if payment.state not in ("sent", "unknown"):
        return
    if answer.outcome == "paid":
        _close(payment, "settled", answer, as_of=as_of, now=now)
        postings.payout_settled(payment, booked_on=as_of)
    elif answer.outcome == "refused":
        _close(payment, "refused", answer, as_of=as_of, now=now)
        postings.payout_back(payment, booked_on=as_of)
        if payment.returns:  # it waits for people again
            move(payment.returns, "unmatched", now=now, why="return_refused", closed_at=None)
    elif answer.outcome == "unknown" and payment.state == "sent":
        move(payment, "unknown", now=now, why="rail_timeout")
        tell(payment, "unknown")


def _close(payment: Payment, state: str, answer: Answer, *, as_of: date, now: datetime) -> None:
    reason = answer.reason or ("refused" if state == "refused" else "")
    why = reason or "paid"
    move(payment, state, now=now, why=why, closed_at=now, booked_on=as_of, rail_reference=answer.reference, reason_code=reason)
    tell(payment, state)


def tell(payment: Payment, what: str) -> None:
    """Lets whoever ordered or awaits the payment know: payment.settled, payment.refused, payment.unknown."""
    outbox.enqueue(f"payment.{what}", key=f"payment.{what}:{payment.pk}", payload={"payment": payment.pk})


__all__ = ["OPEN", "InsufficientFunds", "UnableToPay", "cancel", "order", "take_answer", "tell"]
