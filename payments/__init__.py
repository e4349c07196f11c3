"""Wallets, deposits, withdrawals and the rails money travels on, with reconciliation against what the bank says.

Knows parties and bank accounts; never loans.
"""
