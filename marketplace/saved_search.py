"""Searches an investor keeps: saved once, ended, and held against each listing that opens."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import parties
from accounts.models import Party, User
from core import references
from core.refusals import Conflict
from marketplace import search_index
from marketplace.models import Listing, SavedSearch
from marketplace.search import Wanted
from privacy import vault

MOST = 20


class UnableToSave(Conflict):
    """Nothing was saved. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def of(party: Party) -> QuerySet[SavedSearch]:
    """The party's searches, newest first."""
    return SavedSearch.objects.filter(party=party, ended_at=None).order_by("-created_at", "-pk")


def save(wanted: Wanted, *, party: Party, by: User, now: datetime) -> SavedSearch:
    """Keep these filters; saved already, it is the one there is. Raises UnableToSave: nothing_wanted, too_many."""
    if not wanted.narrows:
        raise UnableToSave("nothing_wanted", _("Choose at least one filter first: a search for everything would tell you about every loan."))
    mark = vault.blind_index("saved_search", wanted.address)
    kept = of(party).filter(mark=mark).first()
    if kept is not None:
        return kept
    if of(party).count() >= MOST:
        raise UnableToSave("too_many", _("You keep 20 searches already. End one first."))
    try:
        with transaction.atomic():
            return SavedSearch.objects.create(
                reference=references.make(SavedSearch.REFERENCE_PREFIX), party=party, user=by, mark=mark, created_at=now, **wanted.filters
            )
    except IntegrityError:  # the same form, twice at once
        return of(party).get(mark=mark)


def end(saved: SavedSearch, *, now: datetime) -> None:
    """No more messages about it. Repeating it changes nothing."""
    SavedSearch.objects.filter(pk=saved.pk, ended_at=None).update(ended_at=now)


def looking_for(listing: Listing) -> QuerySet[Party]:
    """Verified investors one of whose searches this open listing fits, in the order of parties; nobody is told about a loan of their own."""
    if listing.state != "open":
        return Party.objects.none()
    tags = search_index.tags(listing)
    fits = SavedSearch.objects.filter(
        Q(purpose="") | Q(purpose=listing.purpose),
        Q(grade="") | Q(grade=listing.grade),
        Q(term_max=None) | Q(term_max__gte=listing.term_months),
        Q(rate_min=None) | Q(rate_min__lte=listing.annual_rate),
        Q(region="") | Q(region__in=_said(tags, "region")),
        Q(industry="") | Q(industry__in=_said(tags, "industry")),
        ended_at=None,
        party__invests=True,
        party__verified_at__isnull=False,
    )
    text = search_index.said(listing)
    looking = {kept.party_id for kept in fits.only("party", "q", "row_id").iterator() if search_index.has_words(text, kept.q)}
    found = Party.objects.filter(pk__in=looking)
    return found.exclude(pk__in=parties.sharing_persons(listing.loan.party).values("pk")).order_by("pk")


def _said(tags: set[str], name: str) -> list[str]:
    """The code a listing gives for that filter, if it gives one."""
    return [tag.removeprefix(f"={name}:") for tag in tags if tag.startswith(f"={name}:")]
