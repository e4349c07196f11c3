"""A listing's life: published from the disclosed record, filled, expired or withdrawn. All or nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import translation

from core import business_day, outbox, references, states, sweeps
from core.outbox import JobContext, handles
from loans import disclosure, participation, product, screening
from loans import file as files
from loans.models import Application, BorrowerFile, Loan
from loans.models.application import PURPOSES
from marketplace import attributes, consent, outlook, postings, search_index, shares
from marketplace.models import Listing, Pledge
from privacy import assessments
from privacy.disclosure import Actor
from privacy.models import Consent

SHARES = "SELECT party_id, sum(amount) FROM marketplace_pledge WHERE listing_id = %(listing)s AND state = 'settled' GROUP BY party_id"


@handles("offer.accepted")
def on_accepted(*, job: JobContext) -> None:
    """The borrower accepted: the loan goes to the market, unless they have taken back meanwhile that it may be shown there."""
    loan = Loan.objects.select_related("agreement__offer__application", "file__subject", "file__matter").get(pk=job.payload["loan"])
    if consent.may_publish(loan.file, now=job.now):
        publish(loan=loan, now=job.now)
    elif loan.state == "agreed":
        _give_up(loan, why="consent_withdrawn", now=job.now)
        outbox.enqueue("listing.not_opened", key=f"loan:{loan.pk}:not_opened", payload={"loan": loan.pk})


@handles("consent.changed")
def on_consent(*, job: JobContext) -> None:
    """The borrower no longer wants the loan shown: its open listing comes down and everybody's money is released. A funded loan is not touched.

    Nothing has to be closed here: no grant outlives the answer it rests on.
    """
    if job.payload["purpose"] != consent.PURPOSE or job.payload["decision"] == "given":
        return
    answer = Consent.objects.select_related("matter").get(pk=job.payload["consent"])
    for listing in Listing.objects.filter(state="open", loan__file__matter=answer.matter, loan__file__matter__isnull=False):
        if not consent.stands(listing, now=job.now):
            withdraw(listing, as_of=business_day.current(), now=job.now, why="consent_withdrawn")


@transaction.atomic
def publish(*, loan: Loan, now: datetime) -> Listing:
    """Open the listing of an agreed loan, with exactly what the table discloses to investors at this stage. Repeating it returns the same one."""
    listing = Listing.objects.filter(loan=loan).first()
    if listing is not None:
        return listing
    assessments.require("listing_disclosure", now=now)
    terms = product.STANDARD
    BorrowerFile.objects.filter(pk=loan.file_id).update(stage=BorrowerFile.Stage.LISTING)
    listing = Listing(**_shown(loan, now=now), opens_at=now, closes_at=now + timedelta(days=terms.funding_days), unit=terms.unit, minimum=terms.unit)
    listing.expected_net = outlook.net_rate(listing).quantize(Decimal("0.000001"))
    listing.reference = references.make(Listing.REFERENCE_PREFIX)
    shares.declare(listing, borrower=loan.party_id)
    listing.save(force_insert=True)
    search_index.keep(listing, now=now)
    postings.open_escrow(listing)
    outbox.enqueue("listing.opened", key=f"listing:{listing.pk}:opened", payload={"listing": listing.pk})
    outbox.enqueue("listing.expire", key=f"listing:{listing.pk}:expire", payload={"listing": listing.pk}, run_at=listing.closes_at)
    return listing


ENGINE = Actor(kind="system", subject_id=None, role="listing")


def _shown(loan: Loan, *, now: datetime) -> dict[str, object]:
    """Terms as offered, facts as disclosed, words as far as strangers may read them: a title that names somebody makes room for the purpose."""
    offer = loan.agreement.offer
    application = offer.application
    shown = screening.words(application, actor=ENGINE, page="marketplace.publish", now=now)
    disclosed, facts = _disclosed(loan, shown, now=now)
    return {
        "loan": loan,
        "disclosed": disclosed,
        "title": shown.title or _purpose(application),
        "story": {"summary": shown.summary, "funds": [item["label"] for item in shown.funds]},
        "language": application.language,
        "purpose": application.purpose,
        "grade": offer.grade,
        "annual_rate": offer.annual_rate,
        "term_months": offer.term_months,
        "method": offer.method,
        "attributes": attributes.of(facts=facts, target=loan.principal, method=offer.method, verification=_verification(application)),
        "currency": loan.currency,
        "target": loan.principal,
    }


def _disclosed(loan: Loan, shown: screening.Words, *, now: datetime) -> tuple[dict[str, object], dict[str, dict[str, Any]]]:
    """What is shown, and the facts alone."""
    offer = loan.agreement.offer
    record = disclosure.disclose(loan.file, relation="investor", stage="listing", actor=ENGINE, page="marketplace.publish", now=now)
    disclosure.keep_spoken(loan.file, record)
    kind = record.pop("kind")
    facts = {field: cell for field, cell in record.items() if cell["form"] != disclosure.HIDDEN}
    found = {
        "facts": facts,
        "withheld": [field for field, cell in record.items() if cell["form"] == disclosure.HIDDEN],
        "screened": shown.withheld,
        "funds": [item["amount"] for item in shown.funds],
        "party_kind": kind["value"],
        "expected_loss": str(offer.expected_loss),
        "apr": str(offer.apr),
        "cap": str(offer.cap),
        "servicing_fee_rate": str(offer.servicing_fee_rate),
        "decision": offer.decision.reference,
    }
    return found, facts


def _purpose(application: Application) -> str:
    with translation.override(application.language):
        return str(dict(PURPOSES)[application.purpose])


def _verification(application: Application) -> str:
    """What was checked: the papers that lay beside the application when it was read, or the person only."""
    return "documents" if application.documents.filter(removed_at=None).exists() else "identity"


@handles("listing.full")
def on_full(*, job: JobContext) -> None:
    """The last unit was pledged: close the listing in a transaction of its own."""
    fill(Listing.objects.get(pk=job.payload["listing"]), as_of=business_day.current(), now=job.now)


@transaction.atomic
def fill(listing: Listing, *, as_of: date, now: datetime) -> bool:
    """Settle every hold, write the holders, hand over to loans. False when it was closed already, is not full (a pledge was cancelled), or waits
    until the last who may still take theirs back can no more.

    A consent taken back in time comes first: then everybody's money is released instead.
    """
    locked = _locked(listing)
    if locked.state != "open" or locked.funded != locked.target:
        return False
    if not consent.stands(locked, now=now):
        _close_empty(locked, "withdrawn", why="consent_withdrawn", as_of=as_of, now=now)
        return False
    if _waits(locked, now=now):
        return False
    states.move(locked, "filled", now=now, why="fully_pledged", closed_at=now)
    files.end_grants(file=locked.loan.file, relation="investor", now=now)
    postings.settle_all(locked, as_of=as_of)
    with states.because(why="listing_filled", now=now):
        locked.pledges.filter(state="reserved").update(state="settled", ended_at=now)
    participation.originate(loan=locked.loan, shares_sql=SHARES, params={"listing": locked.pk}, source=locked.ledger_owner, now=now)
    outbox.enqueue("listing.closed", key=f"listing:{locked.pk}:closed", payload={"listing": locked.pk})
    return True


def _waits(listing: Listing, *, now: datetime) -> bool:
    """Somebody's time to think runs: the listing is looked at again when it is over."""
    last = listing.pledges.filter(state="reserved", reflect_until__gt=now).aggregate(last=Max("reflect_until"))["last"]
    if last is not None:
        outbox.enqueue("listing.full", key=f"listing:{listing.pk}:full:{last.timestamp()}", payload={"listing": listing.pk}, run_at=last)
    return last is not None


@handles("listing.expire")
def on_time(*, job: JobContext) -> None:
    """The window has ended."""
    expire(Listing.objects.get(pk=job.payload["listing"]), as_of=business_day.current(), now=job.now)


@transaction.atomic
def expire(listing: Listing, *, as_of: date, now: datetime) -> bool:
    """Not filled in time: every reservation is released and the loan cancelled. A full listing is filled instead."""
    locked = _locked(listing)
    if locked.state != "open" or locked.closes_at > now:
        return False
    if locked.funded == locked.target:
        return fill(locked, as_of=as_of, now=now)
    _close_empty(locked, "expired", why="not_filled", as_of=as_of, now=now)
    return True


@transaction.atomic
def withdraw(listing: Listing, *, as_of: date, now: datetime, by: int | None = None, why: str = "withdrawn") -> bool:
    """Taken off the market by staff or the borrower: everybody's money is released. False when it was closed already."""
    locked = _locked(listing)
    if locked.state != "open":
        return False
    _close_empty(locked, "withdrawn", why=why, as_of=as_of, now=now, by=by)
    return True


def _locked(listing: Listing) -> Listing:
    rows = Listing.objects.select_for_update(of=("self",))
    return rows.select_related("loan__agreement__offer__application__file", "loan__party", "loan__file").get(pk=listing.pk)


def _close_empty(listing: Listing, to: str, *, why: str, as_of: date, now: datetime, by: int | None = None) -> None:
    postings.release_all(listing, as_of=as_of)
    with states.because(why=why, now=now, by=by):
        Pledge.objects.filter(listing=listing, state="reserved").update(state="released", ended_at=now)
    states.move(listing, to, now=now, by=by, why=why, closed_at=now, funded=0)
    _give_up(listing.loan, why=why, now=now, by=by)
    outbox.enqueue("listing.closed", key=f"listing:{listing.pk}:closed", payload={"listing": listing.pk})


def _give_up(loan: Loan, *, why: str, now: datetime, by: int | None = None) -> None:
    """The loan does not come about: cancelled, and its file open to nobody."""
    states.move(loan, "cancelled", now=now, by=by, why=why)
    files.end_grants(file=loan.file, now=now)
    BorrowerFile.objects.filter(pk=loan.file_id).update(stage=BorrowerFile.Stage.CLOSED)


def expire_due(*, as_of: date, now: datetime) -> int:
    """The safety net under the timed jobs. Returns how many listings were closed."""
    due = Listing.objects.filter(state="open", closes_at__lte=now).order_by("closes_at")[:200]
    return sweeps.each(due, lambda listing: expire(listing, as_of=as_of, now=now), what="listing past its time")
