"""The contract: application, offer, agreement, disbursement, schedule, repayment, delinquency; and who owns each loan.

Holds the borrower's file and the table of what is disclosed from it, to whom, when.
"""
