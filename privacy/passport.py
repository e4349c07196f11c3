"""The contact's own page: who may enter it, and everything it shows. No account: whoever proves the number is the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from . import breach_notice, circle, disclosure, explaining, outreach_texts
from .contact_facing import ForContact
from .disclosure import Actor
from .models import Contact, OutboundMessage
from .numbers import masked

SESSION = "circle"
PROVED, PROVED_MAX = "circle_proved", 3
OPEN_FOR = timedelta(minutes=20)
PAGE = "circle:passport"


class Attempt(ForContact):
    """One attempt to reach the contact, allowed or refused, as the contact reads it."""

    @property
    def question(self) -> OutboundMessage | None:
        """The message, while it waits for an answer."""
        message = self.message
        waits = message is not None and message.result == OutboundMessage.Result.SENT and self.row.purpose in circle.PURPOSE_OF
        return message if waits else None


@dataclass(frozen=True)
class Answered:
    """A complaint that was settled, and what was answered."""

    reference: str
    settled_at: datetime
    answer: str


@dataclass(frozen=True)
class Affair:
    """One borrower who named the reader: what is allowed, what was tried."""

    contact: Contact
    named_by: str
    name: str
    number: str
    scopes: list[str]
    attempts: list[Attempt]
    complaint_open: bool
    answered: list[Answered]

    @property
    def sent(self) -> int:
        return sum(attempt.message is not None for attempt in self.attempts)

    @property
    def refused(self) -> int:
        return len(self.attempts) - self.sent


def enter(request: HttpRequest, number_index: bytes, *, now: datetime) -> None:
    """The reader has proven the number: open the page for a while, under a new session key."""
    request.session.cycle_key()
    request.session[SESSION] = {"index": number_index.hex(), "until": (now + OPEN_FOR).isoformat()}


def remember(request: HttpRequest, number_index: bytes) -> None:
    """This browser has proved this number: for a while it is known from strangers who type the same one. It opens nothing."""
    kept = [code for code in request.session.get(PROVED, []) if code != _mark(number_index)]
    request.session[PROVED] = [*kept, _mark(number_index)][-PROVED_MAX:]


def has_proved(request: HttpRequest, number_index: bytes) -> bool:
    return _mark(number_index) in request.session.get(PROVED, [])


def _mark(number_index: bytes) -> str:
    return salted_hmac("privacy.proved", number_index.hex(), algorithm="sha256").hexdigest()


def leave(request: HttpRequest) -> None:
    request.session.pop(SESSION, None)


def reader(request: HttpRequest, *, now: datetime) -> bytes | None:
    """The number code of whoever reads this page, while it is open."""
    kept = request.session.get(SESSION)
    if not kept or datetime.fromisoformat(kept["until"]) <= now:
        return None
    return bytes.fromhex(kept["index"])


def contacts_of(number_index: bytes) -> list[Contact]:
    """Every affair this number accepted, newest first."""
    rows = Contact.objects.select_related("subject", "matter__subject", "link").filter(number_index=number_index).exclude(state="erased")
    return list(rows.order_by("-accepted_at"))


def actor(contact: Contact) -> Actor:
    return Actor(kind="contact", subject_id=contact.subject_id, role="contact")


def affair(contact: Contact, *, now: datetime) -> Affair:
    """Everything about one affair, opened for its owner; the look is written down like any other."""
    opened = disclosure.reveal(contact, ["name", "number"], actor=actor(contact), purpose="rights", page=PAGE, now=now)
    return Affair(
        contact=contact,
        named_by=circle.known_name(contact.link, now=now) or gettext("Somebody who named you"),
        name=opened["name"] or "",
        number=masked(opened["number"]),
        scopes=circle.allowed(contact, now=now) if contact.state == "opted_in" else [],
        attempts=attempts(contact),
        complaint_open=contact.complaints.filter(settled_at=None).exists(),
        answered=_answered(contact, now=now),
    )


def _answered(contact: Contact, *, now: datetime) -> list[Answered]:
    settled = list(contact.complaints.filter(settled_at__isnull=False, answer__isnull=False).order_by("-settled_at"))
    opened = disclosure.reveal_many(settled, ["answer"], actor=actor(contact), purpose="rights", page=PAGE, now=now) if settled else {}
    return [Answered(row.reference, row.settled_at, (opened[row.pk] or {}).get("answer") or "") for row in settled if row.settled_at]


def attempts(contact: Contact) -> list[Attempt]:
    """Every decision about reaching this contact, newest first. Codes the person asked for themselves are no attempts."""
    return [Attempt(row) for row in explaining.rows().filter(contact=contact)]


def export(contact: Contact, *, now: datetime) -> dict[str, Any]:
    """The same as data."""
    opened = disclosure.reveal(contact, ["name", "number"], actor=actor(contact), purpose="rights", page=PAGE, now=now)
    return {
        "reference": contact.reference,
        "named_by": circle.known_name(contact.link, now=now),
        "relationship": contact.link.relationship,
        "state": contact.state,
        "name": opened["name"],
        "number": opened["number"],
        "allowed": circle.allowed(contact, now=now),
        "hours": [contact.hours_from, contact.hours_until],
        "time_zone": contact.time_zone,
        "accepted_at": contact.accepted_at.isoformat(),
        "attempts": [_attempt(attempt, contact, now=now) for attempt in attempts(contact)],
        "complaints": _complaints(contact, now=now),
        "breaches": [
            {"reference": person.breach.reference, "told_at": person.told_at and person.told_at.isoformat()} for person in breach_notice.told([contact])
        ],
    }


def _complaints(contact: Contact, *, now: datetime) -> list[dict[str, Any]]:
    made = list(contact.complaints.order_by("pk"))
    opened = disclosure.reveal_many(made, ["text", "answer"], actor=actor(contact), purpose="rights", page=PAGE, now=now)
    return [{"reference": row.reference, "at": _at(row.at), **(opened[row.pk] or {}), "settled_at": _at(row.settled_at)} for row in made]


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _attempt(attempt: Attempt, contact: Contact, *, now: datetime) -> dict[str, Any]:
    row, message = attempt.row, attempt.message
    found = {
        "reference": row.reference,
        "at": row.at.isoformat(),
        "who": attempt.who,
        "purpose": attempt.purpose_code,
        "channel": row.channel,
        "decision": row.decision,
        "reason": attempt.code,
        "why": attempt.why,
        "basis": attempt.basis_code,
        "citation": attempt.citation,
        "rules": row.pack,
    }
    if message is None:
        return found
    said = disclosure.reveal(message, ["params", "answer"], actor=actor(contact), purpose="rights", page=PAGE, now=now)
    return {**found, "said": outreach_texts.get(message.template).texts[message.locale], "result": message.result, "answer": said["answer"]}
