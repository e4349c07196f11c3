"""When a payment is missing: cases with stages in public words, promises, write-off by two people, recoveries with their costs, sale of a claim.

What is said to the borrower goes through `loans.notices`, and a reminder of a payment through the contact policy; nobody else is told.
"""
