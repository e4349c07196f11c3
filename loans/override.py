"""Overrides: a person decides against the scorecard. Tagged, with a reason, always; an approval over a limit waits until a second person confirms it.

A yes where the scorecard gave none puts investors' money where the model would not, hence the second pair of eyes. A no against its yes is tagged
and needs its reason too; the borrower may have it looked at again.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from core.refusals import Conflict
from credit import champion
from credit.models import Decision
from loans.models import Application, Override, Review, SecondLook
from loans.models.override import OVERRIDE
from loans.stranger import OWN_APPLICATION, is_stranger_to_application
from privacy import vault

CONFIRM = "loans.confirm_override"
AGAINST = {("approve", "decline"), ("approve", "refer"), ("decline", "approve")}  # (verdict, what the scorecard said)


class UnableToOverride(Conflict):
    """Nothing was approved; `message` says why."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def is_override(decision: Decision | None, verdict: str) -> bool:
    """Whether a verdict goes against the scorecard: a yes that it did not give, or a no where it said yes."""
    return decision is not None and (verdict, decision.outcome) in AGAINST


def needs_second(application: Application, verdict: str) -> bool:
    """Whether one person alone may not do it."""
    over = (application.amount or 0) >= settings.OVERRIDE_TWO_PEOPLE_FROM
    return verdict == "approve" and over and is_override(application.decision, verdict)


def waiting(application: Application) -> Override | None:
    return application.overrides.filter(state="proposed").first()


@transaction.atomic
def propose(application: Application, *, reason: str, by: User, now: datetime, look: SecondLook | None = None) -> Override:
    """The first person's yes, which does not hold alone. Raises UnableToOverride when one waits already."""
    if waiting(application):
        raise UnableToOverride("open", _("An approval against the scorecard waits already for a second person."))
    assert application.decision is not None
    with states.because(by=by.pk, why="proposed", now=now):
        made = Override.objects.create(
            application=application, decision=application.decision, look=look, reason=reason.strip(), proposed_by=by, proposed_at=now
        )
    audit.record(actor=by, action="override.propose", target=made.reference, now=now)
    return made


@transaction.atomic
def confirm(override: Override, *, reason: str, by: User, now: datetime) -> None:
    """The second person's yes: the application is approved and the offer made. Raises UnableToOverride."""
    from loans import offer, second_look

    held, application = _held(override, reason=reason, by=by)
    if application.decision_id != held.decision_id or application.state != ("declined" if held.look else "in_review"):
        raise UnableToOverride("moved_on", _("The application has moved on since. It cannot be confirmed any more."))
    first = vault.open_sealed(held, ["reason"], engine="loans.override", purpose="review", now=now)["reason"]
    if held.look:
        second_look.overturned(held.look, reason=first, by=held.proposed_by, now=now)
    else:
        states.move(application, "approved", now=now, by=by.pk, why="approve", decided_at=now)
        Review.objects.create(application=application, reviewer=held.proposed_by, verdict=Review.Verdict.APPROVE, reason=first, at=now, is_override=True)
        payload = {"application": application.pk, "verdict": "approved"}
        outbox.enqueue("application.reviewed", key=f"application:{application.pk}:approved:{now.isoformat()}", payload=payload)
        offer.make(application, now=now)
    _answer(held, override, "confirmed", reason=reason, by=by, now=now)


@transaction.atomic
def refuse(override: Override, *, reason: str, by: User, now: datetime) -> None:
    """The second person's no: the application stays with whoever claimed it."""
    held, _application = _held(override, reason=reason, by=by)
    _answer(held, override, "refused", reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(application: Application, *, by: User, now: datetime) -> None:
    """Whatever waits is taken back, because the application goes another way."""
    for held in application.overrides.select_for_update().filter(state="proposed"):
        states.move(held, "withdrawn", now=now, by=by.pk, why="withdrawn", answered_at=now)


def _held(override: Override, *, reason: str, by: User) -> tuple[Override, Application]:
    """The row and its application, held, for somebody who may answer it."""
    application = Application.objects.select_for_update(of=("self",)).select_related("decision", "file__subject", "party").get(pk=override.application_id)
    rows = Override.objects.select_for_update(of=("self",))
    held = rows.select_related("proposed_by", "decision", "look__application__decision", "application__file__subject").get(pk=override.pk)
    if held.proposed_by_id == by.pk:
        raise UnableToOverride("four_eyes", _("You proposed it. Somebody else has to confirm."))
    if not is_stranger_to_application(application, by):
        raise UnableToOverride("own_application", OWN_APPLICATION)
    if champion.owns(by, held.decision.model):
        raise UnableToOverride("owner", _("Whoever owns a model does not confirm against it."))
    if not reason.strip():
        raise UnableToOverride("reason", _("Write the reason."))
    if not OVERRIDE.allows(held.state, "confirmed"):
        raise UnableToOverride("answered", _("It was answered already."))
    return held, application


def _answer(held: Override, shown: Override, to: str, *, reason: str, by: User, now: datetime) -> None:
    """State, words and moment in one write: the table knows no answer without its reason."""
    held.state, held.answered_by, held.answer, held.answered_at = to, by, reason.strip(), now
    with states.because(by=by.pk, why=to, now=now):
        held.save(update_fields=["state", "answered_by", "answer", "answered_at"])
    audit.record(actor=by, action=f"override.{to}", target=held.reference, now=now)
    shown.refresh_from_db()
