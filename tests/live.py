"""Real processes on a test's own database: web workers, Celery's worker, the timetable, and a Valkey of their own that may be flushed.

`with Live(folder) as live:` ends all of them. The test must commit (transaction=True).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from django.db import connection

from config import processes
from tests.config.site import until
from tests.forks import Fork


class Live:
    """Processes beside the test. What they print is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: dict[str, subprocess.Popen[bytes] | Fork] = {}
        self.sockets = Path(tempfile.mkdtemp(prefix="xinqiao-live-", dir="/var/tmp"))  # short, and open to the account of the servers
        self.redis_url = f"unix://{self.sockets}/valkey.sock?db=0"

    def __enter__(self) -> Self:
        from core.embedded.binaries import valkey_server
        from core.embedded.places import account
        from core.embedded.process import spawn

        who = account()
        os.chown(self.sockets, who.uid, who.gid)
        options = ["--port", "0", "--unixsocket", self.sockets / "valkey.sock", "--dir", self.sockets, "--save", ""]
        self.started["valkey"] = spawn([valkey_server(), *options], as_account=who, death=signal.SIGTERM, log=self.folder / "valkey.log")
        until((self.sockets / "valkey.sock").exists, "Valkey listens")
        return self

    def __exit__(self, *_: object) -> None:
        for name in [name for name in self.started if name != "valkey"] + ["valkey"]:
            self.kill(name)
        shutil.rmtree(self.sockets)

    def _fork(self, name: str, work: Callable[..., None], *arguments: str) -> None:
        log = self.folder / f"{name}.log"
        self.started[name] = Fork(work, *arguments, database=connection.settings_dict["NAME"], log=log, redis_url=self.redis_url)

    def web(self, *, workers: int) -> str:
        """Gunicorn with the settings of the product. Returns its address."""
        import urllib.request

        from config.supervisor import free_port

        url = f"127.0.0.1:{free_port('127.0.0.1', 0)}"
        self._fork("web", _serve, url, str(workers))

        def answers() -> bool:
            assert self.started["web"].poll() is None, self.log("web")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://{url}/healthz", timeout=30).close()
                return True
            return False

        until(answers, "the pages answer")
        until(lambda: len(self.children("web")) == workers, "every web worker is there")
        return url

    def worker(self) -> None:
        """Celery's worker with its pool, as `manage.py run` starts it."""
        self._fork("worker", processes.work)

    def timetable(self) -> None:
        """Beat: the sweep every two seconds, and the rest."""
        self._fork("beat", _keep_time, str(self.folder / "timetable"))

    def kill(self, name: str, *, group: bool = True) -> None:
        """kill -9: the process and all it started, or the process alone."""
        process = self.started.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL) if group else process.kill()
        process.wait()

    def children(self, name: str) -> list[int]:
        """The process ids below one of the processes."""
        pid = self.started[name].pid
        return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def valkey(self):
        """A client of the Valkey of these processes."""
        import redis

        return redis.Redis.from_url(self.redis_url)

    @contextlib.contextmanager
    def bell(self) -> Iterator[None]:
        """What the test itself commits rings here too."""
        from celery import current_app

        from core import bell
        from core.embedded import broker_url

        before = current_app.conf.broker_url
        current_app.conf.broker_url = broker_url(self.redis_url)
        bell._forget()
        try:
            yield
        finally:
            current_app.conf.broker_url = before
            bell._forget()


def _serve(bind: str, workers: str) -> None:
    from gunicorn.app import wsgiapp

    os.environ |= {"BIND": bind, "WEB_CONCURRENCY": workers}
    sys.argv = ["gunicorn", "-c", "deploy/gunicorn.conf.py", "config.wsgi"]
    wsgiapp.run()


def _keep_time(timetable: str) -> None:
    processes.celery_app.start(["beat", "--loglevel=WARNING", "--pidfile=", f"--schedule={timetable}"])
