"""Entering what happened to a loan: one event, one replay, and the difference booked. Nothing that was booked is ever edited.

`preview` says what an entry would change before anybody confirms it; `enter` writes it. A backdated entry corrects what later days made:
late charges, days late, state, how payments were divided; the money follows in correcting transfers of today.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox
from core.refusals import Conflict
from loans import booking, standing
from loans import loan as loans
from loans.models import Loan, LoanEvent, Repayment, Standing
from loans.replay import Course, Event, Kind, UnableToReplay
from loans.replay.course import LIVE, PARTS, minus
from loans.waterfall import Split

MONEY = {Kind.PAYMENT, Kind.SETTLEMENT, Kind.GOODWILL, Kind.RECOVERY}
NEEDS_AMOUNT = MONEY | {Kind.CHARGEBACK, Kind.FEE, Kind.WAIVER, Kind.RETURNED}
NEEDS_LIFE = {Kind.PAYMENT, Kind.SETTLEMENT, Kind.GOODWILL, Kind.FEE, Kind.PAUSE, Kind.RESCHEDULE, Kind.WRITE_OFF, Kind.DISPUTE}
FROM_THE_BORROWER = {Kind.PAYMENT, Kind.SETTLEMENT}
QUIET = {Kind.PAYMENT, Kind.SETTLEMENT, Kind.NOTE}  # a receipt says the first two, nobody has to hear of the third

MESSAGES: dict[str, str | Promise] = {
    "not_positive": _("The amount must be more than zero."),
    "in_future": _("That day has not come yet."),
    "before_disbursement": _("The loan was not paid out yet on that day."),
    "not_living": _("This loan has nothing to repay."),
    "not_written_off": _("This loan is not written off."),
    "other_currency": _("This loan is in another currency."),
    "disputed": _("What is owed on this loan is disputed. Nothing is taken until that is settled."),
    "disputed_already": _("This loan is disputed already."),
    "not_disputed": _("This loan is not disputed."),
    "key_conflict": _("This form was already used for another payment."),
    "nothing_to_undo": _("There is no such entry to undo."),
    "charged_back": _("The payer's bank took back part of that payment; it cannot be undone as well."),
    "already_undone": _("That entry was already undone."),
    "more_than_owed": _("That is more than you owe. Nothing was taken."),
    "more_than_paid": _("That is more than the payment brought."),
    "returned_too_much": _("That is more than was overpaid, or it was returned already."),
    "nothing_to_reschedule": _("Nothing is left to spread over new installments."),
    "no_such_schedule": _("With these figures there is no schedule."),
    "no_such_part": _("Choose interest, fees or late charges."),
    "sold": _("The claim was sold. What is paid on it now is paid to its buyer."),
    "insufficient_funds": _("The wallet does not hold that much."),
    "platform_short": _("The platform's own funds do not cover what has to be advanced."),
}


class UnableToEnter(Conflict):
    """Nothing was written; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | Promise = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, Conflict.message)  # type: ignore[assignment]


@dataclass(frozen=True)
class Entry:
    """What somebody wants to enter. Amounts in minor units (of `currency`, when the giver says which); `data` holds terms and codes only."""

    kind: Kind
    on: date
    amount: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    undoes: int | None = None
    currency: str = ""


@dataclass(frozen=True)
class Difference:
    """What an entry changes: states, days late, what is owed by part, and money to (positive) or from the holders by part."""

    state_before: str
    state_after: str
    days_before: int
    days_after: int
    owed_before: Split
    owed_after: Split
    holders: Split
    overpaid: int
    rows: tuple[tuple[int, int, int], ...]  # installment, open before, open after

    @property
    def corrects(self) -> bool:
        """Whether anything booked before changes."""
        return any(getattr(self.holders, part) < 0 for part in PARTS)

    @property
    def fingerprint(self) -> str:
        """Two equal differences have the same, so that somebody confirms what they saw and nothing else."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:20]


@transaction.atomic
def enter(loan: Loan, entry: Entry, *, by: User | None, key: str, as_of: date, now: datetime) -> LoanEvent:
    """Write the event, bring the loan to its new course and move the money. The same key again returns the same event.

    Raises UnableToEnter; nothing is written then.
    """
    held, before = _lock(loan)
    if (earlier := _earlier(held, entry, key)) is not None:
        return earlier
    event, course = _proposed(held, before, entry, as_of=as_of)
    row = LoanEvent.objects.create(
        loan=held,
        number=event.number,
        kind=event.kind,
        on=event.on,
        booked_on=as_of,
        amount=event.amount,
        data=dict(event.data),
        undoes=event.undoes,
        key=key,
        by=by,
        created_at=now,
    )
    made = booking.book(held, row, course, before=before, as_of=as_of, now=now)
    standing.store(held, course, before=before, event=event.number)
    loans.follow(held, course, now=now)
    if by is not None:
        audit.record(actor=by, action=f"loan.{event.kind.value}", target=held.reference, now=now)
    _say(row, made)
    return row


def _lock(loan: Loan) -> tuple[Loan, Standing]:
    try:
        return standing.lock(loan)
    except Standing.DoesNotExist:  # never paid out: nothing can have happened to it
        raise UnableToEnter("not_living") from None


def _say(row: LoanEvent, made: list[Repayment]) -> None:
    """The facts upward: money that came to the holders, money that was taken back from them, and whatever else was entered."""
    if row.kind not in QUIET:
        outbox.enqueue("loan.entered", key=f"event:{row.pk}", payload={"event": row.pk, "loan": row.loan_id, "kind": row.kind})
    for one in made:
        name = "repayment.booked" if one.amount > 0 and one.kind != Repayment.Kind.CORRECTION else "repayment.corrected"
        if one.amount:
            outbox.enqueue(name, key=f"repayment:{one.pk}", payload={"repayment": one.pk})


def preview(loan: Loan, entry: Entry, *, as_of: date) -> Difference:
    """What `enter` would change, nothing written. Raises UnableToEnter."""
    before = Standing.objects.filter(pk=loan.pk).first()
    if before is None:
        raise UnableToEnter("not_living")
    _event, course = _proposed(loan, before, entry, as_of=as_of)
    was = standing.course_of(loan, closed_to=course.closed_to)
    known, wanted = ({row.number: row.open.total for row in one.rows} for one in (was, course))
    return Difference(
        state_before=loan.state,
        state_after=course.state,
        days_before=was.days_late,
        days_after=course.days_late,
        owed_before=_open(was),
        owed_after=_open(course),
        holders=minus(course.received, booked(loan)),
        overpaid=course.overpaid - was.overpaid,
        rows=tuple((n, known.get(n, 0), wanted.get(n, 0)) for n in sorted(known.keys() | wanted.keys()) if known.get(n, 0) != wanted.get(n, 0)),
    )


def course_after(loan: Loan, entry: Entry, *, as_of: date) -> Course:
    """The loan's course if `entry` were entered, nothing written. Raises UnableToEnter."""
    return _proposed(loan, loan.standing, entry, as_of=as_of)[1]


def _open(course: Course) -> Split:
    return Split(*(sum(getattr(row.open, part) for row in course.rows) for part in PARTS))


def booked(loan: Loan) -> Split:
    """What all repayments and corrections together brought the holders, by part."""
    sums = loan.repayments.aggregate(**{part: Sum(part) for part in PARTS})
    return Split(*(int(sums[part] or 0) for part in PARTS))


def _earlier(loan: Loan, entry: Entry, key: str) -> LoanEvent | None:
    earlier = LoanEvent.objects.filter(key=key).first()
    if earlier is not None and (earlier.loan_id, earlier.kind, earlier.amount, earlier.on) != (loan.pk, entry.kind, entry.amount, entry.on):
        raise UnableToEnter("key_conflict")
    return earlier


def _proposed(loan: Loan, before: Standing, entry: Entry, *, as_of: date) -> tuple[Event, Course]:
    """The event with its number, and the course it leads to."""
    _check(loan, before, entry, as_of=as_of)
    number = (loan.events.aggregate(last=Max("number"))["last"] or 0) + 1
    event = Event(number, entry.kind, entry.on, entry.amount, entry.data, entry.undoes)
    try:
        course = standing.course_of(loan, closed_to=max(before.closed_to, as_of - standing.DAY), more=[event])
    except UnableToReplay as error:
        raise UnableToEnter(error.code) from error
    if event.kind in MONEY and sum(split.total for _row, split in course.paid_by.get(number, [])) < event.amount:
        raise UnableToEnter("more_than_owed")
    return event, course


def _check(loan: Loan, before: Standing, entry: Entry, *, as_of: date) -> None:
    if entry.currency and entry.currency != loan.currency:
        raise UnableToEnter("other_currency")
    if entry.amount < 0 or (entry.kind in NEEDS_AMOUNT and not entry.amount):
        raise UnableToEnter("not_positive")
    if entry.on > as_of:
        raise UnableToEnter("in_future")
    assert loan.disbursed_on is not None
    if entry.on < loan.disbursed_on:
        raise UnableToEnter("before_disbursement")
    if entry.kind in NEEDS_LIFE and loan.state not in LIVE and not (entry.kind is Kind.PAYMENT and loan.state == "repaid" and entry.on < as_of):
        raise UnableToEnter("not_living")
    if entry.kind is Kind.RECOVERY and loan.state != "written_off":
        raise UnableToEnter("not_written_off")
    if entry.kind in FROM_THE_BORROWER and before.disputed_on is not None and entry.on >= before.disputed_on:
        raise UnableToEnter("disputed")

    if entry.kind is Kind.RECOVERY or _undoes(loan, entry, Kind.WRITE_OFF, Kind.RECOVERY):
        _demand_unsold(loan)


def _undoes(loan: Loan, entry: Entry, *kinds: Kind) -> bool:
    return entry.kind is Kind.VOID and loan.events.filter(number=entry.undoes or 0, kind__in=[kind.value for kind in kinds]).exists()


def is_sold(loan: Loan) -> bool:
    """Whether the claim belongs to somebody else now: nothing is taken for it, and neither the write-off nor what came after is undone."""
    return loan.debtsales.filter(state="approved").exists()


def _demand_unsold(loan: Loan) -> None:
    if is_sold(loan):
        raise UnableToEnter("sold")


def undo(loan: Loan, event: LoanEvent, *, by: User | None, why: str, as_of: date, now: datetime) -> LoanEvent:
    """An earlier entry was wrong or its money came back: from its own day on it counts as never made."""
    return enter(loan, Entry(Kind.VOID, as_of, data={"why": why}, undoes=event.number), by=by, key=f"undo:{event.pk}", as_of=as_of, now=now)


def repayment_of(event: LoanEvent) -> Repayment | None:
    """What the event itself brought the holders; corrections of earlier ones apart."""
    return event.repayments.exclude(kind=Repayment.Kind.CORRECTION).first()


__all__ = ["Difference", "Entry", "UnableToEnter", "booked", "course_after", "enter", "preview", "repayment_of", "undo"]
