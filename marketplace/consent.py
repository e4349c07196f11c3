"""The borrower's consent to be shown to investors, as the market reads it: at the moment of each look, so that a withdrawal holds from its own commit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from loans.models import BorrowerFile
from marketplace.models import Listing
from privacy import consents, notices
from privacy.models import Consent

PURPOSE = "listing_disclosure"


def may_publish(file: BorrowerFile, *, now: datetime) -> bool:
    """Whether a loan may newly be shown to investors: a yes to the notice as it stands today."""
    return consents.is_given(subject=file.subject, purpose=PURPOSE, matter=file.matter, now=now)


def _yes(listings: QuerySet[Listing], good: Q) -> QuerySet[Listing]:
    """Those whose borrower's last answer is `good`, and whose data is not locked: in one query."""
    answers = Consent.objects.filter(matter__isnull=False, matter=OuterRef("loan__file__matter"), purpose=PURPOSE).order_by("-sequence")
    return listings.filter(Subquery(answers.annotate(good=good).values("good")[:1]), loan__file__subject__restricted_at=None)


def _given(now: datetime) -> Q:
    return Q(decision=Consent.Decision.GIVEN) & (Q(expires_at=None) | Q(expires_at__gt=now))


def shown(listings: QuerySet[Listing], *, now: datetime) -> QuerySet[Listing]:
    """Those whose borrower said yes, to a notice that has not changed in substance since: one that has hides a listing until it is answered."""
    return _yes(listings, _given(now) & ~Q(notice__in=notices.superseded().values("pk")))


def answers(listings: QuerySet[Listing], *, now: datetime) -> dict[int, int]:
    """The answer in force behind each of these listings that may be shown: listing → consent."""
    last = Consent.objects.filter(matter__isnull=False, matter=OuterRef("loan__file__matter"), purpose=PURPOSE).order_by("-sequence").values("pk")[:1]
    return dict(shown(listings, now=now).order_by().values_list("pk", Subquery(last)))


def is_shown(listing: Listing, *, now: datetime) -> bool:
    """The same for one listing."""
    return shown(Listing.objects.filter(pk=listing.pk), now=now).exists()


def stands(listing: Listing, *, now: datetime) -> bool:
    """Whether it need not come down. A notice that changed meanwhile takes down nothing; only the borrower's own word does, or its end."""
    return _yes(Listing.objects.filter(pk=listing.pk), _given(now)).exists()
