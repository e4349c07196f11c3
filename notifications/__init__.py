"""What we say to people: messages in their language, in the app and by e-mail, always through the outbox.

Decides how a thing is said; never whether it happened.
"""
