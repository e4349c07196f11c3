"""Finding open loans: words in Chinese or English, filters, and an order. Every list of open loans, its address and its saved searches ask here.

A text is searched by pairs of characters that stand together, so no language needs its words cut apart: 面包 finds 面包店, and "bak" a bakery.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, QuerySet, Value

from marketplace import consent
from marketplace.models import Listing, ListingWords

Q_MAX = 60
ORDERS = {"": ("closes_at", "pk"), "rate": ("-annual_rate", "pk"), "left": ("-pledged_share", "pk"), "new": ("-opens_at", "pk")}
TAGS = ("region", "industry")


class Words(Func):
    """Every one or two characters that stand together in a text."""

    function = "marketplace_words"
    arity = 1
    output_field = ArrayField(models.TextField())


class HasWords(Func):
    """Whether each word of the second text is part of the first, which is plain."""

    function = "marketplace_has_words"
    arity = 2
    output_field = models.BooleanField()


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
    def address(self) -> str:
        """The query of a list with these filters, in one spelling."""
        words = self.filters | ({"rate_min": f"{self.rate_min * 100:f}".rstrip("0").rstrip(".")} if self.rate_min else {})
        return urlencode(words)


def open_listings(*, now: datetime) -> QuerySet[Listing]:
    """What can be pledged to at `now` and is still to be shown. The disclosed record stays where it is: a list needs little of it."""
    return consent.shown(Listing.objects.filter(state="open", opens_at__lte=now, closes_at__gt=now), now=now).defer("disclosed")


def find(wanted: Wanted, *, now: datetime) -> QuerySet[Listing]:
    """Open listings that fit, in the order asked for."""
    rows = open_listings(now=now).annotate(pledged_share=F("funded") * 1.0 / F("target"))
    plain: dict[str, Any] = {"purpose": wanted.purpose, "grade": wanted.grade, "term_months__lte": wanted.term_max, "annual_rate__gte": wanted.rate_min}
    rows = rows.filter(**{name: value for name, value in plain.items() if value})
    tags = [f"={name}:{value}" for name in TAGS if (value := getattr(wanted, name))]
    if tags or wanted.q:
        rows = rows.filter(pk__in=_found(wanted.q[:Q_MAX], tags).values("pk"))
    return rows.order_by(*ORDERS[wanted.sort])


def _found(q: str, tags: list[str]) -> QuerySet[ListingWords]:
    """The index narrows by pairs; the words themselves are then looked for in what is left."""
    rows = ListingWords.objects.filter(words__contains=tags) if tags else ListingWords.objects.all()
    return rows.filter(Q(words__contains=Words(Value(q))), HasWords(F("text"), Value(q))) if q else rows
