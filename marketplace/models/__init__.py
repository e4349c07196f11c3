"""Listings and pledges, one file a noun."""

from marketplace.models.listing import LISTING, Listing
from marketplace.models.pledge import PLEDGE, Pledge

__all__ = ["LISTING", "PLEDGE", "Listing", "Pledge"]
