"""Climbing the ladder: a rung opens when the one below has an outcome; the people around a borrower are the last two, and need approvers.

R0 what we hold · R1 the borrower shows it · R2 a source the borrower agreed to · R3 the borrower, live · R4 a reference who agreed · R5 finding the borrower.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.refusals import Conflict
from loans.models import Application, BorrowerFlag, LadderCase, Loan, Necessity, Rung
from loans.models.ladder import TOP
from loans.stranger import OWN_APPLICATION, OWN_LOAN, is_stranger, is_stranger_to_application

LEVELS: dict[int, Promise] = {
    0: _("R0 What we already hold"),
    1: _("R1 The borrower shows it"),
    2: _("R2 A source the borrower agreed to"),
    3: _("R3 The borrower, live"),
    4: _("R4 A reference who agreed"),
    5: _("R5 Finding the borrower"),
}
SOCIAL = (4, 5)
SHOWN_TO_INVESTORS = (0, 1, 2, 3)


class UnableToClimb(Conflict):
    """This step is not open; `message` says which one is, for staff."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@transaction.atomic
def open_case(application: Application, *, question: str, by: User, now: datetime) -> LadderCase:
    """A question to be answered. The one already open, if there is one. Raises UnableToClimb."""
    not_own(application, by)
    case = LadderCase.objects.filter(application=application, question=question, closed_at=None).first()
    if case is None:
        case = LadderCase.objects.create(application=application, question=question, opened_by=by, opened_at=now)
        audit.record(actor=by, action="ladder.open", target=case.reference, now=now)
    return case


def next_level(case: LadderCase) -> int | None:
    """The rung that is open now; None when the question is answered or the ladder is at its end."""
    last = case.rungs.order_by("-level").first()
    if last is None:
        return 0
    return None if last.outcome == Rung.Outcome.ANSWERED or last.level == TOP else last.level + 1


@transaction.atomic
def record(case: LadderCase, *, level: int, outcome: str, note: str, by: User, now: datetime) -> Rung:
    """What this rung brought, in words. An answer closes the case. Raises UnableToClimb."""
    locked = LadderCase.objects.select_for_update().select_related("application__file").get(pk=case.pk)
    not_own(locked.application, by)
    if locked.closed_at is not None or next_level(locked) != level:
        raise UnableToClimb("not_open", _("This rung is not open: record the one below it first."))
    if level in SOCIAL and not needed(locked, level):
        raise UnableToClimb("not_approved", _("The last two rungs open when somebody else has agreed that they are needed."))
    if level == TOP and locked.question != LadderCase.Question.REACHABLE:
        raise UnableToClimb("not_for_this", _("The last rung is for finding the borrower only."))
    rung = Rung.objects.create(case=locked, level=level, outcome=outcome, note=note, by=by, at=now)
    if outcome == Rung.Outcome.ANSWERED or level == TOP:
        LadderCase.objects.filter(pk=locked.pk).update(closed_at=now)
    audit.record(actor=by, action=f"ladder.r{level}.{outcome}", target=locked.reference, now=now)
    return rung


def needed(case: LadderCase, level: int) -> bool:
    """Whether the need of that rung is written down and agreed to by all it takes."""
    found = case.necessities.filter(level=level).first()
    return found is not None and found.complete


@transaction.atomic
def request_necessity(case: LadderCase, *, level: int, why: str, by: User, now: datetime) -> Necessity:
    """Write down why the people around the borrower are needed. Only when everything below was tried. Raises UnableToClimb."""
    not_own(case.application, by)
    if level not in SOCIAL or next_level(case) != level:
        raise UnableToClimb("not_open", _("Try and record every rung below first."))
    if not why.strip():
        raise UnableToClimb("no_reason", _("Write down what was tried and why it is not enough."))
    try:
        with transaction.atomic():
            made = Necessity.objects.create(case=case, level=level, why=why, requested_by=by, requested_at=now)
    except IntegrityError:
        raise UnableToClimb("asked_already", _("This was asked already.")) from None
    audit.record(actor=by, action=f"ladder.r{level}.request", target=case.reference, now=now)
    return made


@transaction.atomic
def approve(necessity: Necessity, *, by: User, now: datetime) -> None:
    """Agree that it is needed. Nobody agrees to their own request, and the last rung takes two different people. Raises UnableToClimb."""
    locked = Necessity.objects.select_for_update(of=("self",)).select_related("case__application__party").get(pk=necessity.pk)
    not_own(locked.case.application, by)
    if by.pk in (locked.requested_by_id, locked.approved_by_id):
        raise UnableToClimb("same_person", _("Somebody else has to agree."))
    if locked.complete:
        raise UnableToClimb("approved_already", _("This is agreed already."))
    first = locked.approved_at is None
    values = {"approved_by": by, "approved_at": now} if first else {"second_by": by, "second_at": now}
    Necessity.objects.filter(pk=locked.pk).update(**values)
    audit.record(actor=by, action=f"ladder.r{locked.level}.approve", target=locked.case.reference, now=now)


@transaction.atomic
def set_flag(application: Application, *, kind: str, by: User, now: datetime) -> None:
    """The borrower is represented, asked us to stop, or complains. Safe to repeat."""
    if not BorrowerFlag.objects.filter(application=application, kind=kind, lifted_at=None).exists():
        BorrowerFlag.objects.create(application=application, kind=kind, set_by=by, set_at=now)
        audit.record(actor=by, action=f"flag.{kind}", target=application.reference, now=now)


def lift_flag(application: Application, *, kind: str, by: User, now: datetime) -> None:
    """What stood is over. Said by a second person: neither by who set it nor by who asks this borrower or those around, nor by whoever stands
    on a side of the application. Raises UnableToClimb."""
    not_own(application, by)
    standing = BorrowerFlag.objects.filter(application=application, kind=kind, lifted_at=None)
    if standing.filter(set_by=by).exists() or Rung.objects.filter(case__application=application, by=by).exists():
        raise UnableToClimb("same_person", _("Somebody else has to say that it is over: not who set it, nor who asks here."))
    if standing.update(lifted_at=now):
        audit.record(actor=by, action=f"flag.{kind}.lift", target=application.reference, now=now)


def not_own(application: Application, by: User) -> None:
    """Only a stranger to the application, and to the loan it became, climbs for it or decides who is asked. Raises UnableToClimb."""
    if not is_stranger_to_application(application, by):
        raise UnableToClimb("own_application", OWN_APPLICATION)
    loan = Loan.objects.filter(file=application.file_id).first()
    if loan is not None and not is_stranger(loan, by):
        raise UnableToClimb("own_loan", OWN_LOAN)


def flags(application: Application) -> tuple[str, ...]:
    """What stands now, in alphabetical order."""
    return tuple(BorrowerFlag.objects.filter(application=application, lifted_at=None).order_by("kind").values_list("kind", flat=True))


def steps_for_investors(application: Application) -> list[tuple[int, str]]:
    """(level, outcome) of the rungs an investor may know of. The last two are never among them."""
    rows = Rung.objects.filter(case__application=application, level__in=SHOWN_TO_INVESTORS).order_by("at", "pk")
    return list(rows.values_list("level", "outcome"))
