"""Co-borrowers: invited by a link that works once, joined by their own choice with their own account, consents and figures.

We store no name, address or number of anybody invited: the borrower hands the link over. Until somebody joins, an invitation is a digest and a date.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit, parties
from accounts.models import Party, User
from core import outbox, states, sweeps
from core.refusals import Conflict
from loans import application as applications
from loans.application import UnableToApply
from loans.models import Application, Obligor
from privacy import subjects
from privacy.forms import Answer, record_answers

INVITATION_DAYS = 7
CO_BORROWERS_MAX = 3
NEEDED = ("application", "automated_decision")  # their own two consents


class UnableToJoin(Conflict):
    """This link does not lead anywhere for this person now; `code` is stable, `message` is for them."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@transaction.atomic
def invite(application: Application, *, by: User, now: datetime) -> tuple[Obligor, str]:
    """An open place beside the borrower, and the secret of its link, which is told once and kept only as a digest. Raises UnableToApply."""
    draft = applications.editable(application)
    if co_borrowers(draft).filter(state__in=["invited", "joined"]).count() >= CO_BORROWERS_MAX:
        raise UnableToApply("too_many", _("There can be at most 3 co-borrowers. Take an invitation back first."))
    token = secrets.token_urlsafe(32)
    obligor = Obligor.objects.create(
        application=draft,
        role=Obligor.Role.CO_BORROWER,
        state="invited",
        token_hash=_digest(token),
        expires_at=now + timedelta(days=INVITATION_DAYS),
        created_at=now,
    )
    audit.record(actor=by, action="obligor.invite", target=obligor.reference, now=now)
    return obligor, token


def co_borrowers(application: Application) -> QuerySet[Obligor]:
    """The places beside the borrower, oldest first."""
    return application.obligors.filter(role=Obligor.Role.CO_BORROWER).order_by("pk")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def find(token: str, *, now: datetime) -> Obligor:
    """The open invitation behind a link. Raises UnableToJoin: unknown, used, expired, closed."""
    obligor = Obligor.objects.select_related("application__party", "application__file__subject").filter(token_hash=_digest(token)).first()
    if obligor is None:
        raise UnableToJoin("unknown", _("There is no such invitation."))
    if obligor.state in ("joined", "signed", "declined"):
        raise UnableToJoin("used", _("This link was used already. It works once."))
    assert obligor.expires_at is not None
    if obligor.state == "expired" or obligor.expires_at <= now:
        raise UnableToJoin("expired", _("This invitation has expired or was taken back. Ask for a new link."))
    if obligor.application.state != "draft":
        raise UnableToJoin("closed", _("The application was sent or withdrawn without you. Nothing binds you."))
    return obligor


def check(obligor: Obligor, *, party: Party) -> None:
    """Whether this party may stand in that place. Raises UnableToJoin: own, twice, unverified."""
    persons = parties.persons_behind(party)
    others = Obligor.objects.filter(application=obligor.application, party__isnull=False).exclude(state__in=["declined", "expired"]).select_related("party")
    for other in others:
        if other.party is not None and persons & parties.persons_behind(other.party):
            own = other.role == Obligor.Role.BORROWER
            raise UnableToJoin("own", OWN) if own else UnableToJoin("twice", TWICE)
    if party.verified_at is None:
        raise UnableToJoin("unverified", _("Confirm your identity first. The link stays good until its last day."))


OWN = _("This is your own application. A co-borrower has to be somebody else, with an account of their own.")
TWICE = _("You are a co-borrower of this application already. One person signs once.")


@transaction.atomic
def join(obligor: Obligor, *, party: Party, by: User, income_monthly: int, debt_monthly: int, answers: Sequence[Answer], now: datetime) -> Obligor:
    """Stand beside the borrower, with one's own consents and figures. Raises UnableToJoin; nothing is kept then."""
    locked = _open(obligor, now=now)
    check(locked, party=party)
    if {answer.purpose for answer in answers if answer.decision == "given"} < set(NEEDED):
        raise UnableToJoin("consent", _("Without these consents we cannot assess you, so you cannot join. Nothing was kept."))
    matter = subjects.open_matter(subject=party.subject, jurisdictions=[party.jurisdiction], now=now, reference=locked.reference)
    given = {consent.purpose: consent for consent in record_answers(answers, subject=party.subject, matter=matter, now=now)}
    locked.party, locked.consent = party, given["application"]
    locked.income_monthly, locked.debt_monthly = str(income_monthly), str(debt_monthly)
    locked.save(update_fields=["party", "consent", "income_monthly", "debt_monthly"])
    states.move(locked, "joined", now=now, by=by.pk, why="by_link")
    parties.choose_sides(party, borrows=True, invests=party.invests, by=by, now=now)
    _tell(locked, "obligor.join", by=by, now=now)
    return locked


def _open(obligor: Obligor, *, now: datetime) -> Obligor:
    """The invitation, locked with its application, if it is still open: of two who use one link, one is too late."""
    applications_row = Application.objects.select_for_update().get(pk=obligor.application_id)
    locked = Obligor.objects.select_for_update(of=("self",)).select_related("application__party").get(pk=obligor.pk)
    if locked.state != "invited" or applications_row.state != "draft" or locked.expires_at is None or locked.expires_at <= now:
        raise UnableToJoin("used", _("This link was used already. It works once."))
    return locked


@transaction.atomic
def decline(obligor: Obligor, *, by: User | None, now: datetime) -> None:
    """No, by whoever holds the link. Nothing about them was kept."""
    states.move(_open(obligor, now=now), "declined", now=now, by=by.pk if by else None, why="by_link")
    outbox.enqueue("obligor.changed", key=f"obligor.decline:{obligor.pk}", payload={"obligor": obligor.pk})


@transaction.atomic
def step_back(obligor: Obligor, *, by: User, now: datetime) -> None:
    """A co-borrower leaves while the application is still a draft. Later the way out is to decline the offer. Raises UnableToApply."""
    applications.editable(obligor.application)
    states.move(obligor, "declined", now=now, by=by.pk, why="stepped_back")
    _tell(obligor, "obligor.step_back", by=by, now=now)


@transaction.atomic
def take_back(obligor: Obligor, *, by: User, now: datetime) -> None:
    """The borrower takes an unanswered invitation back: its link leads nowhere from now on. Raises UnableToApply."""
    applications.editable(obligor.application)
    states.move(obligor, "expired", now=now, by=by.pk, why="taken_back")
    _tell(obligor, "obligor.take_back", by=by, now=now)


def _tell(obligor: Obligor, action: str, *, by: User, now: datetime) -> None:
    audit.record(actor=by, action=action, target=obligor.reference, now=now)
    outbox.enqueue("obligor.changed", key=f"{action}:{obligor.pk}", payload={"obligor": obligor.pk})


def expire_due(*, now: datetime) -> int:
    """Invitations past their day. Returns how many."""
    due = Obligor.objects.filter(state="invited", expires_at__lte=now)[:500]
    return sweeps.each(due, lambda obligor: _expire(obligor, now=now), what="invitation past its day")


def _expire(obligor: Obligor, *, now: datetime) -> bool:
    states.move(obligor, "expired", now=now, why="time")
    return True
