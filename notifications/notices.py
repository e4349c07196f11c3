"""What we tell people about their account and their data: the facts of accounts and privacy, which cannot reach up to here themselves."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityCheck, Invitation, Party
from core.outbox import JobContext, handles
from notifications import message
from notifications.catalogue import Template, register
from notifications.channels import email
from privacy import breach_notice, breaches, disclosure, vault
from privacy.models import RightsRequest

register(
    Template(
        code="identity.verified",
        kind="account",
        title=_("Your identity is confirmed"),
        text=_("The document of check %(reference)s was confirmed. Borrowing and investing are open to you."),
        action=_("See what comes next"),
    ),
    Template(
        code="identity.refused",
        kind="account",
        title=_("We could not confirm your identity"),
        text=_("The document of check %(reference)s could not be confirmed. Compare name and number with the document and send them again, or write to us."),
        action=_("Look at it again"),
    ),
    Template(
        code="rights.answered",
        kind="account",
        title=_("We have answered your request"),
        text=_("The answer to request %(reference)s about your data stands on its page, and how to have it looked at again if it does not satisfy you."),
        action=_("Read the answer"),
    ),
    Template(
        code="breach.notice",
        kind="security",
        title=_("Your data was affected"),
        text=_("Something happened to data of yours (notice %(reference)s). What it was, what it may mean for you and what you can do stands on its page."),
        action=_("Read the notice"),
        mail=_("Something happened to data of yours. What it was, and what you can do, stands on a page of ours."),
    ),
)


@handles("identity.decided")
def on_identity_decided(*, job: JobContext) -> None:
    """The check has its answer. The reason of a refusal is not told: it could tell about somebody else."""
    check = IdentityCheck.objects.get(pk=job.payload["check"])
    if check.state not in ("verified", "refused"):
        return
    message.say_alike(
        template=f"identity.{check.state}",
        key=job.key,
        parties=[check.party_id],
        context={"reference": check.reference},
        link=reverse("accounts:onboarding" if check.state == "verified" else "accounts:identity"),
        now=job.now,
    )


@handles("rights.answered")
def on_rights_answered(*, job: JobContext) -> None:
    """A person answered what somebody asked about their data."""
    request = RightsRequest.objects.get(pk=job.payload["request"])
    _tell_subject("rights.answered", request.subject_id, reference=request.reference, link=reverse("privacy:request", args=[request.reference]), job=job)


@handles("breach.tell")
def on_breach(*, job: JobContext) -> None:
    """Somebody whose data a breach concerned has to know (PIPL 57): by their account, or, for a contact, by one text to their own page."""
    person = breaches.waiting(job.payload["person"])
    if person is None:
        return
    link = reverse("privacy:breach", args=[person.breach.reference])
    sent = _tell_subject("breach.notice", person.subject_id, reference=person.breach.reference, link=link, job=job) > 0
    breaches.tried(person, sent=sent or breach_notice.by_text(person, now=job.now), now=job.now)


def _tell_subject(template: str, subject_id: UUID, *, reference: str, link: str, job: JobContext) -> int:
    parties = Party.objects.filter(subject=subject_id).values_list("pk", flat=True)
    return message.say_alike(template=template, key=job.key, parties=parties, context={"reference": reference}, link=link, now=job.now)


@handles("party.invited")
def on_invited(*, job: JobContext) -> None:
    """The invited address gets one mail, the same whether or not it has an account. An invitation that is over by now gets none."""
    invitation = Invitation.objects.select_related("party").filter(pk=job.payload["invitation"], state="open", expires_at__gt=job.now).first()
    if invitation is not None:
        address = vault.open_sealed(invitation, ["email"], engine="notifications.mail", purpose="account", now=job.now)["email"]
        email.invite(address, reference=invitation.reference)


# How our software appears in "who looked at me".
disclosure.ROLES |= {"notifications.mail": _("the mail that was sent")}
