"""Listings and pledges, one file a noun."""

from marketplace.models.listing import LISTING, Listing, ListingWords
from marketplace.models.pledge import PLEDGE, Pledge
from marketplace.models.sale import SALE, Purchase, Sale
from marketplace.models.saved_search import SavedSearch

__all__ = ["LISTING", "PLEDGE", "SALE", "Listing", "ListingWords", "Pledge", "Purchase", "Sale", "SavedSearch"]
