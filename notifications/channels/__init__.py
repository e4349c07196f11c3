"""The ways a message reaches a person: always the inbox, and by e-mail where the person wants it."""
