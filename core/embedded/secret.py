"""Secrets of a development installation: made once, kept in the run folder, outside the database."""

import base64
import contextlib
import os
import secrets
from functools import cache
from pathlib import Path

from core.embedded.places import UnableToStart, home, make_home

_unkept: set[str] = set()


def secrets_kept() -> bool:
    """False when the run folder could not be written: this process then made up secrets that nothing may be encrypted under."""
    return not _unkept


def _write_once(path: Path, value: str) -> None:
    """Two processes may be first at the same moment; the link lets exactly one of them win, with its whole content."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


@cache
def _secret(path: Path, name: str) -> str:
    raw = base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        if not path.exists():
            make_home()
            _write_once(path, f"k1:{raw}" if name == "VAULT_KEYS" else raw)
        return path.read_text()
    except (OSError, UnableToStart):
        _unkept.add(name)
        return f"k1:{raw}" if name == "VAULT_KEYS" else raw


def secret(name: str) -> str:
    """32 random bytes, base64 (VAULT_KEYS: `k1:` before it). The same for every process of this checkout."""
    return _secret(home() / f"secret.{name.lower()}", name)
