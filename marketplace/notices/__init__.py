"""What we tell the crowd: listings and pledges, and how the loans fare that people fund. Borrowers are told through loans.notices alone.

Importing this registers the templates and the handlers of the facts they follow from.
"""

from marketplace.notices import crowd, holding, listing, plan, pledge, question, run, sale, search

__all__ = ["crowd", "holding", "listing", "plan", "pledge", "question", "run", "sale", "search"]
