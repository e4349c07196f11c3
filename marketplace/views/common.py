"""What the market's pages share: the acting party, the currency, how long a page of a list is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Party
from core import business_day
from marketplace import seen
from marketplace.models import Listing

PAGE = 24


def acting(request: HttpRequest) -> Party:
    """The party the person acts for, set by `party_required`."""
    return request.party  # type: ignore[attr-defined, no-any-return]


def market_currency() -> str:
    """One currency an installation, for now."""
    return str(settings.DEFAULT_CURRENCY)


def marked(request: HttpRequest, *listings: Listing) -> dict[str, str]:
    """For the pages on which a borrower's affairs stand: whom they were made for."""
    return {"watermark": seen.watermark(*listings, viewer=request.user, on=business_day.current())}  # type: ignore[arg-type]
