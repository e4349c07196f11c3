"""A listing's life: published from the disclosed record, filled, expired or withdrawn. All or nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from core import business_day, outbox, states
from core.outbox import JobContext, handles
from loans import disclosure, participation, product
from loans import file as files
from loans.models import BorrowerFile, Loan
from marketplace import postings
from marketplace.models import Listing, Pledge
from privacy import assessments
from privacy.disclosure import Actor

SHARES = "SELECT party_id, sum(amount) FROM marketplace_pledge WHERE listing_id = %(listing)s AND state = 'settled' GROUP BY party_id"


@handles("offer.accepted")
def on_accepted(*, job: JobContext) -> None:
    """The borrower accepted: the loan goes to the market."""
    publish(loan=Loan.objects.select_related("agreement__offer__application", "file").get(pk=job.payload["loan"]), now=job.now)


@transaction.atomic
def publish(*, loan: Loan, now: datetime) -> Listing:
    """Open the listing of an agreed loan, with exactly what the table discloses to investors at this stage. Repeating it returns the same one."""
    listing = Listing.objects.filter(loan=loan).first()
    if listing is not None:
        return listing
    assessments.require("listing_disclosure", now=now)
    terms = product.STANDARD
    BorrowerFile.objects.filter(pk=loan.file_id).update(stage=BorrowerFile.Stage.LISTING)
    listing = Listing.objects.create(
        **_attributes(loan, now=now), opens_at=now, closes_at=now + timedelta(days=terms.funding_days), unit=terms.unit, minimum=terms.unit
    )
    postings.open_escrow(listing)
    outbox.enqueue("listing.opened", key=f"listing:{listing.pk}:opened", payload={"listing": listing.pk})
    outbox.enqueue("listing.expire", key=f"listing:{listing.pk}:expire", payload={"listing": listing.pk}, run_at=listing.closes_at)
    return listing


def _attributes(loan: Loan, *, now: datetime) -> dict[str, object]:
    offer = loan.agreement.offer
    application = offer.application
    record = disclosure.disclose(
        loan.file, relation="investor", stage="listing", actor=Actor(kind="system", subject_id=None, role="listing"), page="marketplace.publish", now=now
    )
    return {
        "loan": loan,
        "disclosed": {
            "facts": {field: cell for field, cell in record.items() if cell["form"] != disclosure.HIDDEN},
            "withheld": [field for field, cell in record.items() if cell["form"] == disclosure.HIDDEN],
            "summary": application.summary,
            "funds": [{"label": item.label, "amount": item.amount} for item in application.funds.order_by("position")],
            "party_kind": application.party.kind,
            "expected_loss": str(offer.expected_loss),
            "apr": str(offer.apr),
            "cap": str(offer.cap),
            "servicing_fee_rate": str(offer.servicing_fee_rate),
            "decision": offer.decision.reference,
        },
        "title": application.title,
        "language": application.language,
        "purpose": application.purpose,
        "grade": offer.grade,
        "annual_rate": offer.annual_rate,
        "term_months": offer.term_months,
        "method": offer.method,
        "currency": loan.currency,
        "target": loan.principal,
    }


def open_listings(*, now: datetime) -> QuerySet[Listing]:
    """What can be pledged to at `now`, with the number of pledges."""
    return (
        Listing.objects.filter(state="open", opens_at__lte=now, closes_at__gt=now)
        .annotate(backers=Coalesce(Count("pledges", filter=Q(pledges__state="reserved")), 0))
        .order_by("closes_at", "pk")
    )


ORDERS = {"": ("closes_at", "pk"), "rate": ("-annual_rate", "pk"), "left": ("-pledged_share", "pk"), "new": ("-opens_at", "pk")}


def search(*, purpose: str = "", grade: str = "", term_max: int | None = None, sort: str = "", now: datetime) -> QuerySet[Listing]:
    """Open listings for a purpose, of a grade, at most so long, in one of the orders."""
    rows = open_listings(now=now).annotate(pledged_share=F("funded") * 1.0 / F("target"))
    wanted = {"purpose": purpose, "grade": grade, "term_months__lte": term_max}
    return rows.filter(**{name: value for name, value in wanted.items() if value}).order_by(*ORDERS[sort])


@handles("listing.full")
def on_full(*, job: JobContext) -> None:
    """The last unit was pledged: close the listing in a transaction of its own."""
    fill(Listing.objects.get(pk=job.payload["listing"]), as_of=business_day.current(), now=job.now)


@transaction.atomic
def fill(listing: Listing, *, as_of: date, now: datetime) -> bool:
    """Settle every hold, write the holders, hand over to loans. False when it was closed already or is not full (a pledge was cancelled)."""
    locked = Listing.objects.select_for_update(of=("self",)).select_related("loan__agreement__offer__application__file", "loan__party").get(pk=listing.pk)
    if locked.state != "open" or locked.funded != locked.target:
        return False
    states.move(locked, "filled", now=now, why="fully_pledged", closed_at=now)
    postings.settle_all(locked, as_of=as_of)
    with states.because(why="listing_filled", now=now):
        locked.pledges.filter(state="reserved").update(state="settled", ended_at=now)
    participation.originate(loan=locked.loan, shares_sql=SHARES, params={"listing": locked.pk}, source=locked.ledger_owner, now=now)
    outbox.enqueue("listing.closed", key=f"listing:{locked.pk}:closed", payload={"listing": locked.pk})
    return True


@handles("listing.expire")
def on_time(*, job: JobContext) -> None:
    """The window has ended."""
    expire(Listing.objects.get(pk=job.payload["listing"]), as_of=business_day.current(), now=job.now)


@transaction.atomic
def expire(listing: Listing, *, as_of: date, now: datetime) -> bool:
    """Not filled in time: every reservation is released and the loan cancelled. A full listing is filled instead."""
    locked = Listing.objects.select_for_update(of=("self",)).select_related("loan__file").get(pk=listing.pk)
    if locked.state != "open" or locked.closes_at > now:
        return False
    if locked.funded == locked.target:
        return fill(locked, as_of=as_of, now=now)
    _close_empty(locked, "expired", why="not_filled", as_of=as_of, now=now)
    return True


@transaction.atomic
def withdraw(listing: Listing, *, as_of: date, now: datetime, by: int | None = None) -> None:
    """Taken off the market by staff or the borrower: everybody's money is released."""
    locked = Listing.objects.select_for_update(of=("self",)).select_related("loan__file").get(pk=listing.pk)
    _close_empty(locked, "withdrawn", why="withdrawn", as_of=as_of, now=now, by=by)


def _close_empty(listing: Listing, to: str, *, why: str, as_of: date, now: datetime, by: int | None = None) -> None:
    postings.release_all(listing, as_of=as_of)
    with states.because(why=why, now=now, by=by):
        Pledge.objects.filter(listing=listing, state="reserved").update(state="released", ended_at=now)
    states.move(listing, to, now=now, by=by, why=why, closed_at=now, funded=0)
    states.move(listing.loan, "cancelled", now=now, by=by, why=why)
    files.end_grants(file=listing.loan.file, now=now)
    BorrowerFile.objects.filter(pk=listing.loan.file_id).update(stage=BorrowerFile.Stage.CLOSED)
    outbox.enqueue("listing.closed", key=f"listing:{listing.pk}:closed", payload={"listing": listing.pk})


def expire_due(*, as_of: date, now: datetime) -> int:
    """The safety net under the timed jobs. Returns how many listings were closed."""
    due = Listing.objects.filter(state="open", closes_at__lte=now).order_by("closes_at")[:200]
    return sum(expire(listing, as_of=as_of, now=now) for listing in due)
