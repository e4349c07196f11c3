"""Processes that begin with the program loaded, forked from one that has done nothing else: each as much its own, and as easily killed, as any.

Loading takes a processor three seconds; a story that kills its processes a dozen times would wait for little else. `manage.py run` forks its
children in the same way.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.embedded.process import die_with_parent

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.loading"])


class Fork:
    """One process that does `work(*arguments)` on that database. What it prints is in `log`."""

    def __init__(self, work: Callable[..., None], *arguments: Any, database: str, log: Path, redis_url: str = "") -> None:
        self.log = log
        self._process = _context.Process(target=_be, args=(work, arguments, database, str(log), redis_url), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        """How it ended: 0, or the signal that killed it, below 0."""
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def said(self) -> str:
        return self.log.read_text(errors="replace").strip()


def _be(work: Callable[..., None], arguments: tuple[Any, ...], database: str, log: str, redis_url: str) -> None:
    """In the process: a group of its own, its own log, the test's servers, and then the work."""
    os.setsid()
    die_with_parent(signal.SIGKILL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(output, number)
    _use(database, redis_url)
    work(*arguments)


def _use(database: str, redis_url: str) -> None:
    from celery import current_app
    from django.conf import settings
    from django.db import connections

    from core.embedded import broker_url

    for alias in connections.databases.values():
        alias["NAME"] = database
    if redis_url:
        settings.REDIS_URL, current_app.conf.broker_url = redis_url, broker_url(redis_url)
