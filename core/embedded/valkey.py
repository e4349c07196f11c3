"""One embedded Valkey: Celery's bell. Every write is on disk before it is acknowledged, and nothing is evicted."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import redis

from core.embedded.addresses import redis_url, valkey_socket
from core.embedded.binaries import valkey_server
from core.embedded.places import Places, UnableToStart, account
from core.embedded.process import end, spawn
from core.embedded.secret import secret

READY_SECONDS_MAX = 30


class Valkey:
    def __init__(self, places: Places, *, log: Path, durable: bool) -> None:
        self.data = places.valkey
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._end_orphan()
        # The configuration travels over standard input: a command line can be read by every account of the machine.
        self.process = spawn([valkey_server(), "-"], as_account=account(), death=signal.SIGTERM, log=self.log, stdin=self._configuration().encode())

    def _configuration(self) -> str:
        lines = {
            "port": "0",
            "unixsocket": f'"{valkey_socket()}"',
            "unixsocketperm": "700",
            "requirepass": f'"{secret("VALKEY_PASSWORD")}"',
            "dir": f'"{self.data}"',
            "appendonly": "yes",
            "appendfsync": "always" if self.durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "notice",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(redis_url(), socket_timeout=2, socket_connect_timeout=2)

    def _end_orphan(self) -> None:
        """One of ours still closing after its parent was killed. We hold the claim, so it is nobody's."""
        socket = Path(valkey_socket())
        with contextlib.suppress(redis.RedisError):
            self._client().shutdown(nosave=True, now=True, force=True)
        deadline = time.monotonic() + 5
        while os.path.lexists(socket) and time.monotonic() < deadline and self._answers():
            time.sleep(0.05)
        socket.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._answers():
            if self.process is None or self.process.poll() is not None:
                raise UnableToStart(f"Valkey ended while starting; the reason is in {self.log}.")
            if time.monotonic() > deadline:
                raise UnableToStart(f"Valkey did not answer within {READY_SECONDS_MAX} seconds; see {self.log}.")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, signal.SIGTERM, patience=1.5)
            self.process = None
