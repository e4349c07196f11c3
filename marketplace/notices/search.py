"""A listing that fits what somebody looks for: one message for each listing, however many searches it fits."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from marketplace import consent, saved_search
from marketplace.models import Listing
from marketplace.notices import crowd
from notifications.catalogue import Context, Template, register

register(
    Template(
        code="search.found",
        kind="search",
        title=_("A new loan fits a search of yours"),
        text=_("Listing %(reference)s asks for %(amount)s for %(months)s months, grade %(grade)s, until %(closes_at)s. You can lose money."),
        action=_("Look at the loan"),
    ),
)


@handles("listing.opened")
def on_opened(*, job: JobContext) -> None:
    """Told while it is still open and shown."""
    listing = Listing.objects.get(pk=job.payload["listing"])
    if listing.state == "open" and consent.is_shown(listing, now=job.now):
        link = reverse("marketplace:listing", args=[listing.reference])
        crowd.tell(crowd="searchers", about=listing.pk, template="search.found", fact=f"listing:{listing.pk}:found", link=link, now=job.now)


@crowd.source("searchers")
def searchers(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody who looks for such a loan."""
    listing = Listing.objects.select_related("loan__party").get(pk=about)
    facts = {"reference": listing.reference, "currency": listing.currency, "amount": listing.target, "months": listing.term_months}
    facts |= {"grade": listing.grade, "closes_at": listing.closes_at.isoformat()}
    found = saved_search.looking_for(listing).filter(pk__gt=after).values_list("pk", flat=True)
    return [(party, facts) for party in found[: crowd.PAGE]]
