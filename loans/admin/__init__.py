"""Staff's desk for loans: the review queue, payouts for two pairs of eyes, the registers to look at. Money and decisions are never edited here."""

from loans import ladder_admin
from loans.admin import hardship, look, payout, registers, review

__all__ = ["hardship", "ladder_admin", "look", "payout", "registers", "review"]
