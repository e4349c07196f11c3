"""The books: accounts and transfers, balanced by construction, append-only, overdraft rules in the database.

Knows amounts and opaque owners; never why money moves.
"""
