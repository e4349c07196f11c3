"""What the market keeps, one file a noun."""

from marketplace.models.listing import LISTING, Listing, ListingWords, SearchKey
from marketplace.models.mandate import MANDATE, Mandate, MandateTerms
from marketplace.models.pledge import PLEDGE, Pledge, PledgeIntent
from marketplace.models.question import QUESTION, Question
from marketplace.models.run import RUN, MatchRun, RunPart
from marketplace.models.sale import SALE, Purchase, Sale
from marketplace.models.saved_search import SavedSearch
from marketplace.models.suitability import SuitabilityCheck

__all__ = [
    "LISTING",
    "MANDATE",
    "PLEDGE",
    "QUESTION",
    "RUN",
    "SALE",
    "Listing",
    "ListingWords",
    "Mandate",
    "MandateTerms",
    "MatchRun",
    "Pledge",
    "PledgeIntent",
    "Purchase",
    "Question",
    "RunPart",
    "Sale",
    "SavedSearch",
    "SearchKey",
    "SuitabilityCheck",
]
