"""The crowd: listings, pledges and portfolios.

Hands a filled listing to loans as shares; never changes a contract.
"""
