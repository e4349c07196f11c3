"""Celery: only a bell, and one that cannot hold a page up."""

import time

import pytest
from celery.schedules import crontab
from django.conf import settings

from config.celery import JOB_SECONDS_MAX, REDELIVERY_SECONDS, RING_SECONDS_MAX, app
from core import outbox
from core.embedded import broker_url


@pytest.fixture(scope="module", autouse=True)
def tasks_are_loaded() -> None:
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", app.conf.beat_schedule)
def test_every_entry_of_the_timetable_names_a_task(name: str) -> None:
    entry = app.conf.beat_schedule[name]
    assert entry["task"] in app.tasks
    period = 86400 if isinstance(entry["schedule"], crontab) else entry["schedule"]
    assert 0 < entry["options"]["expires"] <= max(period, 10), "messages nobody takes must not pile up"


def test_a_job_is_killed_before_its_lease_and_the_lease_ends_before_the_broker_repeats_it() -> None:
    assert JOB_SECONDS_MAX < outbox.LEASE_SECONDS < REDELIVERY_SECONDS


def test_messages_are_json_late_and_without_results() -> None:
    conf = app.conf
    assert conf.accept_content == ["json"]
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.result_backend is None
    assert conf.broker_url == settings.CELERY_BROKER_URL


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://:pw@cache.example:6380/2", "redis://:pw@cache.example:6380/2"),
        ("unix://:a%2Fb@/run/x/valkey.sock?db=3", "redis+socket://:a%2Fb@/run/x/valkey.sock?virtual_host=3"),
        ("unix:///run/x/valkey.sock", "redis+socket:///run/x/valkey.sock?virtual_host=0"),
    ],
)
def test_one_address_serves_pages_and_celery(url: str, broker: str) -> None:
    assert broker_url(url) == broker


def test_the_broker_answers_under_the_address_we_give_celery() -> None:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
        assert connection.connected


@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_a_broker_that_is_gone_or_silent_holds_nobody_up(kind: str) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == "silent":
            listener.listen()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        began = time.monotonic()
        with app.connection_for_write(url) as connection, pytest.raises(Exception, match=r".*"), app.amqp.Producer(connection) as producer:
            app.send_task("core.run_job", [1], producer=producer, retry=False)
        assert time.monotonic() - began < 20 * RING_SECONDS_MAX, "bounded by the time-outs, not by retries"
