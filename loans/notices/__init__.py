"""What we tell the people bound by a loan: how their application and offer stand, the payout, receipts, and when a payment has not arrived.

`tell_obligors` is the one outbound door to them. Importing this registers the templates and the handlers of the facts they follow from.
"""

from loans.notices import application, collections, entry, hardship, loan
from loans.notices.door import tell_obligors

__all__ = ["application", "collections", "entry", "hardship", "loan", "tell_obligors"]
