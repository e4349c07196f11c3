"""The web server, the Celery worker and beat as forked children of one process, none of which outlives it.

Forking after Django is loaded makes a start three times as fast as three more Pythons would, and shares their memory.
"""

import contextlib
import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import connections

from core.embedded.process import die_with_parent
from core.embedded.services import log_file

logger = logging.getLogger(__name__)

FAILURES_MAX = 3  # in a row, each within QUICK_SECONDS of its start
QUICK_SECONDS = 10
GARBAGE = (20_000, 20, 20)  # what was loaded before the fork is frozen; looking often through what is young costs a tenth of the time
GRACE_SECONDS = 1.5  # what a child gets to end by itself before its whole process group is killed


class Stopped(BaseException):
    """Somebody asked us to end: SIGINT, SIGTERM, SIGHUP, or the death of whoever started us."""


class UnableToServe(Exception):
    """A child does not stay up; the message says which one and where its log is."""


@dataclass
class Child:
    """One of the children: what it runs and, while it lives, its process."""

    name: str
    work: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    failures: int = field(default=0)


def stop_on_signals() -> None:
    """From here on a polite signal raises Stopped, once; repeating it changes nothing, since ending is already bounded."""

    def stop(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


class Supervisor:
    """Starts children, starts them again when they fall, ends them all."""

    def __init__(self, works: Mapping[str, Callable[[], None]], *, after_fork: Callable[[], None]) -> None:
        self._children = [Child(name=name, work=work) for name, work in works.items()]
        self._after_fork = after_fork

    def start(self) -> None:
        for child in self._children:
            self._fork(child)

    def _fork(self, child: Child) -> None:
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()
        parent = os.getpid()
        child.started = time.monotonic()
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child, parent)

    def _be(self, child: Child, parent: int) -> None:
        """In the child: cut every tie but the one that kills it, work, and never return into the parent's code."""
        status = 1
        try:
            os.setsid()
            die_with_parent(parent=parent)
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, signal.SIG_DFL)
            self._after_fork()
            gc.set_threshold(*GARBAGE)
            _write_to(child.name)
            child.work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            logger.exception("%s ended", child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def watch(self, *, still_wanted: Callable[[], None]) -> None:
        """Until Stopped: restart what falls. `still_wanted` is asked several times a second and may raise."""
        while True:
            self.tend()
            still_wanted()
            time.sleep(0.2)

    def tend(self) -> None:
        """Reap and restart. A child that keeps falling right after its start raises UnableToServe."""
        for child in self._children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                _kill_group(child.pid, signal.SIGKILL)  # whatever it started goes with it
                child.pid = 0
                child.failures = child.failures + 1 if time.monotonic() - child.started < QUICK_SECONDS else 1
                if child.failures >= FAILURES_MAX:
                    raise UnableToServe(f"The {child.name} process does not stay up; its log is {log_file(child.name)}.")
                logger.warning("%s ended; starting it again", child.name)
                self._fork(child)

    def stop(self) -> None:
        """Ask, wait a little, then kill the groups: a job that was working is leased and runs again at the next start."""
        living = [child for child in self._children if child.pid]
        for child in living:
            _kill_group(child.pid, signal.SIGTERM, leader_only=True)
        deadline = time.monotonic() + GRACE_SECONDS
        while living and time.monotonic() < deadline:
            living = [child for child in living if not _reaped(child)]
            time.sleep(0.02)
        for child in self._children:
            if child.pid:
                _kill_group(child.pid, signal.SIGKILL)
        for child in living:
            _reaped(child, wait=True)

    @property
    def pids(self) -> dict[str, int]:
        return {child.name: child.pid for child in self._children}


def _reaped(child: Child, *, wait: bool = False) -> bool:
    try:
        return bool(os.waitpid(child.pid, 0 if wait else os.WNOHANG)[0])
    except ChildProcessError:
        return True


def _kill_group(pid: int, number: int, *, leader_only: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number) if leader_only else os.killpg(pid, number)


def _write_to(name: str) -> None:
    """Everything a child prints goes to its own log; the terminal stays with the banner."""
    log = os.open(log_file(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    faulthandler.enable()


def free_port(host: str, port: int) -> int:
    """The port itself when it can be listened on (0: any free one); raises OSError otherwise."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()
        return probe.getsockname()[1]
