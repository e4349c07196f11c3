"""An answer was wrong: after a no the borrower sets it right, and the application is decided on again, in its turn."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from loans import application as applications
from loans.application import UnableToApply
from loans.models import Amendment, Application

DAYS = 30


def may_open(application: Application, *, now: datetime) -> bool:
    """Within thirty days of the no, while nobody is looking at it again."""
    recent = application.decided_at is not None and now - application.decided_at <= timedelta(days=DAYS)
    return application.state == "declined" and recent and not application.looks.exclude(state__in=["upheld", "overturned"]).exists()


def current(application: Application) -> Amendment | None:
    """The correction that is being made."""
    return application.amendments.filter(sent_at=None).first() if application.state == "referred" else None


@transaction.atomic
def open_(application: Application, *, by: User, now: datetime) -> Amendment:
    """The answers can be changed again. Raises UnableToApply."""
    locked = Application.objects.select_for_update(of=("self",)).select_related("file__subject", "decision").get(pk=application.pk)
    if not may_open(locked, now=now) or locked.decision is None:
        raise UnableToApply("not_now", _("These answers can no longer be corrected. You can start another application."))
    made = Amendment.objects.create(application=locked, before=locked.decision, by=by, opened_at=now)
    states.move(locked, "referred", now=now, by=by.pk, why="correction", reviewer=None, claimed_at=None)
    audit.record(actor=by, action="application.correct", target=locked.reference, now=now)
    return made


@transaction.atomic
def send(application: Application, *, words: str, by: User, as_of: date, now: datetime) -> Amendment:
    """What was wrong, in the borrower's words; decided again on the answers as they are now. Raises UnableToApply."""
    locked = applications.editable(application, states=("referred",))
    made = current(locked)
    if made is None or not words.strip():
        raise UnableToApply("empty", _("Write what was wrong, even shortly."))
    made.after, made.words, made.sent_at = applications.assess(locked, as_of=as_of, now=now), words.strip(), now
    made.save(update_fields=["after", "words", "sent_at"])
    states.move(locked, "submitted", now=now, by=by.pk, why="corrected", decision=made.after, submitted_at=application.submitted_at)
    audit.record(actor=by, action="application.corrected", target=locked.reference, now=now)
    outbox.enqueue("application.answered", key=f"application:{locked.pk}:corrected:{made.pk}", payload={"application": locked.pk})
    return made
