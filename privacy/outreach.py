"""Reaching somebody: one decision, fresh and kept, for each message; limits counted under a lock.

The app above says what it knows (`Facts`); what privacy knows itself (consents, stops, complaints, local time, what happened before) is read here, in
the same transaction and under the same lock as the decision and the message, so two agents in the same second get one yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from . import attempts, decisions, local_time, outreach_texts
from .contact_policy import Request
from .disclosure import Actor
from .models import Contact, ContactDecision, DataSubject, Matter, OutboundMessage
from .outreach_records import FRESH_SECONDS

UNKEPT = ("code", "name")  # a secret, and somebody else's name: the row is sealed under the key of whom it was sent to
FRESH = timedelta(seconds=FRESH_SECONDS)
UNDER_WAY, SENT = OutboundMessage.Result.UNDER_WAY, OutboundMessage.Result.SENT
Deliver = Callable[[OutboundMessage, str], object]


class DoesNotFit(ValueError):
    """This text is not for that role, purpose or channel."""

    code = "template_does_not_fit"


class TooOld(Exception):
    """The yes has run out. Ask again; it is never used twice or late."""

    code = "decision_too_old"


@dataclass(frozen=True)
class Recipient:
    """Whom we want to reach, and all that follows from who they are. `same_person`: other subjects with the same number, counted together."""

    subject: DataSubject
    role: str
    relationship: str
    jurisdictions: tuple[str, ...]
    zones: tuple[str, ...]
    region: str
    locale: str
    contact_state: str = "n/a"
    borrower_consent: str = "given"
    contact: Contact | None = None
    own_hours: tuple[int, int] | None = None
    same_person: tuple[UUID, ...] = ()
    lock: str = ""

    @property
    def lock_key(self) -> str:
        return f"outreach:{self.lock or self.subject.pk}"


@dataclass(frozen=True)
class Facts:
    """What only the app above knows. None is unknown, and unknown never helps."""

    dpd: int | None = None
    necessity_recorded: bool | None = None
    borrower_unreachable: bool | None = None
    guarantee_signed: bool | None = None
    minor: bool | None = None
    flags: tuple[str, ...] | None = None
    episode_since: datetime | None = None


@dataclass(frozen=True)
class Errand:
    """What is to be said, by whom, how. `params` fill the places of the fixed text."""

    purpose: str
    channel: str
    template: str
    actor: str = "system"
    asked_by: Actor | None = None
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of it: the decision, and the message when there was a yes."""

    decision: ContactDecision
    message: OutboundMessage | None

    @property
    def allowed(self) -> bool:
        return self.message is not None


@transaction.atomic
def reach(*, to: Recipient, errand: Errand, facts: Facts, matter: Matter | None, now: datetime, deliver: Deliver | None = None) -> Outcome:
    """Decide, and when the answer is yes write the message and deliver it: all at once, or nothing. `deliver(message, text)` sends."""
    decision = ask(to=to, errand=errand, facts=facts, matter=matter, now=now)
    if decision.decision != "allow":
        return Outcome(decision, None)
    return Outcome(decision, use(decision, errand=errand, locale=to.locale, now=now, deliver=deliver))


@transaction.atomic
def ask(*, to: Recipient, errand: Errand, facts: Facts, matter: Matter | None, now: datetime) -> ContactDecision:
    """One decision, kept with all it was decided on. A yes is good for one message within FRESH_SECONDS. Raises DoesNotFit."""
    template = outreach_texts.get(errand.template)
    if not template.fits(role=to.role, purpose=errand.purpose, channel=errand.channel):
        raise DoesNotFit(f"{errand.template}: {to.role}, {errand.purpose}, {errand.channel}")
    _lock(to.lock_key)
    moments = local_time.plausible(zones=to.zones, region=to.region, now=now)
    before = attempts.counted([to.subject.pk, *to.same_person], zones=to.zones, episode_since=facts.episode_since, third_party=to.role == "contact", now=now)
    to = _left_alone(to, matter)
    requests = [_request(to, errand, facts, template.reveals, moment, before) for moment in moments]
    verdict = decisions.decide_all(requests, own_hours=to.own_hours, on=now)
    return decisions.keep(
        verdict,
        subject=to.subject,
        matter=matter,
        contact=to.contact,
        asked_by=errand.asked_by.subject_id if errand.asked_by else None,
        template=errand.template,
        now=now,
        expires_at=now + FRESH,
    )


def _left_alone(to: Recipient, matter: Matter | None) -> Recipient:
    """While somebody's data is locked, nobody is contacted about their affairs: neither they nor those around them."""
    concerned = {to.subject.pk, *([matter.subject_id] if matter else [])}
    locked = DataSubject.objects.filter(pk__in=concerned, restricted_at__isnull=False).exists()
    return replace(to, contact_state="do_not_contact") if locked else to


def _request(to: Recipient, errand: Errand, facts: Facts, reveals: tuple[str, ...], moment: local_time.Local, before: attempts.Attempts) -> Request:
    return Request(
        jurisdictions=to.jurisdictions,
        role=to.role,
        relationship=to.relationship,
        purpose=errand.purpose,
        channel=errand.channel,
        actor=errand.actor,
        borrower_consent=to.borrower_consent,
        contact_state=to.contact_state,
        local_time=moment.clock,
        dpd=facts.dpd,
        necessity_recorded=facts.necessity_recorded,
        borrower_unreachable=facts.borrower_unreachable,
        minor=facts.minor,
        holiday=moment.holiday,
        guarantee_signed=facts.guarantee_signed,
        reveals=reveals,
        flags=facts.flags,
        attempts=before,
    )


@transaction.atomic
def use(decision: ContactDecision, *, errand: Errand, locale: str, now: datetime, deliver: Deliver | None = None) -> OutboundMessage:
    """The one message this yes is good for. A call stays under way until `ended` says what came of it. Raises TooOld; the database refuses the rest."""
    if not decision.at <= now <= decision.expires_at:
        raise TooOld(decision.reference)
    template = outreach_texts.get(errand.template)
    spoken = errand.channel in ("voice", "visit")
    kept = {place: value for place, value in errand.params.items() if place not in UNKEPT}
    message = OutboundMessage.objects.create(
        decision=decision,
        subject_id=decision.subject_id,
        purpose=errand.purpose,
        channel=errand.channel,
        template=template.code,
        template_version=template.version,
        locale=locale,
        params=kept,
        result=UNDER_WAY if spoken else SENT,
        at=now,
    )
    if deliver is not None:
        deliver(message, template.render(locale, {"operator": settings.OPERATOR_NAME, **errand.params}))
    return message


def ended(message: OutboundMessage, *, connected: bool, now: datetime) -> None:
    """What came of a call or visit; said once."""
    result = OutboundMessage.Result.CONNECTED if connected else OutboundMessage.Result.NO_ANSWER
    OutboundMessage.objects.filter(pk=message.pk, result=UNDER_WAY).update(result=result, ended_at=now)
    message.refresh_from_db()


def _lock(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
