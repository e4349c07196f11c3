from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.core.management import call_command

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def nothing_counted_yet(db: None) -> None:
    """Rate limits count in the cache."""
    cache.clear()


@pytest.fixture
def notices(db: None) -> None:
    call_command("publish_notices", verbosity=0)
