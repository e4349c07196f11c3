"""What this app itself holds about a person. Consents and looks name only pseudonyms and outlive an erasure, as proof."""

from datetime import datetime

from django.db.models import Q

from . import circle, copies, desk, disclosure, emptying, number_checks, passport, receipts, restriction, rights, sweeps
from .models import Contact, ContactDecision, ContactLink, DataSubject, Matter, OutboundMessage, Restriction, RightsRequest, SandboxText

BATCH = 500  # rows of one night and rule


def export(*, subject: DataSubject, now: datetime) -> dict:
    """Receipts of every answer, and everybody who looked."""
    return {
        "since": subject.created_at.isoformat(),
        "consents": receipts.of(subject),
        "requests": copies.rows(RightsRequest.objects.filter(subject=subject), now=now),
        "circle": _circle(subject, now=now),
        "locks": copies.rows(Restriction.objects.filter(subject=subject), now=now),
        "looks": [_look(look) for look in disclosure.who_looked(subject, limit=100_000)],
    }


def _circle(subject: DataSubject, *, now: datetime) -> dict:
    """For a contact, everything on their page; for a borrower, whom they named and whether they accepted, never who said no."""
    contact = Contact.objects.select_related("link", "matter__subject", "subject").filter(subject=subject).exclude(state="erased").first()
    if contact is not None:
        return passport.export(contact, now=now)
    links = ContactLink.objects.filter(matter__subject=subject).order_by("pk")
    return {"named": [{"relationship": link.relationship, "at": link.created_at.isoformat(), "accepted": link.state == "accepted"} for link in links]}


def _look(look: disclosure.Look) -> dict:
    return {
        "viewer": look.viewer or look.role,
        "role": look.role,
        "at": look.at.isoformat(),
        "kinds": list(look.kinds),
        "purpose": look.purpose,
        "why": look.why_label,
        "page": look.page,
    }


def erase(*, subject: DataSubject, now: datetime) -> None:
    """What is encrypted closes with the key; a contact's row also loses the code of the number, which goes on the list of those never to be contacted.

    Texts in which the sandbox's telephones were told the person's name go as well.
    """
    told = OutboundMessage.objects.filter(decision__matter__subject=subject).values_list("reference", flat=True)
    SandboxText.objects.filter(key__in=[f"outbound:{reference}" for reference in told]).delete()
    for contact in Contact.objects.filter(subject=subject):
        circle.forget(contact, now=now)


def holds(*, subject: DataSubject) -> list[str]:
    """A legal hold keeps everything."""
    return ["legal_hold"] if restriction.standing(subject).filter(ground=restriction.LEGAL_HOLD).exists() else []


rights.register("privacy", export=export, erase=erase, holds=holds)


def _old_invitations(*, cutoff: datetime, now: datetime) -> list[str]:
    return [f"link {pk}" for pk in circle.expire_links(now=now)] + [f"check {pk}" for pk in number_checks.forget_old(now=now)]


def _old_contacts(*, cutoff: datetime, now: datetime) -> list[int]:
    return circle.forget_closed(now=now)


def _old_texts(*, cutoff: datetime, now: datetime) -> list[int]:
    """What the sandbox's telephone received."""
    old = list(SandboxText.objects.filter(at__lt=cutoff).values_list("pk", flat=True)[:BATCH])
    SandboxText.objects.filter(pk__in=old).delete()
    return old


def _old_affairs(*, cutoff: datetime, now: datetime) -> list[str]:
    """What each decision to contact somebody was asked with, once its affair has been over for so long."""
    over = Matter.objects.filter(closed_at__lt=cutoff, emptied_at=None).exclude(subject__in=restriction.on_hold())[:BATCH]
    found = [matter.pk for matter in over]
    gone = emptying.empty(ContactDecision.objects.filter(matter__in=found), rule="loan_file", now=now)
    Matter.objects.filter(pk__in=found).update(emptied_at=now)
    return [f"decision {pk}" for pk in gone]


def _old_locks(*, cutoff: datetime, now: datetime) -> list[str]:
    """Why somebody's data were locked and let go, so long after."""
    said = Q(why__isnull=False) | Q(lifted_why__isnull=False)
    locks = Restriction.objects.filter(said, lifted_at__lt=cutoff).exclude(subject__in=restriction.on_hold())
    return [f"lock {pk}" for pk in emptying.empty(locks[:BATCH], rule="loan_file", now=now)]


def _old_requests(*, cutoff: datetime, now: datetime) -> list[int]:
    """Words of requests whose last answer is older than that."""
    said = Q(message__isnull=False) | Q(answer__isnull=False)
    asked = RightsRequest.objects.filter(said, answered_at__lt=cutoff).exclude(state__in=desk.OPEN).exclude(subject__in=restriction.on_hold())
    return emptying.empty(asked[:BATCH], rule="support", now=now)


sweeps.register("invitation", app="privacy", sweep=_old_invitations)
sweeps.register("invitation", app="privacy", sweep=_old_texts)
sweeps.register("contact", app="privacy", sweep=_old_contacts)
sweeps.register("loan_file", app="privacy", sweep=restriction.finish)
sweeps.register("loan_file", app="privacy", sweep=_old_affairs)
sweeps.register("loan_file", app="privacy", sweep=_old_locks)
sweeps.register("support", app="privacy", sweep=_old_requests)
