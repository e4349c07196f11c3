"""The borrower's consent to be shown to investors, as the market reads it: at the moment of each look, so that a withdrawal holds from its own commit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from loans.models import BorrowerFile
from marketplace.models import Listing
from privacy import consents
from privacy.models import Consent

PURPOSE = "listing_disclosure"


def may_publish(file: BorrowerFile, *, now: datetime) -> bool:
    """Whether a loan may newly be shown to investors: a yes to the notice as it stands today."""
    return consents.is_given(subject=file.subject, purpose=PURPOSE, matter=file.matter, now=now)


def shown(listings: QuerySet[Listing], *, now: datetime) -> QuerySet[Listing]:
    """Those of these listings whose borrower's last answer is a yes that has not run out and whose data is not locked: in one query."""
    answers = Consent.objects.filter(matter__isnull=False, matter=OuterRef("loan__file__matter"), purpose=PURPOSE).order_by("-sequence")
    yes = Q(decision=Consent.Decision.GIVEN) & (Q(expires_at=None) | Q(expires_at__gt=now))
    return listings.filter(Subquery(answers.annotate(yes=yes).values("yes")[:1]), loan__file__subject__restricted_at=None)


def answers(listings: QuerySet[Listing], *, now: datetime) -> dict[int, int]:
    """The answer in force behind each of these listings that may be shown: listing → consent."""
    last = Consent.objects.filter(matter__isnull=False, matter=OuterRef("loan__file__matter"), purpose=PURPOSE).order_by("-sequence").values("pk")[:1]
    return dict(shown(listings, now=now).order_by().values_list("pk", Subquery(last)))


def is_shown(listing: Listing, *, now: datetime) -> bool:
    """The same for one listing. A notice that changed meanwhile takes down nothing; only the borrower's own word does, or its end."""
    return shown(Listing.objects.filter(pk=listing.pk), now=now).exists()
