"""Who may open which listing, and the note that they did. Pages and the API ask here."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.access import actor
from accounts.models import Party, User
from loans import file as files
from marketplace import consent
from marketplace.models import Listing, Pledge
from privacy import disclosure


def visible(reference: str, *, user: User, party: Party) -> Listing:
    """An open listing for any verified investor, while its borrower lets it be shown; a closed one only for those who pledged or hold.

    Raises Http404: to everybody else it is not there.
    """
    if party.verified_at is None:
        raise Http404
    rows = Listing.objects.select_related("loan__file__subject", "loan__agreement__offer__application")
    listing = get_object_or_404(rows, reference=reference)
    shown = consent.is_shown(listing, now=timezone.now()) if listing.state == "open" else files.relation_of(user, listing.loan.file)
    if not shown:
        raise Http404
    return listing


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


def own_pledge(reference: str, *, party: Party) -> Pledge:
    """A pledge of that party; anybody else's is not there."""
    return get_object_or_404(Pledge.objects.select_related("listing", "party"), reference=reference, party=party)
