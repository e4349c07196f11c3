"""The bell: tells Celery that a job waits. Best effort by design; the outbox row is the record and the sweeper the safety net.

A broker that is down costs a request at most one short time-out, and then nothing for a few seconds: the breaker is open.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

from celery import current_app
from kombu.pools import producers

TIMEOUT = 0.15  # seconds one request may lose to a broker that does not answer
OPEN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Breaker:
    """Open for a while after a failure; while open nobody tries."""

    def __init__(self, open_seconds: float = OPEN_SECONDS) -> None:
        self.open_seconds = open_seconds
        self.open_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.open_until

    def trip(self) -> None:
        self.open_until = time.monotonic() + self.open_seconds


breaker = Breaker()
_lock = threading.Lock()
_connection: Any = None


def ring(job_ids: Iterable[int]) -> None:
    """Publishes the ids for the workers. Never raises and never waits longer than TIMEOUT."""
    from core.tasks import run_job

    _send(run_job, list(job_ids))


def ring_together(job_ids: Iterable[int]) -> None:
    """The same in one message, run by one worker one after another: a broker that keeps its messages writes each to disk."""
    from core.tasks import run_jobs

    _send(run_jobs, [list(job_ids)])


def _send(task: Any, messages: list[Any]) -> None:
    if breaker.is_open:
        return
    try:
        if current_app.conf.task_always_eager:
            for message in messages:
                task.delay(message)
            return
        with producers[_broker()].acquire(block=True, timeout=TIMEOUT) as producer:
            for message in messages:
                task.apply_async((message,), producer=producer, retry=False)
    except Exception as error:  # whatever the broker's client raises: the sweeper will find the row
        breaker.trip()
        log.warning("bell: broker not reachable (%s), sweeper takes over for %.0f s", type(error).__name__, breaker.open_seconds)


def _broker() -> Any:
    """One connection per process with time-outs of its own: the worker's may be long, a visitor's may not."""
    global _connection
    with _lock:
        if _connection is None:
            short = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT, "max_retries": 0, "retry_on_timeout": False}
            options = dict(current_app.conf.broker_transport_options or {}) | short
            _connection = current_app.connection_for_write(connect_timeout=TIMEOUT, transport_options=options)
        return _connection


def _forget() -> None:
    global _connection, _lock
    _connection, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
