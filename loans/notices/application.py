"""What a borrower is told about an application and its offer, until it is signed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.outbox import JobContext, handles
from credit import scorecard
from loans.models import Application, Obligor, Offer, SecondLook
from loans.notices.door import tell_obligors
from notifications.catalogue import Context, Template, register
from privacy import vault
from privacy.notices import supported

REASONS_TOLD = 3
NO_REASON = "other"


def _reason(code: str, context: Context) -> StrOrPromise:
    """A reason of the scorecard in its own words."""
    features = {feature["code"]: feature["text"] for feature in scorecard.load()[0]["features"]}
    text = features.get(code)
    return str(text.get(supported(get_language()), text["en"])) if text else _("what a person found when reading it")


register(
    Template(
        code="application.submitted",
        kind="application",
        title=_("We have your application"),
        text=_("Application %(reference)s is with us. A person reads it next, usually within three working days. You can withdraw it until you sign an offer."),
    ),
    Template(
        code="application.referred",
        kind="application",
        title=_("We need something more from you"),
        text=_("To go on with application %(reference)s we need more from you. What it is stands on its page."),
        action=_("See what is needed"),
    ),
    Template(
        code="application.offered",
        kind="application",
        title=_("We have an offer for you"),
        text=_("The terms for application %(reference)s are ready. The offer is open until %(open_until_at)s. Nothing binds you before you sign."),
        action=_("Read the offer"),
    ),
    Template(
        code="application.declined",
        kind="application",
        title=_("We cannot offer this loan"),
        text=_(
            "A person read application %(reference)s and declined it. What weighed most against it: %(reasons)s. "
            "You may ask for another look by a person, and write to us about it; the way stands on the application's page."
        ),
        action=_("See the reasons"),
        words={"reasons": _reason},
    ),
    Template(
        code="application.second_look",
        kind="application",
        title=_("The decision you had reviewed"),
        text=_("Another person has looked at application %(reference)s again. The answer, with reasons, stands on its page."),
        action=_("Read the answer"),
    ),
    Template(
        code="application.answered",
        kind="application",
        title=_("We have your answer"),
        text=_("What you added to application %(reference)s is with us, and the application is back where it stood in the queue."),
    ),
    Template(
        code="co_borrower.joined",
        kind="application",
        title=_("Your co-borrower has joined"),
        text=_("Somebody you invited stands beside you in application %(reference)s, with consents and figures of their own."),
    ),
    Template(
        code="co_borrower.declined",
        kind="application",
        title=_("A co-borrower you invited said no"),
        text=_("An invitation to application %(reference)s was turned down or taken back by the person invited. You can invite somebody else or go on alone."),
    ),
    Template(
        code="offer.expiring",
        kind="application",
        title=_("Your offer is open for two more days"),
        text=_("Offer %(reference)s is open until %(open_until_at)s and lapses then by itself. If you do nothing, nothing follows from it."),
        action=_("Read the offer"),
    ),
    Template(
        code="offer.expired",
        kind="application",
        title=_("Your offer has lapsed"),
        text=_("Offer %(reference)s was not signed in time and is no longer open. You owe nothing, and you may apply again at any time."),
    ),
)


@handles("application.submitted")
def on_submitted(*, job: JobContext) -> None:
    _about_application("application.submitted", job=job)


@handles("application.reviewed")
def on_reviewed(*, job: JobContext) -> None:
    """More is needed, there is an offer, or the answer is no: with the reasons, and the way to have it looked at again."""
    verdict = job.payload["verdict"]
    if verdict == "approved":
        offer = Offer.objects.select_related("application").filter(application=job.payload["application"]).order_by("-pk").first()
        if offer is not None:
            _about_offer("application.offered", offer, job=job, open_until_at=offer.expires_at.isoformat())
    elif verdict == "declined":
        application = Application.objects.select_related("decision__subject").get(pk=job.payload["application"])
        _about_application("application.declined", job=job, reasons=_reasons(application, now=job.now))
    else:
        _about_application("application.referred", job=job)


def _reasons(application: Application, *, now: datetime) -> list[str]:
    """Codes of what cost most points. Where the scorecard would have said yes, it was a person's reason, and the scorecard's are not given for it."""
    if application.decision is None or application.decision.outcome == "approve":
        return [NO_REASON]
    opened = vault.open_sealed(application.decision, ["output"], engine="loans.notices", purpose="automated_decision", now=now)
    return [reason["code"] for reason in opened["output"]["score"]["reasons"][:REASONS_TOLD]] or [NO_REASON]


def _about_application(template: str, *, job: JobContext, **facts: Any) -> None:
    application = Application.objects.get(pk=job.payload["application"])
    tell_obligors(
        template=template,
        key=job.key,
        application=application,
        context={"reference": application.reference, **facts},
        link=reverse("loans:application", args=[application.reference]),
        borrower_only=True,
        now=job.now,
    )


@handles("application.answered")
def on_answered(*, job: JobContext) -> None:
    _about_application("application.answered", job=job)


@handles("second_look.answered")
def on_second_look(*, job: JobContext) -> None:
    look = SecondLook.objects.get(pk=job.payload["look"])
    application = Application.objects.get(pk=look.application_id)
    link = reverse("loans:application", args=[application.reference])
    context = {"reference": application.reference}
    tell_obligors(template="application.second_look", key=job.key, application=application, context=context, link=link, borrower_only=True, now=job.now)


@handles("obligor.changed")
def on_obligor_changed(*, job: JobContext) -> None:
    """Whoever was invited joined or said no: the borrower hears which, and nothing about the person."""
    obligor = Obligor.objects.select_related("application").get(pk=job.payload["obligor"])
    if obligor.state in ("joined", "declined"):
        application = obligor.application
        link = reverse("loans:application", args=[application.reference])
        context = {"reference": application.reference}
        tell_obligors(
            template=f"co_borrower.{obligor.state}", key=job.key, application=application, context=context, link=link, borrower_only=True, now=job.now
        )


@handles("offer.expiring")
def on_expiring(*, job: JobContext) -> None:
    """Two days before its end, if nobody has answered by then."""
    offer = Offer.objects.select_related("application").get(pk=job.payload["offer"])
    if offer.state == "open":
        _about_offer("offer.expiring", offer, job=job, open_until_at=offer.expires_at.isoformat())


@handles("offer.expired")
def on_expired(*, job: JobContext) -> None:
    _about_offer("offer.expired", Offer.objects.select_related("application").get(pk=job.payload["offer"]), job=job)


def _about_offer(template: str, offer: Offer, *, job: JobContext, **facts: Any) -> None:
    link = reverse("loans:offer", args=[offer.reference])
    reference = offer.application.reference if template == "application.offered" else offer.reference
    tell_obligors(template=template, key=job.key, application=offer.application, context={"reference": reference, **facts}, link=link, now=job.now)
