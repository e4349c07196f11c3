"""The two servers together, as children of whoever starts them."""

import shutil
from pathlib import Path
from typing import Self

from core.embedded.places import UnableToStart, home, make_home, make_places, outside, places
from core.embedded.postgres import Postgres
from core.embedded.secret import secrets_kept
from core.embedded.valkey import Valkey

LOG_BYTES_MAX = 10_000_000


def log_file(name: str) -> Path:
    """The log of one process, in the run folder; a big one is put aside once, so that two are the most there ever are."""
    folder = make_home() / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return path


class Services:
    """Start with `start` (the caller holds the Claim), end with `stop`; both servers also end when this process does."""

    def __init__(self, *, postgres: bool = True, valkey: bool = True, durable: bool = True) -> None:
        self._wanted = (postgres, valkey)
        self._durable = durable
        self._servers: list[Postgres | Valkey] = []

    def start(self) -> Self:
        """Both start side by side. Raises UnableToStart, with nothing left running."""
        if not any(self._wanted):
            return self
        found = make_places()
        if not secrets_kept():
            raise UnableToStart(f"The run folder {home()} cannot be written, so its passwords cannot be kept.")
        kinds: tuple[type[Postgres | Valkey], ...] = (Postgres, Valkey)
        try:
            for kind, wanted in zip(kinds, self._wanted, strict=True):
                if wanted:
                    server = kind(found, log=log_file(kind.__name__.lower()), durable=self._durable)
                    self._servers.append(server)
                    server.start()
            for server in self._servers:
                server.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def ended(self) -> str | None:
        """The name of a server that ended by itself, if one did."""
        return next((type(server).__name__ for server in self._servers if server.process is None or server.process.poll() is not None), None)

    def stop(self) -> None:
        while self._servers:
            self._servers.pop().stop()

    def forget(self) -> None:
        """In a forked child: the servers are the parent's."""
        self._servers.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def erase() -> None:
    """Throw away the data of both servers; nobody may be running this checkout."""
    found = places()
    for folder in found.private:
        shutil.rmtree(folder, ignore_errors=True)
    if found.root.is_relative_to(outside()):
        shutil.rmtree(found.root, ignore_errors=True)
