"""The rights desk: what a person asks about their data, until when we owe an answer, and the answer. The same for borrowers, investors and contacts.

A copy and an erasure that nothing holds back are done at once; everything else waits for a person, with a clock. Identity is proved by what we hold
already: the sign-in, or for a contact the code sent to their number. Nobody is asked for more data to use a right.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import outbox, states

from . import clocks, restriction, rights
from .models import DataSubject, Matter, RightsRequest

MESSAGE_MAX = 4000
OPEN = ("received", "in_progress")
# Why an erasure has to wait, in the person's words. Codes come from the apps' `holds`.
HOLDS: dict[str, str | Promise] = {
    "signs_alone_for_business": _("You alone sign for a business here. Hand that on first."),
    "wallet_not_empty": _("There is money in your wallet. Withdraw it first."),
    "payment_under_way": _("A payment of yours is still on its way."),
    "open_application": _("You have an application that is not decided. Withdraw it first."),
    "open_loan": _("You have a loan that is not repaid. Its contract has to be kept until then."),
    "open_pledge": _("You have a pledge in a listing that is still open."),
    "holding": _("You hold part of a loan that is still running."),
    "loan_file_kept_by_law": _("The contract and its payments have to be kept for five years after the loan ends. They are locked meanwhile."),
    "legal_hold": _("A court, an authority or a dispute needs it. It is locked meanwhile."),
    "other": _("A law obliges us to keep it for now."),
}

# Where only a law keeps the records, they are locked, and erased when its time is over.
LAW = {"loan_file_kept_by_law"}


class UnableToAsk(Exception):
    """The request cannot take this step; `message` is for the person."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def hold_words(reasons: Sequence[str]) -> list[str]:
    """Reason codes in the reader's language; one that is not known reads as a legal duty, never as a code."""
    return [str(HOLDS.get(reason, HOLDS["other"])) for reason in reasons]


@transaction.atomic
def receive(*, subject: DataSubject, kind: str, message: str, locale: str, now: datetime, about: str = "") -> RightsRequest:
    """Take a request down. A copy is answered at once, an erasure done or refused at once. Raises UnableToAsk for a second one of a kind while one is open."""
    if subject.erased_at is not None:
        raise UnableToAsk("erased", _("There is nothing left that we could answer about."))
    DataSubject.objects.select_for_update().get(pk=subject.pk)
    if any(asked.about == about for asked in RightsRequest.objects.filter(subject=subject, kind=kind, state__in=OPEN)):
        raise UnableToAsk("already_open", _("You have already asked this, and we are working on it."))
    places = _jurisdictions(subject)
    request = RightsRequest.objects.create(
        subject=subject,
        kind=kind,
        jurisdiction=places[0],
        locale=locale,
        about=about,
        message=message or None,
        received_at=now,
        due_at=clocks.answer_due(places, received_at=now),
    )
    outbox.enqueue("rights.requested", key=f"rights:{request.pk}", payload={"request": request.pk, "kind": kind})
    _at_once(request, now=now)
    return request


def _jurisdictions(subject: DataSubject) -> list[str]:
    found = {place for places in Matter.objects.filter(subject=subject).values_list("jurisdictions", flat=True) for place in places}
    return sorted(found) or ["CN"]


def _at_once(request: RightsRequest, *, now: datetime) -> None:
    if request.kind == RightsRequest.Kind.COPY:
        _close(request, "answered", now=now)
    elif request.kind == RightsRequest.Kind.ERASE:
        _erase(request, now=now)


def _erase(request: RightsRequest, *, now: datetime) -> None:
    """Erased if nothing holds on; else refused with the reasons, and what the law keeps is locked (PIPL 47)."""
    reasons = rights.holds(request.subject)
    if reasons:
        _close(request, "refused", now=now, reasons=reasons)
        if set(reasons) <= LAW:
            restriction.restrict(subject=request.subject, ground=restriction.KEPT_BY_LAW, why="", by=None, now=now)
        return
    _close(request, "answered", now=now)
    rights.erase(request.subject, now=now)


def queue() -> QuerySet[RightsRequest]:
    """What waits for a person, the one due first on top."""
    return RightsRequest.objects.filter(state__in=OPEN).select_related("subject", "handler").order_by("due_at", "pk")


def overdue(*, now: datetime) -> int:
    """How many answers are late."""
    return RightsRequest.objects.filter(state__in=OPEN, due_at__lt=now).count()


@transaction.atomic
def take(request: RightsRequest, *, handler: DataSubject, now: datetime) -> None:
    """Somebody begins. Nobody answers their own request."""
    _not_own(request, handler)
    states.move(request, "in_progress", now=now, why="taken", handler=handler)


@transaction.atomic
def answer(request: RightsRequest, *, text: str, handler: DataSubject, now: datetime) -> None:
    """The answer, in the person's language. Raises UnableToAsk without words."""
    _respond(request, "answered", text=text, reasons=[], handler=handler, now=now)


@transaction.atomic
def refuse(request: RightsRequest, *, text: str, reasons: Sequence[str], handler: DataSubject, now: datetime) -> None:
    """A no, with reasons and how to appeal (PIPL 50). Raises UnableToAsk without either."""
    if not reasons:
        raise UnableToAsk("no_reason", _("Name the reason. The person reads it and may appeal."))
    _respond(request, "refused", text=text, reasons=list(reasons), handler=handler, now=now)


def _respond(request: RightsRequest, to: str, *, text: str, reasons: list[str], handler: DataSubject, now: datetime) -> None:
    if not text.strip():
        raise UnableToAsk("no_answer", _("Write the answer. The person reads it as it stands."))
    _not_own(request, handler)
    request.answer = text.strip()
    request.save(update_fields=["answer"])
    _close(request, to, now=now, reasons=reasons, handler=handler)
    outbox.enqueue("rights.answered", key=f"rights:{request.pk}:{to}:{now.isoformat()}", payload={"request": request.pk})


def _close(request: RightsRequest, to: str, *, now: datetime, **values: Any) -> None:
    states.move(request, to, now=now, why=to, answered_at=now, **values)


def _not_own(request: RightsRequest, handler: DataSubject) -> None:
    if handler.pk == request.subject_id:
        raise UnableToAsk("own_request", _("Somebody else has to handle a request of your own."))
    if handler.pk == request.first_handler_id:
        raise UnableToAsk("same_handler", _("After an appeal somebody else looks at it."))


@transaction.atomic
def appeal(request: RightsRequest, *, now: datetime) -> None:
    """The person is not content: once, somebody other than before looks again, and the clock runs anew."""
    if request.appealed_at is not None or request.state not in ("answered", "refused"):
        raise UnableToAsk("no_appeal", _("This request cannot be appealed again here. You may turn to the authority."))
    due_at = clocks.answer_due(_jurisdictions(request.subject), received_at=now)
    states.move(request, "in_progress", now=now, why="appealed", answered_at=None, appealed_at=now, due_at=due_at, handler=None, first_handler=request.handler)


@transaction.atomic
def withdraw(request: RightsRequest, *, now: datetime) -> None:
    """The person takes it back while it is open."""
    states.move(request, "withdrawn", now=now, why="by_person")
