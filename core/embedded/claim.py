"""Who runs this checkout: a lock that the kernel drops when its owner dies, and a note saying where to find that owner."""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from core.embedded.places import UnableToStart, home, make_home


class Claim:
    """At most one process runs a checkout. The others read its note and attach, or refuse."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._note: dict[str, object] = {"pid": os.getpid()}

    @staticmethod
    def _path() -> Path:
        return home() / "claim"

    def take(self, **note: object) -> None:
        """Claim the checkout for this process; raises UnableToStart when another one has it."""
        make_home()
        file = os.open(self._path(), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise UnableToStart(self._refusal()) from error
        self._file = file
        self.note(**note)

    def _refusal(self) -> str:
        found = self.owner() or {}
        where = f" at http://127.0.0.1:{found['port']}/" if found.get("port") else ""
        return f"Already running in this folder{where} (process {found.get('pid', 'unknown')}). `make stop` ends it."

    def note(self, **note: object) -> None:
        """Add to what the others read."""
        if self._file is None:
            return
        self._note |= note
        text = json.dumps(self._note).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)

    def drop(self) -> None:
        """Give the checkout up. A forked child calls this too, so that only its parent's life counts."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @classmethod
    def owner(cls) -> dict[str, Any] | None:
        """The note of the process that runs this checkout, or None when nobody does."""
        try:
            file = os.open(cls._path(), os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            with contextlib.suppress(ValueError):
                found: dict[str, Any] = json.loads(os.pread(file, 4096, 0))
                return found
            return {}
        finally:
            os.close(file)
