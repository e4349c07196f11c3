"""What the market holds about a person: the listing of their loan, which shows their project to others, and the pledges they made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import states
from marketplace.models import Listing, Mandate, MandateTerms, Pledge, Purchase, Question, RunPart, Sale, SavedSearch, SuitabilityCheck
from privacy import copies, disclosure, emptying, restriction, rights, sweeps, vault
from privacy.models import DataSubject


def export(*, subject: DataSubject, now: datetime) -> dict[str, Any]:
    """Listings exactly as others saw them, every pledge and mandate, the names they had in runs, and what they look for."""
    return {
        "listings": copies.rows(Listing.objects.filter(loan__file__subject=subject), now=now),
        "pledges": copies.rows(Pledge.objects.filter(party__subject=subject), now=now),
        "shares_offered": copies.rows(Sale.objects.filter(party__subject=subject), now=now),
        "shares_bought": copies.rows(Purchase.objects.filter(party__subject=subject), now=now),
        "questions": _asked(subject, now=now),
        "questions_answered": _answered(subject, now=now),
        "suitability_checks": copies.rows(SuitabilityCheck.objects.filter(party__subject=subject), now=now),
        "saved_searches": copies.rows(SavedSearch.objects.filter(party__subject=subject), now=now),
        "mandates": copies.rows(Mandate.objects.filter(party__subject=subject), now=now),
        "run_parts": copies.rows(RunPart.objects.filter(party__subject=subject), now=now),
        "mandate_terms": copies.rows(MandateTerms.objects.filter(mandate__party__subject=subject), now=now),
    }


def _asked(subject: DataSubject, *, now: datetime) -> list[dict[str, Any]]:
    """Questions, without what others answered."""
    return _told(Question.objects.filter(party__subject=subject), "text", now=now)


def _answered(subject: DataSubject, *, now: datetime) -> list[dict[str, Any]]:
    """Answers, without who asked."""
    return _told(Question.objects.filter(listing__loan__file__subject=subject, answer__isnull=False), "answer", now=now)


def _told(questions: QuerySet[Question], field: str, *, now: datetime) -> list[dict[str, Any]]:
    found = list(questions.select_related("listing__loan__file__subject", "party__subject").order_by("pk"))
    opened = vault.open_sealed(found, (field,), engine=copies.ENGINE, purpose="rights", now=now) if found else {}
    return [
        {"reference": one.reference, "listing": one.listing.reference, "state": one.state, "asked_at": one.asked_at.isoformat(), **(opened[one.pk] or {})}
        for one in found
    ]


def holds(*, subject: DataSubject) -> list[str]:
    """A pledge in an open listing is settled or taken back first."""
    return ["open_pledge"] if Pledge.objects.filter(party__subject=subject, state="reserved").exists() else []


def erase(*, subject: DataSubject, now: datetime) -> None:
    """What was shown of the person goes, and what they looked for; amounts, rate and grade stay for those who funded it. Mandates end; their terms name nobody.

    The names the party had in runs are forgotten: a run's kept input can be run again byte for byte, and no longer says who was who.
    """
    RunPart.objects.filter(party__subject=subject).delete()
    Question.objects.filter(party__subject=subject).update(shown_text=None)
    for standing in Mandate.objects.filter(party__subject=subject).exclude(state="ended"):
        states.move(standing, "ended", now=now, why="erased", running_since=None, ended_at=now)
    _empty(Listing.objects.filter(loan__file__subject=subject))
    SavedSearch.objects.filter(party__subject=subject).delete()


def _empty(listings: Iterable[Listing]) -> list[int]:
    found = list(listings)
    for listing in found:
        shown = listing.disclosed
        gone = shown | {"facts": {}, "withheld": [*shown["facts"], *shown["withheld"]]}
        Listing.objects.filter(pk=listing.pk).update(title=None, story=None, disclosed=gone, attributes={})
        Question.objects.filter(listing=listing).update(shown_text=None, shown_answer=None)
    return [listing.pk for listing in found]


def _old_listings(*, cutoff: datetime, now: datetime) -> Sequence[object]:
    """The listing goes with the file it was made from."""
    over = Q(loan__state="repaid", loan__closed_on__lt=cutoff.date()) | Q(loan__state="cancelled", closed_at__lt=cutoff)
    gone = _empty(Listing.objects.filter(over, title__isnull=False).exclude(loan__file__subject__in=restriction.on_hold())[:500])
    emptying.empty(Question.objects.filter(listing__in=gone), rule="loan_file", now=now)
    return gone


rights.register("marketplace", export=export, erase=erase, holds=holds)
sweeps.register("loan_file", app="marketplace", sweep=_old_listings)
# How our software appears in "who looked at me".
disclosure.ROLES |= {
    "listing": _("publishing of listings"),
    "marketplace.suitability": _("check that investing suits you"),
    "marketplace.question": _("questions and answers on a listing"),
}
