"""A pledge placed and a pledge taken back: told to the investor who did it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from marketplace.models import Pledge
from notifications import message
from notifications.catalogue import Template, register

register(
    Template(
        code="pledge.placed",
        kind="pledge",
        title=_("You pledged %(amount)s"),
        text=_("Pledge %(reference)s to listing %(listing)s: the money is reserved, not spent. You can take it back until %(cancel_until_at)s."),
        action=_("See the pledge"),
    ),
    Template(
        code="pledge.cancelled",
        kind="pledge",
        title=_("Your pledge is cancelled"),
        text=_("Pledge %(reference)s to listing %(listing)s is cancelled. %(amount)s is available in your wallet again."),
        action=_("See the pledge"),
    ),
)


@handles("pledge.placed")
def on_placed(*, job: JobContext) -> None:
    pledge = Pledge.objects.select_related("listing").get(pk=job.payload["pledge"])
    _tell("pledge.placed", pledge, job=job, cancel_until_at=pledge.cancel_until.isoformat())


@handles("pledge.cancelled")
def on_cancelled(*, job: JobContext) -> None:
    _tell("pledge.cancelled", Pledge.objects.select_related("listing").get(pk=job.payload["pledge"]), job=job)


def _tell(template: str, pledge: Pledge, *, job: JobContext, **facts: Any) -> None:
    listing = pledge.listing
    context = {"reference": pledge.reference, "listing": listing.reference, "amount": pledge.amount, "currency": listing.currency, **facts}
    link = reverse("marketplace:receipt", args=[pledge.reference])
    message.say_alike(template=template, key=job.key, parties=[pledge.party_id], context=context, link=link, now=job.now)
