import logging
import socket

import pytest
from celery import current_app

from core import bell, tasks


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(bell, "breaker", bell.Breaker())
    monkeypatch.setattr(bell, "_connection", None)
    return bell.breaker


@pytest.fixture
def broker(monkeypatch):
    """Points the bell at another broker."""

    def point(url):
        real = current_app.connection_for_write
        monkeypatch.setattr(current_app, "connection_for_write", lambda **options: real(url, **options))

    return point


def test_a_dead_broker_trips_the_breaker_and_is_not_asked_again(fresh, broker, monkeypatch, caplog):
    broker("redis://127.0.0.1:9")
    bell.ring([1])
    assert fresh.is_open
    asked = []
    monkeypatch.setattr(bell, "_broker", lambda: asked.append(1))
    with caplog.at_level(logging.WARNING):
        bell.ring([2])
    assert asked == []


def test_a_broker_that_takes_the_call_and_says_nothing_is_called_once(fresh, broker):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        bell.ring([1])
        bell.ring([2])
        silent.settimeout(1)
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert fresh.is_open


def test_after_a_while_it_is_asked_again(fresh, monkeypatch):
    fresh.trip()
    assert fresh.is_open
    fresh.open_until -= bell.OPEN_SECONDS
    assert not fresh.is_open


def test_the_message_carries_the_id_and_nothing_else(fresh, broker):
    broker("memory://")
    bell.ring([41, 42])
    with bell._broker().clone() as connection:
        queue = connection.SimpleQueue(current_app.conf.task_default_queue)
        bodies = [queue.get(timeout=1) for _ in range(2)]
    assert [message.payload[0] for message in bodies] == [[41], [42]]
    assert {message.headers["task"] for message in bodies} == {tasks.run_job.name}
    assert not fresh.is_open


def test_a_rung_job_is_run_by_its_id(monkeypatch):
    ran = []
    monkeypatch.setattr("core.outbox.run", lambda job_id, *, now: ran.append((job_id, now.tzinfo is not None)))
    tasks.run_job(7)
    assert ran == [(7, True)]
