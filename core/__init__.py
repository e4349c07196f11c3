"""What every other app stands on: money, states, the business day, the outbox, idempotency, encrypted storage, embedded services.

A closed list: a thing belongs here only when three apps need it and it knows nothing about lending.
"""
