"""What every test stands on."""

import pgtrigger
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from pgtrigger import registry


def pytest_configure() -> None:
    """Signing somebody in must not cost a quarter of a second in each test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True, scope="session")
def books_may_be_emptied_between_tests():
    """Tables that refuse TRUNCATE refuse the flush after a transactional test too; there, and only there, they let it pass."""
    flush = TransactionTestCase._fixture_teardown
    uris = [uri for uri, (_, trigger) in registry._registry.items() if pgtrigger.Truncate in trigger.operation]

    def emptied(test: TransactionTestCase) -> None:
        with pgtrigger.ignore(*uris):
            flush(test)

    TransactionTestCase._fixture_teardown = emptied
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def sandbox_bank_connection(request):
    """The sandbox bank writes on the test's own connection, unless the test asks for the bank's: django_db(transaction=True, databases=[…, "sandbox_bank"])."""
    marker = request.node.get_closest_marker("django_db")
    own = marker is not None and "sandbox_bank" in (marker.kwargs.get("databases") or ())
    settings.SANDBOX_BANK_ALIAS = "sandbox_bank" if own else "default"
