"""Data subjects, their keys, notices, consents and the one door through which personal data is read.

Knows opaque persons and affairs; never loans, users or parties.
"""
