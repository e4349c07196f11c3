"""The borrower's pages: applying, the offer, the loan in life. Each view makes one domain call."""
