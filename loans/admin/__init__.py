"""Staff's desk for loans: the review queue, payouts for two pairs of eyes, the registers to look at. Money and decisions are never edited here."""

from loans import ladder_admin
from loans.admin import hardship, payout, registers, review

__all__ = ["hardship", "ladder_admin", "payout", "registers", "review"]
