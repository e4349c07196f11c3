"""The people around a borrower: choosing one, their answer, what they agree to, and how they stop it. Borrowers never see more than accepted or not.

An affair is a `Matter`; whose loan it is, nothing here knows. Numbers come from their owners alone.
"""

from __future__ import annotations

import hashlib
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from core import states

from . import assessments, consents, notices, number_checks, restriction, retention, rights, suppression, vault
from .circle_records import LINK_DAYS, SCOPES
from .disclosure import Restricted
from .models import Complaint, Contact, ContactLink, DataSubject, Matter, NumberCheck, OutboundMessage

TOKEN_BYTES = 16
LIVE_LINKS_MAX = 5
UNANSWERED = ("open", "declined")  # one and the same to whoever made the link
PURPOSE_OF = {"verify_reference": "reference", "locate_borrower": "locate", "relay_message": "relay"}
CONSENT_CODES = {
    consents.ASKED: "none",
    consents.GIVEN: "given",
    consents.REFUSED: "refused",
    consents.WITHDRAWN: "withdrawn",
    consents.EXPIRED: "expired",
    consents.ASK_AGAIN: "superseded_notice",
}
HOURS = (9 * 60, 19 * 60)


class UnableToInvite(Exception):
    """`code`: closed, too_many, feature_off (no living impact assessment), own_number (we do not know the borrower's own number, so could not tell it
    from another's)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnableToAccept(Exception):
    """`code`: closed (used, run out, taken back, or a number that must not be contacted), self (the borrower's own number), twice."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Invitation:
    """A new link and its token, which is kept nowhere."""

    link: ContactLink
    token: str


def hashed(token: str) -> bytes:
    """What is kept of a token of 128 random bits."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def invite(*, matter: Matter, relationship: str, scopes: Iterable[str], named_by: str, own_numbers: Sequence[bytes], locale: str, now: datetime) -> Invitation:
    """A link for the borrower to forward, and the borrower's separate consent for each use they ticked. Raises UnableToInvite."""
    wanted = [scope for scope in SCOPES if scope in set(scopes)]
    if matter.closed_at is not None or not wanted:
        raise UnableToInvite("closed")
    if not assessments.is_on("circle", now=now):
        raise UnableToInvite("feature_off")
    if not own_numbers:
        raise UnableToInvite("own_number")
    Matter.objects.select_for_update(no_key=True).get(pk=matter.pk)  # of two at once, the second counts the first
    if _counted(matter, now=now) >= LIVE_LINKS_MAX:
        raise UnableToInvite("too_many")
    notice = notices.current("circle", notices.supported(locale))
    for scope in wanted:
        if not consents.is_given(subject=matter.subject, purpose=f"circle_{scope}", matter=matter, now=now):
            consents.record(subject=matter.subject, purpose=f"circle_{scope}", decision="given", notice=notice, locale=notice.locale, now=now, matter=matter)
    row_id = uuid.uuid4()
    link = ContactLink.objects.create(
        row_id=row_id,
        matter=matter,
        relationship=relationship,
        scopes=wanted,
        named_by=named_by,
        barred=list(own_numbers),
        token_hash=hashed(_token(row_id)),
        created_at=now,
        expires_at=now + timedelta(days=LINK_DAYS),
    )
    return Invitation(link, _token(row_id))


def bar(subject: DataSubject, own_number: bytes, *, now: datetime) -> None:
    """A number the borrower calls their own answers no invitation of theirs, those already made included.

    Whoever accepted with it before stays: a borrower who typed numbers here would see whose disappears.
    """
    for link in ContactLink.objects.select_for_update().filter(matter__subject=subject, state__in=UNANSWERED, expires_at__gt=now):
        if own_number not in {bytes(known) for known in link.barred}:
            ContactLink.objects.filter(pk=link.pk).update(barred=[*link.barred, own_number])


def _counted(matter: Matter, *, now: datetime) -> int:
    """Invitations that take a place: accepted ones, and those whose week is not over. A no frees no place before silence does, or it would be told."""
    accepted, week = Q(state="accepted", expires_at__gt=now - timedelta(days=365)), Q(state__in=UNANSWERED, expires_at__gt=now)
    return ContactLink.objects.filter(accepted | week, matter=matter).count()


def _token(row_id: uuid.UUID) -> str:
    """128 bits that nobody finds without the installation's secret: the borrower may look the link up again, and no table knows it."""
    return urlsafe_b64encode(salted_hmac("privacy.contact_link", row_id.hex, algorithm="sha256").digest()[:TOKEN_BYTES]).decode().rstrip("=")


def token_of(link: ContactLink, *, now: datetime) -> str:
    """The link again, for the borrower who made it, as long as it may be answered (or reads as if)."""
    return _token(link.row_id) if link.state in UNANSWERED and link.expires_at > now else ""


def find(token: str, *, now: datetime) -> ContactLink | None:
    """The invitation behind a token while it may still be read. A declined one reads as before until its time is over: nobody learns of a no.

    While the borrower's data is locked it is as if it never was: the reader learns nothing of that either.
    """
    rows = ContactLink.objects.select_related("matter__subject").filter(token_hash=hashed(token), expires_at__gt=now, state__in=UNANSWERED)
    return rows.filter(matter__subject__erased_at=None, matter__subject__restricted_at=None, matter__closed_at=None).first()


def named_by(link: ContactLink, *, now: datetime) -> str:
    """Who named the reader."""
    return str(vault.open_sealed(link, ("named_by",), engine="circle.reader", purpose="circle", now=now)["named_by"] or "")


def known_name(link: ContactLink, *, now: datetime) -> str:
    """The same for pages that outlive the borrower's data: empty once it is erased or locked, so that the reader's own rights stay in reach."""
    try:
        return named_by(link, now=now)
    except (vault.Erased, Restricted):
        return ""


def decline(link: ContactLink, *, now: datetime) -> None:
    """No. Nothing of the person is kept; said twice it is said once."""
    if link.state == "open":
        states.move(link, "declined", now=now, why="by_contact", closed_at=now)


@transaction.atomic
def take_back(link: ContactLink, *, now: datetime) -> None:
    """The borrower takes the person back: the link is dead, and whoever accepted is no longer contacted for this borrower.

    Silence and a no end alike, and one whose week is over stays as it is, whatever came of it.
    """
    locked = ContactLink.objects.select_for_update().get(pk=link.pk)
    if locked.state in UNANSWERED and locked.expires_at > now:
        states.move(locked, "taken_back", now=now, why="by_borrower", closed_at=now)
    Contact.objects.filter(link=locked, withdrawn_at=None).update(withdrawn_at=now)


@transaction.atomic
def accept(check: NumberCheck, *, now: datetime) -> Contact:
    """The person's own yes, with a proven number. Raises UnableToAccept."""
    if check.link_id is None or check.confirmed_at is None:
        raise UnableToAccept("closed")
    link = ContactLink.objects.select_for_update().select_related("matter__subject").get(pk=check.link_id)
    index = bytes(check.number_index)
    over = link.state != "open" or link.expires_at <= now or link.matter.closed_at is not None or link.matter.subject.restricted_at is not None
    if over or suppression.holds(index):
        raise UnableToAccept("closed")
    if index in {bytes(own) for own in link.barred}:
        raise UnableToAccept("self")
    number, draft = number_checks.opened(check, now=now)
    try:
        with transaction.atomic():
            contact = Contact.objects.create(
                subject=check.subject,
                matter=link.matter,
                link=link,
                name=draft["name"],
                number=number.e164,
                number_index=index,
                region=number.region,
                time_zone=draft.get("time_zone", ""),
                locale=draft["locale"],
                hours_from=draft.get("hours_from", HOURS[0]),
                hours_until=draft.get("hours_until", HOURS[1]),
                accepted_at=now,
            )
    except IntegrityError:
        raise UnableToAccept("twice") from None
    states.move(link, "accepted", now=now, why="by_contact", closed_at=now)
    NumberCheck.objects.filter(pk=check.pk).update(number=None, draft=None)
    allow(contact, draft["scopes"], locale=draft["locale"], now=now)
    return contact


def allow(contact: Contact, scopes: Iterable[str], *, locale: str, now: datetime) -> None:
    """What the contact agrees to, as a consent each: ticked is given, unticked is taken back. Nobody else can change it."""
    _require_live(contact)
    notice, wanted = notices.current("contact", notices.supported(locale)), set(scopes)
    for scope in SCOPES:
        purpose = f"contact_{scope}"
        given = consents.is_given(subject=contact.subject, purpose=purpose, now=now)
        if scope in wanted and not given:
            consents.record(subject=contact.subject, purpose=purpose, decision="given", notice=notice, locale=notice.locale, now=now)
        elif given and scope not in wanted:
            consents.withdraw(subject=contact.subject, purpose=purpose, locale=locale, now=now)


def allowed(contact: Contact, *, now: datetime) -> list[str]:
    """What the contact agrees to, today."""
    return [scope for scope in SCOPES if consents.is_given(subject=contact.subject, purpose=f"contact_{scope}", now=now)]


def _require_live(contact: Contact) -> None:
    if contact.state != "opted_in":
        raise states.IllegalMove("the contact has stopped")


def set_hours(contact: Contact, *, hours_from: int, hours_until: int, time_zone: str) -> None:
    """When the contact may be reached, by their own clock."""
    _require_live(contact)
    Contact.objects.filter(pk=contact.pk).update(hours_from=hours_from, hours_until=hours_until, time_zone=time_zone)


@transaction.atomic
def never(check: NumberCheck, *, now: datetime) -> None:
    """Never contact this number, about anybody. Works without accepting anything; a link it came by is over."""
    stop_number(bytes(check.number_index), reason="never", now=now)
    if check.link_id is not None:
        decline(ContactLink.objects.select_for_update().get(pk=check.link_id), now=now)
    NumberCheck.objects.filter(pk=check.pk).update(number=None, draft=None)


@transaction.atomic
def stop_number(number_index: bytes, *, reason: str, now: datetime) -> None:
    """No more contact with this number, for any borrower, from this commit on."""
    suppression.add(number_index, reason=reason, now=now)
    for contact in Contact.objects.select_for_update().filter(number_index=number_index, state="opted_in"):
        states.move(contact, "opted_out", now=now, why="by_contact")


def erase_number(number_index: bytes, *, now: datetime) -> bool:
    """Everything held about the owner of this number is erased; the keyed code alone stays, to refuse the number. False when something has to wait.

    Not one transaction: the stop stands whatever becomes of the erasures. What a legal hold keeps is locked, and erased the night after it ends.
    """
    stop_number(number_index, reason="erased", now=now)
    held = Contact.objects.select_related("subject").filter(number_index=number_index).exclude(state="erased")
    outcomes = [_erase_or_lock(contact.subject, now=now) for contact in held]  # each one, also after one that has to wait
    return all(outcomes)


def _erase_or_lock(subject: DataSubject, *, now: datetime) -> bool:
    try:
        rights.erase(subject, now=now)
    except rights.UnableToErase:
        restriction.restrict(subject=subject, ground=restriction.KEPT_BY_LAW, why="", by=None, now=now)
        return False
    return True


def forget(contact: Contact, *, now: datetime) -> None:
    """The contact's row without anything about the person: a part of erasing them, whoever asked for it."""
    if contact.state == "erased":
        return
    suppression.add(bytes(contact.number_index or b""), reason="erased", now=now)
    _empty(contact, now=now, why="erasure")


def _empty(contact: Contact, *, now: datetime, why: str) -> None:
    states.move(contact, "erased", now=now, why=why, name=None, number=None, number_index=None, time_zone="")


def complain(contact: Contact, *, text: str, now: datetime) -> Complaint:
    """A complaint; until it is settled nobody of this affair is contacted, nor is this person in any other."""
    return Complaint.objects.create(contact=contact, text=text, at=now)


@transaction.atomic
def settle(complaint: Complaint, *, answer: str, now: datetime) -> bool:
    """The complaint is dealt with, and the person reads how on their page; somebody erased meanwhile has none. False when it was settled before."""
    locked = Complaint.objects.select_for_update(of=("self",)).select_related("contact__subject").get(pk=complaint.pk)
    if locked.settled_at is not None:
        return False
    locked.settled_at = now
    if locked.contact.state != "erased":
        locked.answer = answer
    locked.save(update_fields=["settled_at", "answer"])
    return True


def answer(message: OutboundMessage, *, answer: dict, now: datetime) -> None:
    """The contact's answer to one question; given once, sealed, and never part of a score."""
    taken = OutboundMessage.objects.filter(pk=message.pk, result=OutboundMessage.Result.SENT)
    if taken.update(result=OutboundMessage.Result.ANSWERED, ended_at=now) == 1:
        message.answer = answer
        message.save(update_fields=["answer"])


def contact_state(contact: Contact, purpose: str, *, now: datetime) -> str:
    """As the policy asks it, for this contact and purpose. A number on the list counts for every row that carries it."""
    if contact.state != "opted_in":
        return contact.state
    if suppression.holds(bytes(contact.number_index or b"")):
        return "do_not_contact"
    scope = PURPOSE_OF.get(purpose, "")
    agreed = bool(scope) and consents.is_given(subject=contact.subject, purpose=f"contact_{scope}", now=now)
    return "opted_in" if agreed else "invited_pending"


def borrower_consent(contact: Contact, purpose: str, *, now: datetime) -> str:
    """As the policy asks it: the borrower's consent for this affair, this person and this purpose, as it was when they were named."""
    scope = PURPOSE_OF.get(purpose, "")
    subject = contact.matter.subject
    if contact.withdrawn_at is not None or subject.erased_at is not None or subject.restricted_at is not None:
        return "withdrawn"
    if scope not in contact.link.scopes:
        return "none"
    return CONSENT_CODES[consents.at_the_time(subject=subject, purpose=f"circle_{scope}", matter=contact.matter, then=contact.link.created_at, now=now)]


def open_complaints(contact: Contact) -> bool:
    """Whether one waits: of anybody in this affair, or of this person in any other."""
    same = Q(contact__matter=contact.matter_id) | Q(contact__number_index=contact.number_index, contact__number_index__isnull=False)
    return Complaint.objects.filter(same, settled_at=None).exists()


def expire_links(*, now: datetime) -> list[int]:
    """Links whose week is over: closed, and who was named by whom forgotten. The ids whose name went."""
    old = ContactLink.objects.filter(expires_at__lte=now)
    for link in old.filter(state="open").iterator(chunk_size=200):
        states.move(link, "expired", now=now, why="time", closed_at=now)
    unnamed = list(old.exclude(state="accepted").filter(named_by__isnull=False).values_list("pk", flat=True))
    ContactLink.objects.filter(pk__in=unnamed).update(named_by=None)
    return unnamed


def forget_closed(*, now: datetime) -> list[int]:
    """Contacts of affairs that ended long enough ago are erased; their number may be named again, by its owner. The ids that went."""
    days = retention.get("contact").days or 0
    over = Contact.objects.filter(matter__closed_at__lt=now - timedelta(days=days)).exclude(state="erased").exclude(subject__in=restriction.on_hold())
    gone = []
    for contact in over.select_related("subject", "link").iterator(chunk_size=200):
        with transaction.atomic():
            _empty(contact, now=now, why="retention")
            ContactLink.objects.filter(pk=contact.link_id).update(named_by=None)
            vault.erase(contact.subject, now=now)
        gone.append(contact.pk)
    return gone
