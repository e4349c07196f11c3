"""Staff's desk for loans: the review queue, payouts for two pairs of eyes,
loans and what may be entered on them, the ends of days, the registers. Money and
decisions are never edited here: what is entered is proposed by one person and confirmed by another."""

from loans import ladder_admin
from loans.admin import adjustment, collections, day, hardship, loan, look, override, payout, registers, review

__all__ = ["adjustment", "collections", "day", "hardship", "ladder_admin", "loan", "look", "override", "payout", "registers", "review"]
