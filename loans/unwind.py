"""A funded loan that is not paid out after all: two people end it, and everybody who funded it has their money back to the cent.

Only an order that waits for people can be ended so: once two have approved it a worker may be sending it, and once it is sent the bank decides.
The order's row is held by whoever moves it, so a worker, an approval and an unwind come one after the other.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from loans import file as files
from loans import postings
from loans.disbursement import UnableToDisburse
from loans.models import BorrowerFile, Disbursement
from loans.stranger import OWN_LOAN, is_stranger

WAITING = ("prepared", "proposed")
NOBODY = {"unwind_by": None, "unwind_at": None, "unwind_why": ""}


@transaction.atomic
def propose(order: Disbursement, *, why: str, by: User, now: datetime) -> None:
    """First pair of eyes, with a reason of `Disbursement.Unwind`. Nothing is paid out while it stands. Raises UnableToDisburse."""
    held = _held(order, by)
    if why not in Disbursement.Unwind.values:
        raise UnableToDisburse(_("Choose one of the reasons."))
    if held.unwind_by_id is not None:
        raise UnableToDisburse(_("It is proposed already."))
    _write(held, order, unwind_by=by, unwind_at=now, unwind_why=why)
    audit.record(actor=by, action="disbursement.unwind_propose", target=held.reference, now=now)


@transaction.atomic
def decline(order: Disbursement, *, by: User, now: datetime) -> None:
    """The second person says no, or the first takes it back: the payout can go on. Raises UnableToDisburse."""
    held = _proposed(order, by)
    _write(held, order, **NOBODY)
    audit.record(actor=by, action="disbursement.unwind_decline", target=held.reference, now=now)


@transaction.atomic
def approve(order: Disbursement, *, by: User, as_of: date, now: datetime) -> int:
    """Second pair of eyes, another person's: escrow goes back, order and loan end, the file closes, everybody is told. Returns to how many holders.

    Raises UnableToDisburse.
    """
    held = _proposed(order, by)
    if held.unwind_by_id == by.pk:
        raise UnableToDisburse(_("Somebody else has to approve what you proposed."))
    states.move(held, "cancelled", now=now, by=by.pk, why=held.unwind_why, cancelled_by=by, cancelled_at=now)
    holders = postings.unwind(held, as_of=as_of)
    states.move(held.loan, "cancelled", now=now, by=by.pk, why="unwound")
    files.end_grants(file=held.loan.file, now=now)
    BorrowerFile.objects.filter(pk=held.loan.file_id).update(stage=BorrowerFile.Stage.CLOSED)
    audit.record(actor=by, action="disbursement.unwind_approve", target=held.reference, now=now)
    outbox.enqueue("loan.unwound", key=f"loan:{held.loan_id}:unwound", payload={"loan": held.loan_id})
    order.refresh_from_db()
    return holders


def _held(order: Disbursement, by: User) -> Disbursement:
    """The order, held, if it still waits for people and the person is a stranger to the loan."""
    held = Disbursement.objects.select_for_update(of=("self",)).select_related("loan__file", "loan__party").get(pk=order.pk)
    if not is_stranger(held.loan, by):
        raise UnableToDisburse(OWN_LOAN)
    if held.state not in WAITING:
        raise UnableToDisburse(_("The payout is approved, under way or decided. The money cannot be given back now."))
    return held


def _proposed(order: Disbursement, by: User) -> Disbursement:
    held = _held(order, by)
    if held.unwind_by_id is None:
        raise UnableToDisburse(_("Nobody has proposed to give the money back."))
    return held


def _write(held: Disbursement, shown: Disbursement, **values: object) -> None:
    Disbursement.objects.filter(pk=held.pk).update(**values)
    shown.refresh_from_db()
