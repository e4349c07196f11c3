"""After a transactional test nothing of it is left, whichever way its tables were emptied."""

from unittest.mock import Mock

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from core.models import CalendarYear, Holiday
from tests import emptying
from tests.cast import alice, dan

pytestmark = pytest.mark.django_db(transaction=True)
STAYS = (ContentType, Permission, Holiday, CalendarYear)


def at_the_end_of_a_test() -> None:
    TransactionTestCase._fixture_teardown(TransactionTestCase())  # type: ignore[attr-defined]


def kept() -> list[int]:
    return [model.objects.count() for model in STAYS]


def rows_elsewhere() -> dict[str, int]:
    tables = set(connection.introspection.table_names())
    models = [model for model in apps.get_models() if model not in STAYS and model._meta.db_table in tables]
    found = {model._meta.label: model._base_manager.count() for model in models}
    return {label: count for label, count in found.items() if count}


@pytest.mark.parametrize("touched", [False, True], ids=["what stays untouched", "a holiday entered"])
def test_nothing_is_left_but_what_every_database_begins_with(now, touched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_end_of_a_test()
    before, quickly = kept(), Mock(wraps=emptying._empty)
    alice(now=now), dan(now=now)
    assert len(rows_elsewhere()) > 10
    if touched:
        Holiday.objects.create(calendar="CN", day="1990-01-01")
    monkeypatch.setattr(emptying, "_empty", quickly)
    at_the_end_of_a_test()
    assert quickly.called is not touched, "the quick way where it may be taken, Django's own where not"
    assert kept() == before
    assert rows_elsewhere() == {}
