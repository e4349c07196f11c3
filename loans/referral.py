"""A referral: what we asked of the borrower, and the answer that puts the application back into the queue, assessed anew."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from loans import application as applications
from loans.application import UnableToApply
from loans.models import Application, Reply, Review


def question(application: Application) -> Review | None:
    """The request for more that waits for an answer."""
    return application.reviews.filter(verdict=Review.Verdict.REFER, reply=None).order_by("-at", "-pk").first()


def exchanges(application: Application) -> list[tuple[Review, Reply | None]]:
    """Every request for more with its answer, oldest first."""
    asked = application.reviews.filter(verdict=Review.Verdict.REFER).select_related("reply").order_by("at", "pk")
    return [(review, getattr(review, "reply", None)) for review in asked]


@transaction.atomic
def answer(application: Application, *, text: str, by: User, as_of: date, now: datetime) -> Reply:
    """Keep the answer, assess the facts as they are now, and put the application back where it stood in the queue. Raises UnableToApply."""
    locked = applications.editable(application, states=("referred",))
    asked = question(locked)
    if asked is None or not text.strip():
        raise UnableToApply("empty", _("Write an answer, even a short one."))
    reply = Reply.objects.create(review=asked, application=locked, by=by, text=text.strip(), at=now)
    decision = applications.assess(locked, as_of=as_of, now=now)
    states.move(
        locked, "submitted", now=now, by=by.pk, why="answered", decision=decision, reviewer=None, claimed_at=None, submitted_at=application.submitted_at
    )
    audit.record(actor=by, action="application.answer", target=locked.reference, now=now)
    outbox.enqueue("application.answered", key=f"application:{locked.pk}:answered:{reply.pk}", payload={"application": locked.pk})
    return reply
