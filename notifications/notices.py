"""What we tell people about their account: the facts of accounts, which cannot reach up to here themselves."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityCheck
from core.outbox import JobContext, handles
from notifications import message
from notifications.catalogue import Template, register

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
