from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection

from privacy import consents, subjects
from privacy import notices as published

from .diary import Diary, Owner

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def notices(db):
    call_command("publish_notices", verbosity=0)


@pytest.fixture
def say(notices, now):
    """say(subject, purpose, decision): an answer as a page records it."""

    def _say(subject, purpose, decision="given", *, at=now, locale="en", **values):
        notice = published.current(purpose, locale)
        return consents.record(subject=subject, purpose=purpose, decision=decision, notice=notice, locale=locale, now=at, **values)

    return _say


@pytest.fixture
def alice(db):
    return subjects.create("person", now=NOW)


@pytest.fixture
def bob(db):
    return subjects.create("person", now=NOW)


@pytest.fixture
def dan(db):
    return subjects.create("staff", now=NOW)


@pytest.fixture
def diaries(db):
    with connection.schema_editor() as editor:
        editor.create_model(Owner)
        editor.create_model(Diary)
    return Diary.objects  # the test's transaction takes both tables away again


@pytest.fixture
def write(diaries):
    def _write(subject, **values):
        owner = Owner.objects.create(subject=subject)
        return Diary.objects.create(owner=owner, **({"name": "Alice Zhang"} | values))

    return _write
