"""Where benchmarks run: a fresh database of the product's schema with durable commits, erased afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, connections

from core.embedded import Claim, Services


@contextmanager
def own_database() -> Iterator[None]:
    """Inside, every connection of this process and its children is to the bench database."""
    plain = connection.settings_dict["NAME"]
    claim, services = Claim(), Services(postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
    claim.take()
    services.start()
    try:
        for alias in connections:
            connections[alias].settings_dict["TEST"]["NAME"] = f"bench_{plain}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connections["sandbox_bank"].settings_dict["NAME"] = connection.settings_dict["NAME"]
        try:
            yield
        finally:
            connections.close_all()
            connection.creation.destroy_test_db(plain, verbosity=0)
    finally:
        services.stop()
        claim.drop()
