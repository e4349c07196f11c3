"""A share sold, bought, or no longer offered: told to the seller and the buyer; neither learns who the other is."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from marketplace.models import Purchase, Sale
from notifications import message
from notifications.catalogue import Template, register

register(
    Template(
        code="sale.sold",
        kind="holding",
        title=_("Your share was bought for %(amount)s"),
        text=_("Offer %(reference)s: a share of the loan of listing %(listing)s is sold. The money is in your wallet; what you sold is no longer open to you."),
        action=_("See your wallet"),
    ),
    Template(
        code="sale.bought",
        kind="holding",
        title=_("You bought a share for %(amount)s"),
        text=_("Purchase %(reference)s: you hold a share of the loan of listing %(listing)s from now on, with all it brings and all it may lose."),
        action=_("See your purchase"),
    ),
    Template(
        code="sale.cancelled",
        kind="holding",
        title=_("Your offer has ended"),
        text=_("Offer %(reference)s: the loan of listing %(listing)s has changed, so the offer was taken back. The share stays yours."),
        action=_("See your portfolio"),
    ),
)


@handles("sale.bought")
def on_bought(*, job: JobContext) -> None:
    """Both sides of a purchase."""
    bought = Purchase.objects.select_related("sale__participation__loan__listing").get(pk=job.payload["purchase"])
    facts = {"amount": bought.price, "currency": bought.sale.participation.loan.currency}
    _tell("sale.sold", bought.sale, party=bought.sale.party_id, link=reverse("payments:wallet"), job=job, reference=bought.sale.reference, **facts)
    link = reverse("marketplace:bought", args=[bought.reference])
    _tell("sale.bought", bought.sale, party=bought.party_id, link=link, job=job, reference=bought.reference, **facts)


@handles("sale.cancelled")
def on_cancelled(*, job: JobContext) -> None:
    """By itself, because the loan changed."""
    sale = Sale.objects.select_related("participation__loan__listing").get(pk=job.payload["sale"])
    _tell("sale.cancelled", sale, party=sale.party_id, link=reverse("marketplace:portfolio"), job=job, reference=sale.reference)


def _tell(template: str, sale: Sale, *, party: int, link: str, job: JobContext, **facts: Any) -> None:
    context = {"listing": sale.participation.loan.listing.reference, **facts}
    message.say_alike(template=template, key=job.key, parties=[party], context=context, link=link, now=job.now)
