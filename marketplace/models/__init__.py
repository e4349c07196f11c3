"""Listings and pledges, one file a noun."""

from marketplace.models.listing import LISTING, Listing, ListingWords
from marketplace.models.pledge import PLEDGE, Pledge
from marketplace.models.saved_search import SavedSearch

__all__ = ["LISTING", "PLEDGE", "Listing", "ListingWords", "Pledge", "SavedSearch"]
