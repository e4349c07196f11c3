"""Users, parties and memberships, sign-in, identity checks and who did what.

A wallet, application or pledge belongs to a party; users act for parties.
"""
