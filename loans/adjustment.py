"""What staff enter on a loan: a backdated payment, a returned debit, a chargeback, goodwill, a waiver, a dispute. Two pairs of eyes, always.

The first sees the difference the entry makes and proposes it; the second sees it worked out again and confirms exactly that. Nobody does either
on a loan of their own, or one they hold.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import states
from core.refusals import Conflict
from loans import event as events
from loans import standing
from loans.event import Difference, Entry
from loans.models import Adjustment, Loan, LoanEvent
from loans.replay import Kind
from loans.stranger import OWN_LOAN, is_stranger

# What may be proposed here; apps that know more kinds of trouble add theirs.
PROPOSABLE = {Kind.PAYMENT, Kind.VOID, Kind.CHARGEBACK, Kind.GOODWILL, Kind.WAIVER, Kind.FEE, Kind.RETURNED, Kind.DISPUTE, Kind.DISPUTE_OVER}

MESSAGES: dict[str, str | Promise] = {
    "kind": _("That cannot be entered here."),
    "own_loan": OWN_LOAN,
    "four_eyes": _("Somebody else has to confirm what you proposed."),
    "moved_on": _("The loan has moved on since you looked. Look at the difference again."),
    "not_yours": _("Only who proposed it can take it back."),
}


class UnableToAdjust(Conflict):
    """Nothing was entered; `message` says why, `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]  # type: ignore[assignment]


@transaction.atomic
def propose(loan: Loan, entry: Entry, *, why: str, by: User, as_of: date, now: datetime) -> Adjustment:
    """First pair of eyes. Raises UnableToAdjust, or events.UnableToEnter when the entry could not be made."""
    if entry.kind not in PROPOSABLE:
        raise UnableToAdjust("kind")
    _demand_stranger(loan, by)
    seen = events.preview(loan, entry, as_of=as_of)
    with states.because(by=by.pk, why=why, now=now):
        made = Adjustment.objects.create(
            loan=loan,
            kind=entry.kind.value,
            on=entry.on,
            amount=entry.amount,
            data=dict(entry.data),
            undoes=entry.undoes,
            why=why,
            difference=asdict(seen),
            proposed_by=by,
            proposed_at=now,
        )
    audit.record(actor=by, action="adjustment.propose", target=made.reference, now=now)
    return made


def entry_of(adjustment: Adjustment) -> Entry:
    return Entry(Kind(adjustment.kind), adjustment.on, adjustment.amount, adjustment.data, adjustment.undoes)


def difference(adjustment: Adjustment, *, as_of: date) -> Difference:
    """What it would change now. Raises events.UnableToEnter when it no longer can be entered."""
    return events.preview(adjustment.loan, entry_of(adjustment), as_of=as_of)


@transaction.atomic
def approve(adjustment: Adjustment, *, seen: str, by: User, as_of: date, now: datetime) -> LoanEvent:
    """Second pair of eyes, another person's. `seen` is the fingerprint of the difference that was on their page: any other is refused."""
    held = _held(adjustment)
    if held.proposed_by_id == by.pk:
        raise UnableToAdjust("four_eyes")
    _demand_stranger(held.loan, by)
    standing.lock(held.loan)  # so that nothing comes between the comparison and the entry
    if held.state == "proposed" and difference(held, as_of=as_of).fingerprint != seen:
        raise UnableToAdjust("moved_on")
    made = events.enter(held.loan, entry_of(held), by=by, key=f"adjustment:{held.pk}", as_of=as_of, now=now)
    _decide(held, adjustment, "entered", by=by, now=now, event=made)
    return made


@transaction.atomic
def decline(adjustment: Adjustment, *, by: User, now: datetime) -> None:
    """The second person says no."""
    held = _held(adjustment)
    if held.proposed_by_id == by.pk:
        raise UnableToAdjust("four_eyes")
    _decide(held, adjustment, "declined", by=by, now=now)


@transaction.atomic
def withdraw(adjustment: Adjustment, *, by: User, now: datetime) -> None:
    """Who proposed it takes it back."""
    held = _held(adjustment)
    if held.proposed_by_id != by.pk:
        raise UnableToAdjust("not_yours")
    _decide(held, adjustment, "withdrawn", by=by, now=now)


def _held(adjustment: Adjustment) -> Adjustment:
    """Its row, held; the loan's own locks come after it."""
    return Adjustment.objects.select_for_update(of=("self",)).select_related("loan").get(pk=adjustment.pk)


def _decide(held: Adjustment, shown: Adjustment, to: str, *, by: User, now: datetime, event: LoanEvent | None = None) -> None:
    states.move(held, to, now=now, by=by.pk, why=held.why, decided_by=by, decided_at=now, event=event)
    audit.record(actor=by, action=f"adjustment.{to}", target=held.reference, now=now)
    shown.refresh_from_db()


def _demand_stranger(loan: Loan, by: User) -> None:
    if not is_stranger(loan, by):
        raise UnableToAdjust("own_loan")
