"""Who may open which listing, and the note that they did. Pages and the API ask here.

Every look rests on a grant in force: a pledger's or holder's, or, while the listing is open, one made at the first look of a verified investor.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.access import actor
from accounts.models import Party, User
from loans import disclosure as loans_disclosure
from loans import file as files
from loans.models import Loan, Participation, Plan
from marketplace import consent, sale
from marketplace.models import Listing, Pledge, Purchase, Sale, SavedSearch
from privacy import consents, disclosure

LOOKING_DAYS = 30
"""For so long a look opens the file of a listing that stays open; the next look renews it."""


def visible(reference: str, *, user: User, party: Party) -> Listing:
    """An open listing for any verified investor, while its borrower lets it be shown; a closed one only for those who pledged or hold.

    Raises Http404: to everybody else it is not there.
    """
    if party.verified_at is None:
        raise Http404
    rows = Listing.objects.select_related("loan__file__subject", "loan__file__matter", "loan__agreement__offer__application")
    listing = get_object_or_404(rows, reference=reference)
    if relation(listing, user=user, party=party, now=timezone.now()) is None:
        raise Http404
    return listing


def relation(listing: Listing, *, user: User, party: Party, now: datetime) -> str | None:
    """As what this user sees the borrower's file: by the grant they have, or the one that they may have."""
    file = listing.loan.file
    found = files.relation_of(user, file)
    wanted = None if found else _entitled(listing, party)
    if wanted is None or not consent.is_shown(listing, now=now):
        return found
    answer = consents.state(subject=file.subject, purpose=consent.PURPOSE, matter=file.matter, now=now).last
    assert answer is not None
    expires_at = now + timedelta(days=LOOKING_DAYS) if wanted == "investor" else None
    files.grant(file=file, party=party, relation=wanted, consent=answer, now=now, expires_at=expires_at)
    return files.relation_of(user, file)


def _entitled(listing: Listing, party: Party) -> str | None:
    """What the party has done gives it this much; what it may see of that, the borrower's consent and the file's stage decide."""
    if listing.loan.participations.filter(party=party, ended_at=None).exists():
        return "holder" if listing.loan.disbursed_on is not None else "pledger"
    if listing.pledges.filter(party=party, state="reserved").exists():
        return "pledger"
    return "investor" if listing.state == "open" else None


def note(listing: Listing, *, user: User, page: str, now: datetime) -> None:
    """The borrower sees that somebody looked, and at which kinds of facts."""
    disclosure.note(
        [listing.loan.file.subject_id],
        kinds_seen=["listing_attribute", "project", "use_of_funds"],
        actor=actor(user, role="investor"),
        purpose="listing_disclosure",
        page=page,
        now=now,
        reference=listing.reference,
    )


def held_plan(reference: str, *, user: User, party: Party) -> tuple[Plan, Participation]:
    """A plan put to the holders, for one of them; to everybody else it is not there. Raises Http404."""
    rows = Plan.objects.select_related("loan__listing", "loan__file__subject", "loan__party").filter(accepted_at__isnull=False)
    plan = get_object_or_404(rows, reference=reference)
    holding = get_object_or_404(Participation, loan=plan.loan, party=party, ended_at=None)
    if not loans_disclosure.shows("plan", relation=files.relation_of(user, plan.loan.file), stage=plan.loan.file.stage):
        raise Http404
    return plan, holding


def note_life(loan: Loan, *, user: User, page: str, now: datetime) -> None:
    """The borrower sees that a holder looked at how the loan fares."""
    disclosure.note(
        [loan.file.subject_id],
        kinds_seen=["contract_terms", "payment_state"],
        actor=actor(user, role="holder"),
        purpose="listing_disclosure",
        page=page,
        now=now,
        reference=loan.reference,
    )


def own_pledge(reference: str, *, party: Party) -> Pledge:
    """A pledge of that party; anybody else's is not there."""
    return get_object_or_404(Pledge.objects.select_related("listing__loan", "party", "mandate", "run"), reference=reference, party=party)


def own_search(reference: str, *, party: Party) -> SavedSearch:
    """A search of that party; anybody else's is not there."""
    return get_object_or_404(SavedSearch, reference=reference, party=party)


def own_holding(reference: str, *, party: Party) -> Participation:
    """The party's living share of the loan of that listing; a share handed on is not there any more."""
    rows = Participation.objects.select_related("loan__listing", "loan__standing", "party").filter(ended_at=None)
    return get_object_or_404(rows, loan__listing__reference=reference, party=party)


def visible_sale(reference: str, *, user: User, party: Party, page: str = "marketplace.sale") -> Sale:
    """An open offer for any verified investor, while the loan's borrower lets facts be shown; the look is noted. Raises Http404."""
    if party.verified_at is None:
        raise Http404
    rows = Sale.objects.select_related("participation__loan__listing", "participation__loan__file__subject", "participation__loan__standing", "party")
    found = get_object_or_404(rows, reference=reference, state="open")
    loan, now = found.participation.loan, timezone.now()
    if not consent.is_shown(loan.listing, now=now):
        raise Http404
    note_life(loan, user=user, page=page, now=now)
    return found


def own_sale(reference: str, *, party: Party) -> Sale:
    """An offer of that party; anybody else's is not there."""
    return get_object_or_404(sale.of(party), reference=reference)


def own_purchase(reference: str, *, party: Party) -> Purchase:
    """A purchase of that party; anybody else's is not there."""
    return get_object_or_404(Purchase.objects.select_related("sale__participation__loan__listing"), reference=reference, party=party)
