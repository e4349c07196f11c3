"""The decision: frozen facts in; probability of default, grade, reasons and price out.

Pure in the middle; never reads a borrower's record, only the facts it is given.
"""
