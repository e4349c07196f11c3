"""Finding open loans: words in Chinese or English, filters, and an order. Every list of open loans, its address and its saved searches ask here.

How words are found stands in search_index.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from core.api.paging import Page
from marketplace import consent, search_index
from marketplace.models import Listing, ListingWords, SearchKey
from marketplace.models.saved_search import spelled
from privacy import vault

Q_MAX = 60
ORDERS = {"": ("closes_at", "pk"), "rate": ("-annual_rate", "pk"), "left": ("-pledged_share", "pk"), "new": ("-opens_at", "pk")}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody looks for; an empty field narrows nothing. `rate_min` is a fraction a year."""

    q: str = ""
    purpose: str = ""
    grade: str = ""
    term_max: int | None = None
    rate_min: Decimal | None = None
    region: str = ""
    industry: str = ""
    sort: str = ""

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows, without the order."""
        return {field.name: value for field in fields(self) if field.name != "sort" and (value := getattr(self, field.name))}

    @property
    def narrows(self) -> bool:
        return bool(self.filters)

    @property
    def tags(self) -> list[str]:
        """What is not a column of the listing."""
        return [f"={name}:{value}" for name in search_index.TAGS if (value := getattr(self, name))]

    @property
    def needs_words(self) -> bool:
        return bool(self.q or self.tags)

    @property
    def address(self) -> str:
        """The query of a list with these filters, in one spelling."""
        return spelled(self.filters)


def open_listings(*, now: datetime) -> QuerySet[Listing]:
    """What can be pledged to at `now` and is still to be shown. The disclosed record and its story stay where they are: a list needs little of them."""
    return consent.shown(Listing.objects.filter(state="open", opens_at__lte=now, closes_at__gt=now), now=now).defer("disclosed", "story")


def find(wanted: Wanted, *, now: datetime) -> QuerySet[Listing]:
    """Open listings that fit, in the order asked for."""
    return _fitting(wanted, now=now, words=_found(wanted, search_index.keys()) if wanted.needs_words else None)


def first(wanted: Wanted, take: Callable[[QuerySet[Listing]], Page], *, now: datetime) -> Page:
    """What `take` takes of them. The keys words are numbered with are not asked for first: what is numbered with a key this process did not see yet is
    looked at as well, and only where that turns up they are read anew. So nothing that fits is missed, and nothing else is shown."""
    if not wanted.needs_words:
        return take(find(wanted, now=now))
    with suppress(vault.Unopenable):  # a key seen earlier may be destroyed by now
        known = search_index.seen()
        rows = _fitting(wanted, now=now, words=_found(wanted, known) | search_index.numbered_otherwise(known))
        page = take(rows.annotate(numbered_with=F("words__key")))
        if {row.numbered_with for row in page.rows} <= {key.pk for key in known}:
            return page
    return take(find(wanted, now=now))


def _fitting(wanted: Wanted, *, now: datetime, words: Q | None) -> QuerySet[Listing]:
    rows = open_listings(now=now).annotate(pledged_share=F("funded") * 1.0 / F("target"))
    plain: dict[str, Any] = {"purpose": wanted.purpose, "grade": wanted.grade, "term_months__lte": wanted.term_max, "annual_rate__gte": wanted.rate_min}
    rows = rows.filter(**{name: value for name, value in plain.items() if value})
    if words is not None:
        rows = rows.filter(pk__in=ListingWords.objects.filter(words).values("pk"))
    return rows.order_by(*ORDERS[wanted.sort])


def _found(wanted: Wanted, keys: Iterable[SearchKey]) -> Q:
    return search_index.found(wanted.q[:Q_MAX], wanted.tags, keys)
