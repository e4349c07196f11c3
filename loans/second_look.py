"""A person looks again: asked for by the borrower after a no, done by somebody who did not decide before and owns no model, inputs before the grade."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from core.refusals import Conflict
from credit import champion
from loans import override
from loans.models import Application, Review, SecondLook
from loans.models.second_look import LOOK
from loans.stranger import OWN_APPLICATION, is_stranger_to_application
from privacy.models import AccessLog

DAYS = 30  # after the answer it is about
TAKE = "loans.take_second_look"
UNDECIDED = ("submitted", "in_review", "referred")
GRADED = ["credit.decision.output", "loans.review.reason", "loans.override.reason"]  # whoever opened one of these reads the inputs with other eyes


class UnableToLook(Conflict):
    """It cannot be asked for, taken or answered this way; `message` is for the person."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def may_ask(application: Application, *, now: datetime) -> str:
    """The kind that may be asked for now: a review, after it an appeal; empty when neither."""
    if application.state != "declined" or application.decision_id is None:
        return ""
    looks = {look.kind: look for look in application.looks.filter(decision_id=application.decision_id)}
    if SecondLook.Kind.REVIEW not in looks:
        return SecondLook.Kind.REVIEW if _recent(application.decided_at, now=now) else ""
    review = looks[SecondLook.Kind.REVIEW]
    fresh = review.state == "upheld" and _recent(review.answered_at, now=now)
    return SecondLook.Kind.APPEAL if fresh and SecondLook.Kind.APPEAL not in looks else ""


def _recent(moment: datetime | None, *, now: datetime) -> bool:
    return moment is not None and now - moment <= timedelta(days=DAYS)


@transaction.atomic
def ask(application: Application, *, words: str, by: User, now: datetime) -> SecondLook:
    """The borrower asks for another person. Raises UnableToLook."""
    locked = Application.objects.select_for_update(of=("self",)).select_related("file__subject", "decision").get(pk=application.pk)
    kind = may_ask(locked, now=now)
    if not kind:
        raise UnableToLook("not_now", _("There is no decision that another person could look at now."))
    if not words.strip():
        raise UnableToLook("empty", _("Write what we should look at, even shortly."))
    assert locked.decision is not None
    look = SecondLook.objects.create(application=locked, decision=locked.decision, kind=kind, words=words.strip(), asked_by=by, asked_at=now)
    audit.record(actor=by, action="second_look.ask", target=look.reference, now=now)
    return look


def _judged(application: Application, by: User) -> bool:
    """By a verdict, or on either side of an approval against the scorecard, whatever became of it."""
    return application.reviews.filter(reviewer=by).exists() or application.overrides.filter(Q(proposed_by=by) | Q(answered_by=by)).exists()


def _read_before(application: Application, by: User) -> bool:
    """The access log knows who opened the scorecard's reasons, or a person's, before."""
    references = [application.reference, *application.overrides.values_list("reference", flat=True), *application.looks.values_list("reference", flat=True)]
    looks = AccessLog.objects.filter(subject=application.file.subject_id, actor=by.subject_id, reference__in=references)
    return looks.filter(fields__overlap=GRADED).exists()


def keeps_blind(application: Application, user: User, *, now: datetime) -> bool:
    """Whether grade and verdicts are kept from somebody who may be the one to look again: until that is over, or their own reading is written."""
    if not user.has_perm(TAKE) or application.reviewer_id == user.pk or _judged(application, user):
        return False
    if application.looks.filter(reviewer=user, read_at__isnull=False).exists():
        return False
    asked = application.looks.filter(state__in=["asked", "claimed"]).exists()
    return application.state in UNDECIDED or (application.state == "declined" and (asked or bool(may_ask(application, now=now))))


@transaction.atomic
def claim(look: SecondLook, *, by: User, now: datetime) -> None:
    """Somebody takes it who has not judged this application, speaks for no model and stands on no side of it. Raises UnableToLook."""
    application = look.application
    if _judged(application, by) or application.looks.filter(reviewer=by).exclude(pk=look.pk).exists():
        raise UnableToLook("decided_before", _("You decided on this application before. Somebody else has to look at it."))
    if _read_before(application, by):
        raise UnableToLook("read_before", _("You have read the grade or a reviewer’s reason of this application. Somebody who has not has to look at it."))
    if champion.owns(by, look.decision.model):
        raise UnableToLook("owner", _("Whoever owns a model does not review its decisions."))
    if not is_stranger_to_application(application, by):
        raise UnableToLook("own_application", OWN_APPLICATION)
    states.move(look, "claimed", now=now, by=by.pk, why="claimed", reviewer=by)
    audit.record(actor=by, action="second_look.claim", target=look.reference, now=now)


@transaction.atomic
def release(look: SecondLook, *, by: User, now: datetime) -> None:
    """Back to whoever takes it next, before anything was written. Raises UnableToLook."""
    look = _mine(look, by)
    states.move(look, "asked", now=now, by=by.pk, why="released", reviewer=None, claimed_at=None, asked_at=look.asked_at)
    audit.record(actor=by, action="second_look.release", target=look.reference, now=now)


@transaction.atomic
def read(look: SecondLook, *, reading: str, by: User, now: datetime) -> None:
    """Their own reading of the inputs, written before the grade is shown. Raises UnableToLook."""
    look = _mine(look, by)
    _write(look, "read", why="read", by=by, now=now, text=reading, field="reading", moment="read_at")


@transaction.atomic
def uphold(look: SecondLook, *, reason: str, by: User, now: datetime) -> None:
    """The decision stands, with reasons the borrower may read."""
    look = _mine(look, by)
    override.withdraw(look.application, by=by, now=now)
    _write(look, "upheld", why="upheld", by=by, now=now, text=reason, field="answer", moment="answered_at")
    _tell(look)


@transaction.atomic
def overturn(look: SecondLook, *, reason: str, by: User, now: datetime) -> None:
    """The person decides otherwise: approved, and an offer is made; over the limit, once a second person confirms.

    Raises UnableToLook where the risk has no price under the cap, override.UnableToOverride when it waits already.
    """
    look = _mine(look, by)
    application = Application.objects.select_for_update(of=("self",)).select_related("decision").get(pk=look.application_id)
    if application.decision is None or application.decision.annual_rate is None:
        raise UnableToLook("no_price", _("There is no price under the cap for this application. Its borrower may correct an answer and is decided on again."))
    if override.needs_second(application, "approve"):
        _may_write(look, "overturned", text=reason)
        override.propose(application, reason=reason, by=by, now=now, look=look)
        return
    overturned(look, reason=reason, by=by, now=now)


def overturned(look: SecondLook, *, reason: str, by: User, now: datetime) -> None:
    """The overturning itself, once it needs nobody else: approved, the offer made, the borrower told. Called in the transaction that decided it."""
    from loans import offer

    application = look.application
    _write(look, "overturned", why="overturned", by=by, now=now, text=reason, field="answer", moment="answered_at")
    states.move(application, "approved", now=now, by=by.pk, why="overturned", decided_at=now)
    against = override.is_override(application.decision, "approve")
    Review.objects.create(application=application, reviewer=by, verdict=Review.Verdict.APPROVE, reason=reason.strip(), is_override=against, at=now)
    offer.make(application, now=now)
    _tell(look)


def _mine(look: SecondLook, by: User) -> SecondLook:
    """The row as it is now, locked, if it is theirs."""
    found = SecondLook.objects.select_for_update(of=("self",)).select_related("application__file__subject", "decision").get(pk=look.pk)
    if found.reviewer_id != by.pk:
        raise UnableToLook("not_claimed", _("Claim it first."))
    return found


def _write(look: SecondLook, to: str, *, why: str, by: User, now: datetime, text: str, field: str, moment: str) -> None:
    """State, words and moment in one write: the table knows no answer without its reasons."""
    _may_write(look, to, text=text)
    look.state = to
    setattr(look, field, text.strip())
    setattr(look, moment, now)
    with states.because(by=by.pk, why=why, now=now):
        look.save(update_fields=["state", field, moment])
    audit.record(actor=by, action=f"second_look.{why}", target=look.reference, now=now)


def _may_write(look: SecondLook, to: str, *, text: str) -> None:
    if not text.strip():
        raise UnableToLook("reason", _("Write it down. Nothing is decided without reasons."))
    if not LOOK.allows(look.state, to):
        raise UnableToLook("not_yet", _("Read the inputs and write down your own reading first."))


def _tell(look: SecondLook) -> None:
    outbox.enqueue("second_look.answered", key=f"second_look:{look.pk}:{look.state}", payload={"look": look.pk})


def figures() -> dict[str, int]:
    """How often another person was asked for, and decided otherwise."""
    answered = Q(state__in=["upheld", "overturned"])
    return SecondLook.objects.aggregate(asked=Count("pk"), answered=Count("pk", filter=answered), overturned=Count("pk", filter=Q(state="overturned")))
