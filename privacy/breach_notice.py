"""The notice of a breach towards somebody without an account: one text to the number they proved themselves, and their own page, where it stands in full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from . import breaches, outreach, texts, vault
from .breaches import Draft
from .models import BreachPerson, Contact
from .numbers import Number, parse
from .outreach import Errand, Facts, Recipient


def by_text(person: BreachPerson, *, now: datetime) -> bool:
    """Send the person the one fixed text, if they are a contact and the rules let it out. It is owed to them, also after a stop or under a lock."""
    contact = Contact.objects.select_related("subject", "link").filter(subject=person.subject_id).exclude(state="erased").first()
    if contact is None:
        return False
    opened = vault.open_sealed(contact, ("number",), engine="outreach", purpose="rights", now=now)
    number = parse(opened["number"], jurisdiction="")
    return outreach.reach(
        to=_recipient(contact, number),
        errand=Errand(purpose="breach_notice", channel="sms", template="breach_notice", params={"link": settings.SITE_URL + reverse("circle:find")}),
        facts=Facts(minor=False, flags=()),
        matter=None,  # it is about the contact's own data, and nothing the borrower reads of
        now=now,
        deliver=lambda _message, body: _send(person, contact, number, body, now=now),
    ).allowed


def _recipient(contact: Contact, number: Number) -> Recipient:
    return Recipient(
        subject=contact.subject,
        role="contact",
        relationship=contact.link.relationship,
        jurisdictions=(number.jurisdiction,),
        zones=(contact.time_zone,) if contact.time_zone else number.zones,
        region=contact.region,
        locale=contact.locale,
        contact_state=contact.state,
        contact=contact,
        lock=bytes(contact.number_index or b"").hex(),
    )


def _send(person: BreachPerson, contact: Contact, number: Number, body: str, *, now: datetime) -> None:
    """Whoever accepted for several borrowers has one telephone, and gets one text."""
    index = bytes(contact.number_index or b"")
    first = Contact.objects.filter(number_index=index).order_by("pk").values_list("pk", flat=True)[:1].get()
    texts.send(subject=contact.subject, e164=number.e164, number_index=index, body=body, key=f"breach:{person.breach_id}:contact:{first}", now=now)


def told(contacts: Iterable[Contact]) -> QuerySet[BreachPerson]:
    """The breaches the owner of these pages was told of, the newest first, each once."""
    people = BreachPerson.objects.filter(subject__in=[contact.subject_id for contact in contacts], told_at__isnull=False, breach__drill=False)
    return people.order_by("-breach", "told_at").distinct("breach").select_related("breach")


def drafts(contacts: Iterable[Contact], *, locale: str) -> list[tuple[BreachPerson, Draft]]:
    """The same with their words."""
    return [(person, breaches.draft(person.breach, locale=locale)) for person in told(contacts)]
