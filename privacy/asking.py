"""Asking a contact: who they are for the policy, the one fixed text for each purpose, and the road it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from . import circle, disclosure, outreach, texts, vault
from .disclosure import Actor, Restricted
from .models import Contact, DataSubject, OutboundMessage
from .numbers import jurisdiction_of, zones_of
from .outreach import Errand, Facts, Outcome, Recipient

TEXTS = {"verify_reference": "reference_question", "locate_borrower": "locate_question", "relay_message": "relay_request"}


def recipient(contact: Contact, purpose: str, *, number: str, now: datetime) -> Recipient:
    """The contact as the policy sees them for this purpose, today. Rows of the same number are the same person: their limits are counted together."""
    index = contact.number_index
    same = Contact.objects.filter(number_index=index).exclude(pk=contact.pk).values_list("subject_id", flat=True) if index else ()
    return Recipient(
        subject=contact.subject,
        role="contact",
        relationship=contact.link.relationship,
        jurisdictions=tuple(dict.fromkeys([*contact.matter.jurisdictions, jurisdiction_of(contact.region)])),
        zones=(contact.time_zone,) if contact.time_zone else zones_of(number),
        region=contact.region,
        locale=contact.locale,
        contact_state=circle.contact_state(contact, purpose, now=now),
        borrower_consent=circle.borrower_consent(contact, purpose, now=now),
        contact=contact,
        own_hours=(contact.hours_from, contact.hours_until),
        same_person=tuple(same),
        lock=bytes(index).hex() if index else str(contact.subject_id),
    )


def _number(contact: Contact, *, now: datetime) -> str:
    if contact.state == "erased":
        return ""
    try:
        return str(vault.open_sealed(contact, ("number",), engine="outreach", purpose="circle", now=now)["number"] or "")
    except (vault.Erased, Restricted):
        return ""


def _held(contact: Contact) -> Contact:
    """The contact and both persons as they are now, and nobody ends a yes until this is asked and said: stopping, taking back and locking wait for it."""
    Contact.objects.select_for_update().get(pk=contact.pk)
    rows = DataSubject.objects.select_for_update(no_key=True).filter(pk__in=[contact.subject_id, contact.matter.subject_id])
    list(rows.order_by("pk"))
    return Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)


def answered(message: OutboundMessage, *, actor: Actor, page: str, now: datetime, reference: str) -> str:
    """What the contact answered, opened by staff who say why (`actor.why`); the contact sees that it was opened. Raises UnableToReveal, Erased."""
    answer = disclosure.reveal(message, ["answer"], actor=actor, purpose="circle", page=page, now=now, reference=reference)["answer"] or {}
    if "text" in answer:
        return str(answer["text"])
    return str(_("Yes") if answer.get("yes") else _("No"))


@transaction.atomic
def ask(contact: Contact, *, purpose: str, channel: str, facts: Facts, actor: str, asked_by: Actor | None, now: datetime) -> Outcome:
    """Ask the contact, if the rules allow it now; the decision is kept either way, and the contact reads it.

    An erased or locked contact has no number to ask, and an erased or locked borrower no name: the decision still says so.
    """
    contact = _held(contact)
    number = _number(contact, now=now)
    flags = (*(facts.flags or ()), *(("complaint",) if circle.open_complaints(contact) else ())) if facts.flags is not None else None
    name = circle.known_name(contact.link, now=now)
    link = settings.SITE_URL + reverse("circle:find")

    def deliver(message: OutboundMessage, body: str) -> None:
        if message.channel == "sms":
            index = bytes(contact.number_index or b"")
            texts.send(subject=contact.subject, e164=number, number_index=index, body=body, key=f"outbound:{message.reference}", now=now)

    return outreach.reach(
        to=recipient(contact, purpose, number=number, now=now),
        errand=Errand(purpose=purpose, channel=channel, template=TEXTS[purpose], actor=actor, asked_by=asked_by, params={"name": name, "link": link}),
        facts=replace(facts, flags=flags, minor=False),
        matter=contact.matter,
        now=now,
        deliver=deliver,
    )
