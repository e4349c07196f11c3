"""Repaying a loan from the borrower's wallet: what is owed, a payment, an early settlement. One transaction, one distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox
from core.refusals import Conflict
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import distribution, postings, waterfall
from loans import loan as loans
from loans.models import Charge, Installment, Loan, Portion, Repayment
from loans.waterfall import Due, Payment, Split

REPAYABLE = ("active", "late", "defaulted")


class UnableToRepay(Conflict):
    """Nothing was taken; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@dataclass(frozen=True)
class Owed:
    """What stands open on a day, in minor units. `due` is what should have been paid by then; `all` what is left in the whole contract."""

    due: int
    all: int
    next_due_on: date | None
    next_amount: int


@dataclass(frozen=True)
class Quote:
    """Early settlement on one day: everything due, all principal, and the interest of the running period by days."""

    as_of: date
    principal: int
    interest: int
    penalties: int
    saved: int
    lines: tuple[tuple[Installment, Split, int], ...]  # installment, what is paid of it, interest waived

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.penalties


def owed(loan: Loan, *, as_of: date) -> Owed:
    """What the borrower owes on `as_of`, and when the next payment falls due."""
    rows = list(loan.installments.filter(paid_on=None).order_by("number"))
    charges = _open_charges(loan)
    penalties = sum(charge.amount - charge.paid for charge in charges)
    due = sum(_open_of(row) for row in rows if row.due_on <= as_of) + penalties
    following = next((row for row in rows if row.due_on > as_of), None)
    return Owed(
        due=due,
        all=sum(_open_of(row) for row in rows) + penalties,
        next_due_on=following.due_on if following else None,
        next_amount=_open_of(following) if following else 0,
    )


def _open_of(row: Installment) -> int:
    return row.principal - row.paid_principal + row.interest - row.paid_interest - row.waived_interest


def _open_charges(loan: Loan) -> list[Charge]:
    return list(Charge.objects.filter(installment__loan=loan, paid__lt=F("amount")).order_by("charged_on", "id"))


@transaction.atomic
def pay(*, loan: Loan, amount: int, by: User, key: str, as_of: date, now: datetime) -> Repayment:
    """Take `amount` from the borrower's wallet and give every holder their share. The same key again returns the same repayment.

    Raises UnableToRepay when nothing can be repaid, the amount is not positive, more than owed, or more than the wallet holds.
    """
    locked = _lock(loan)
    if (earlier := _earlier(locked, key, amount)) is not None:
        return earlier
    _check(locked, amount, as_of=as_of)
    rows = list(locked.installments.filter(paid_on=None).order_by("number"))
    result = waterfall.allocate(
        schedule=[Due(row.due_on, row.principal - row.paid_principal, row.interest - row.paid_interest - row.waived_interest) for row in rows],
        charges=[waterfall.Charge(charge.kind, charge.charged_on, charge.amount - charge.paid) for charge in _open_charges(locked)],  # type: ignore[arg-type]
        payments=[Payment(as_of, amount)],
    )
    if result.overpaid:
        raise UnableToRepay("more_than_owed", _("That is more than you owe. Nothing was taken."))
    (portion,) = result.portions
    lines = [(rows[number - 1], split, 0) for number, split in portion.by_installment]
    return _book(locked, kind=Repayment.Kind.PAYMENT, amount=amount, total=portion.split, lines=lines, by=by, key=key, as_of=as_of, now=now)


def quote_settlement(loan: Loan, *, as_of: date) -> Quote:
    """What closes the loan on `as_of`. Interest not yet earned is waived: the running period counts by days, later periods not at all."""
    rows = list(loan.installments.order_by("number"))
    penalties = sum(charge.amount - charge.paid for charge in _open_charges(loan))
    starts = [loan.disbursed_on, *(row.due_on for row in rows[:-1])]
    lines = []
    for row, start in zip(rows, starts, strict=True):
        if row.paid_on is not None:
            continue
        assert start is not None
        interest = max(_earned(row, start, as_of) - row.paid_interest, 0)
        waived = row.interest - row.waived_interest - row.paid_interest - interest
        lines.append((row, Split(principal=row.principal - row.paid_principal, interest=interest), waived))
    if lines and penalties:
        row, split, waived = lines[0]
        lines[0] = (row, Split(principal=split.principal, interest=split.interest, penalties=penalties), waived)
    return Quote(
        as_of=as_of,
        principal=sum(split.principal for _row, split, _waived in lines),
        interest=sum(split.interest for _row, split, _waived in lines),
        penalties=penalties,
        saved=sum(waived for _row, _split, waived in lines),
        lines=tuple(lines),
    )


def _earned(row: Installment, start: date, as_of: date) -> int:
    """Interest of one period earned by `as_of`, by actual days, rounded half up to the minor unit."""
    if as_of >= row.due_on:
        return row.interest
    days, whole = max((as_of - start).days, 0), (row.due_on - start).days
    return (2 * row.interest * days + whole) // (2 * whole)


@transaction.atomic
def settle_early(*, loan: Loan, expected: int, by: User, key: str, as_of: date, now: datetime) -> Repayment:
    """Close the loan at today's quote. `expected` is the total the borrower saw: any other quote raises UnableToRepay("quote_changed")."""
    locked = _lock(loan)
    if (earlier := _earlier(locked, key, expected)) is not None:
        return earlier
    quote = quote_settlement(locked, as_of=as_of)
    if quote.total != expected:
        raise UnableToRepay("quote_changed", _("The amount has changed since you saw it. Please look at the new one."))
    _check(locked, quote.total, as_of=as_of)
    total = Split(principal=quote.principal, interest=quote.interest, penalties=quote.penalties)
    return _book(locked, kind=Repayment.Kind.SETTLEMENT, amount=quote.total, total=total, lines=quote.lines, by=by, key=key, as_of=as_of, now=now)


def _lock(loan: Loan) -> Loan:
    return Loan.objects.select_for_update(of=("self",)).select_related("party", "file").get(pk=loan.pk)


def _earlier(loan: Loan, key: str, amount: int) -> Repayment | None:
    earlier = Repayment.objects.filter(key=key).first()
    if earlier is not None and (earlier.loan_id, earlier.amount) != (loan.pk, amount):
        raise UnableToRepay("key_conflict", _("This form was already used for another payment."))
    return earlier


def _check(loan: Loan, amount: int, *, as_of: date) -> None:
    if loan.state not in REPAYABLE:
        raise UnableToRepay("not_repayable", _("This loan has nothing to repay."))
    if amount <= 0:
        raise UnableToRepay("not_positive", _("The amount must be more than zero."))
    assert loan.disbursed_on is not None
    if as_of < loan.disbursed_on:
        raise UnableToRepay("before_disbursement", _("The loan was not paid out yet on that day."))
    if amount > balance(code=AccountCode.CLIENT_CASH, owner=loan.party.ledger_owner, currency=loan.currency).available:
        raise UnableToRepay("insufficient_funds", _("Your wallet does not hold that much. Pay in first."))


def _book(
    loan: Loan,
    *,
    kind: str,
    amount: int,
    total: Split,
    lines: Iterable[tuple[Installment, Split, int]],
    by: User,
    key: str,
    as_of: date,
    now: datetime,
) -> Repayment:
    """Repayment, portions, installments, charges, shares and transfers: all or nothing."""
    repayment = Repayment.objects.create(
        loan=loan,
        kind=kind,
        key=key,
        amount=amount,
        principal=total.principal,
        interest=total.interest,
        fees=total.fees,
        penalties=total.penalties,
        paid_on=as_of,
        created_at=now,
    )
    for row, split, waived in lines:
        _apply(repayment, row, split, waived)
    _pay_charges(loan, total.penalties + total.fees)
    distribution.share_out(repayment)
    postings.distribute(repayment)
    audit.record(actor=by, action=f"repayment.{kind}", target=repayment.reference, now=now)
    _settle_state(loan, as_of=as_of, now=now)
    outbox.enqueue("repayment.booked", key=f"repayment:{repayment.pk}", payload={"repayment": repayment.pk})
    return repayment


def _apply(repayment: Repayment, row: Installment, split: Split, waived: int) -> None:
    """One installment's part: the append-only portion, and the derived columns that follow it."""
    if split.total:
        Portion.objects.create(
            repayment=repayment, installment=row, principal=split.principal, interest=split.interest, fees=split.fees, penalties=split.penalties
        )
    row.paid_principal += split.principal
    row.paid_interest += split.interest
    row.waived_interest += waived
    if not _open_of(row):
        row.paid_on = repayment.paid_on
    row.save(update_fields=["paid_principal", "paid_interest", "waived_interest", "paid_on"])


def _pay_charges(loan: Loan, budget: int) -> None:
    for charge in _open_charges(loan):
        part = min(charge.amount - charge.paid, budget)
        if not part:
            return
        Charge.objects.filter(pk=charge.pk).update(paid=F("paid") + part)
        budget -= part


def _settle_state(loan: Loan, *, as_of: date, now: datetime) -> None:
    """Repaid when nothing is open; back on schedule when nothing is overdue."""
    rows = loan.installments.filter(paid_on=None)
    if not rows.exists() and not _open_charges(loan):
        loans.change(loan, "repaid", now=now, why="paid_in_full", closed_on=as_of, days_late=0)
    elif loan.state in ("late", "defaulted") and not rows.filter(due_on__lt=as_of).exists():
        loans.change(loan, "active", now=now, why="caught_up", days_late=0)


def repaid_principal(loan: Loan) -> int:
    """Principal that has come back so far, in minor units."""
    return int(loan.repayments.aggregate(total=Sum("principal"))["total"] or 0)
