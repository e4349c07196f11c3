"""Borrowing for programs: the application section by section, the offer, the loan in life; the same domain calls as the pages."""
