"""The borrower's side of the circle: choosing somebody, and seeing what came of it. Never a number, never who said no or why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit
from accounts.models import User
from loans.models import Application, BorrowerFile
from privacy import circle, explaining, numbers, vault
from privacy.circle import Invitation, UnableToInvite
from privacy.explaining import Explained
from privacy.models import ContactLink

__all__ = ["Named", "UnableToInvite", "attempts", "invite", "named", "take_back"]


@dataclass(frozen=True)
class Named:
    """One person the borrower named. `accepted` is all there is to know; a no, silence and a stop look alike."""

    link: ContactLink
    accepted: bool
    address: str

    @property
    def may_take_back(self) -> bool:
        return self.accepted or bool(self.address)


@transaction.atomic
def invite(application: Application, *, relationship: str, scopes: Iterable[str], by: User, locale: str, now: datetime) -> Invitation:
    """A link to forward. Raises UnableToInvite."""
    file = application.file
    made = circle.invite(
        matter=file.matter,
        relationship=relationship,
        scopes=scopes,
        named_by=_name(application, now=now),
        own_numbers=_own_numbers(application, now=now),
        locale=locale,
        now=now,
    )
    audit.record(actor=by, action="circle.invite", target=made.link.reference, now=now)
    return made


def _name(application: Application, *, now: datetime) -> str:
    return str(vault.open_sealed(application.party, ("name",), engine="circle", purpose="circle", now=now)["name"])


def _own_numbers(application: Application, *, now: datetime) -> list[bytes]:
    """The borrower's own numbers as keyed codes, those of their other applications too; none when this one has none, or what is no number."""
    said = list(BorrowerFile.objects.filter(subject=application.file.subject_id, phone__isnull=False))
    opened = vault.open_sealed(said, ("phone",), engine="circle", purpose="circle", now=now) if said else {}
    codes = {pk: _code(found["phone"], application.jurisdiction) for pk, found in opened.items() if found}
    return sorted({code for code in codes.values() if code}) if codes.get(application.file_id) else []


def _code(phone: str | None, jurisdiction: str) -> bytes | None:
    try:
        return numbers.parse(phone or "", jurisdiction=jurisdiction).index
    except numbers.NotANumber:
        return None


def bar_own_number(application: Application, phone: str, *, now: datetime) -> None:
    """What the borrower calls their own number from now on."""
    code = _code(phone, application.jurisdiction)
    if code:
        circle.bar(application.file.subject, code, now=now)


def named(application: Application, *, now: datetime) -> list[Named]:
    """Everybody the borrower named, newest first."""
    links = ContactLink.objects.filter(matter=application.file.matter).exclude(state="taken_back").order_by("-created_at")
    return [Named(link, link.state == "accepted", _address(link, now=now)) for link in links if not _withdrawn(link)]


def _withdrawn(link: ContactLink) -> bool:
    contact = getattr(link, "contact", None)
    return contact is not None and contact.withdrawn_at is not None


def _address(link: ContactLink, *, now: datetime) -> str:
    token = circle.token_of(link, now=now)
    return settings.SITE_URL + reverse("circle:invitation", args=[token]) if token else ""


def take_back(application: Application, *, reference: str, by: User, now: datetime) -> bool:
    """The borrower does not want this person asked any more. False when there is no such person here."""
    link = ContactLink.objects.filter(matter=application.file.matter, reference=reference).first()
    if link is None:
        return False
    circle.take_back(link, now=now)
    audit.record(actor=by, action="circle.take_back", target=link.reference, now=now)
    return True


def attempts(application: Application) -> list[Explained]:
    """Every attempt to reach somebody of this circle, newest first. The page leaves out why one was refused: that is told to the person alone."""
    return explaining.explained(explaining.rows().filter(matter=application.file.matter, contact__isnull=False))
