"""The end of a listing and its beginning: told to the borrower, and to everybody who had pledged."""

from __future__ import annotations

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.models import Loan
from loans.notices import tell_obligors
from marketplace.models import Listing, Pledge
from marketplace.notices import crowd
from notifications.catalogue import Context, Template, register

register(
    Template(
        code="listing.opened",
        kind="application",
        title=_("Your project is open to investors"),
        text=_("Listing %(reference)s is open until %(closes_at)s. You get the money when it is filled in full; if it is not, nothing is owed."),
        action=_("See your loan"),
    ),
    Template(
        code="listing.filled",
        kind="loan",
        title=_("Your project is funded"),
        text=_("Listing %(reference)s was filled with %(amount)s. Two of our people release the payout to your confirmed bank account."),
        action=_("See your loan"),
    ),
    Template(
        code="listing.expired",
        kind="application",
        title=_("Your project was not filled in time"),
        text=_("Listing %(reference)s has ended and everybody has their money back. Nothing is owed, and you may apply again."),
        action=_("See your loan"),
    ),
    Template(
        code="listing.withdrawn",
        kind="application",
        title=_("Your project is off the market"),
        text=_("Listing %(reference)s was taken down and everybody has their money back. Nothing is owed, and you may apply again."),
        action=_("See your loan"),
    ),
    Template(
        code="listing.not_opened",
        kind="application",
        title=_("Your project does not go to the market"),
        text=_(
            "You no longer want facts about you shown to investors, so loan %(reference)s is not offered to them. Nothing is owed, and you may apply again."
        ),
        action=_("See your loan"),
    ),
    Template(
        code="pledge.filled",
        kind="pledge",
        title=_("A listing you pledged to is filled"),
        text=_("Listing %(reference)s is filled. Your %(amount)s goes out when the loan is paid out; you hold a share of it then."),
        action=_("See your portfolio"),
        mail=_("A listing you pledged to is filled."),
    ),
    Template(
        code="pledge.expired",
        kind="pledge",
        title=_("A listing you pledged to was not filled"),
        text=_("Listing %(reference)s has ended. Your %(amount)s is available in your wallet again; nothing was charged."),
        action=_("See your wallet"),
        mail=_("A listing you pledged to was not filled. What you pledged is available again."),
    ),
    Template(
        code="pledge.withdrawn",
        kind="pledge",
        title=_("A listing you pledged to was withdrawn"),
        text=_("Listing %(reference)s was taken down before it was filled. Your %(amount)s is available in your wallet again; nothing was charged."),
        action=_("See your wallet"),
        mail=_("A listing you pledged to was withdrawn. What you pledged is available again."),
    ),
)


@handles("listing.opened")
def on_opened(*, job: JobContext) -> None:
    listing = _listing(job)
    _tell_borrower("listing.opened", listing, job=job, closes_at=listing.closes_at.isoformat())


@handles("listing.not_opened")
def on_not_opened(*, job: JobContext) -> None:
    """The consent to be shown was taken back before there was anything to show."""
    loan = Loan.objects.select_related("agreement__offer__application").get(pk=job.payload["loan"])
    tell_obligors(
        template="listing.not_opened",
        key=job.key,
        application=loan.agreement.offer.application,
        context={"reference": loan.reference},
        link=reverse("loans:loan", args=[loan.reference]),
        now=job.now,
    )


@handles("listing.closed")
def on_closed(*, job: JobContext) -> None:
    """Filled, not filled, or withdrawn."""
    listing = _listing(job)
    _tell_borrower(f"listing.{listing.state}", listing, job=job, amount=listing.target, currency=listing.currency)
    link = reverse("marketplace:portfolio" if listing.state == "filled" else "payments:wallet")
    crowd.tell(crowd="pledgers", about=listing.pk, template=f"pledge.{listing.state}", fact=job.key, link=link, now=job.now)


def _listing(job: JobContext) -> Listing:
    return Listing.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["listing"])


def _tell_borrower(template: str, listing: Listing, *, job: JobContext, **facts: object) -> None:
    tell_obligors(
        template=template,
        key=job.key,
        application=listing.loan.agreement.offer.application,
        context={"reference": listing.reference, **facts},
        link=reverse("loans:loan", args=[listing.loan.reference]),
        now=job.now,
    )


@crowd.source("pledgers")
def pledgers(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody whose pledge stood until the end, with what they had pledged in all."""
    listing = Listing.objects.get(pk=about)
    rows = Pledge.objects.filter(listing=listing, state__in=["settled", "released"], party__gt=after).values("party").annotate(total=Sum("amount"))
    facts = {"reference": listing.reference, "currency": listing.currency}
    return [(party, {**facts, "amount": total}) for party, total in rows.order_by("party").values_list("party", "total")[: crowd.PAGE]]
