"""Embedded PostgreSQL and Valkey, from wheels, for a checkout that was given no DATABASE_URL or REDIS_URL.

Importing this package, and asking where the services live, starts nothing; only `Services.start` does.
Settings use: home, secret, secrets_kept, database_settings, redis_url, broker_url. Commands and tests use: Services, Claim, UnableToStart.
"""

from core.embedded.addresses import broker_url, database_settings, redis_url
from core.embedded.claim import Claim
from core.embedded.places import UnableToStart, home
from core.embedded.secret import secret, secrets_kept
from core.embedded.services import Services

__all__ = ["Claim", "Services", "UnableToStart", "broker_url", "database_settings", "home", "redis_url", "secret", "secrets_kept"]
