"""What an operator's machines are told."""

import pytest
from django.core.management import call_command
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


def test_alive_and_ready(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "migrations": "ok", "outbox": "ok", "broker": "ok"}


def test_a_machine_beside_it_may_ask_where_pages_are_for_https_only(client: Client, settings) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, ["^healthz$", "^readyz$"]
    assert (client.get("/healthz").status_code, client.get("/help/").status_code) == (200, 301)


def test_a_dead_broker_is_told_and_does_not_fail(client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["broker"] == "unreachable"


def test_pending_migrations_are_not_ready(client: Client, monkeypatch) -> None:
    health._migrated.cache_clear()
    monkeypatch.setattr(health, "pending_migrations", lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "pending"


def test_nothing_is_pending_after_migrate() -> None:
    call_command("migrate", "--check", verbosity=0)
    assert health.pending_migrations() is False
