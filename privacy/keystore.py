"""The second half of every person's key, kept in a folder outside the database (KEY_ROOT), one small file for each person.

A data key opens only with three things together: its wrapping in the database, a master key (VAULT_KEYS), and the person's half here. Destroying the
half therefore closes every copy of the database ever made, yesterday's backup included. What stays is an empty file under the person's opaque id: the
list of the erased, by which a restored backup is erased again (`manage.py replay_erasures`).

Back this folder up as a mirror that follows deletions, never as a history: docs/operating.md.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

HALF_BYTES = 32


class NoHalf(Exception):
    """There is no half for this person: destroyed, or the folder is not the one this database was written with."""

    code = "no_key_half"


def _path(subject_id: UUID) -> Path:
    name = subject_id.hex
    return Path(settings.KEY_ROOT) / name[:2] / name[2:4] / name


def make(subject_id: UUID) -> bytes:
    """A new half, on disk before this returns; the one there is when two ask at once. Raises NoHalf for somebody erased."""
    path = _path(subject_id)
    if not path.exists():
        _make_folder(path.parent)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        _write(draft, secrets.token_bytes(HALF_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and only once
        draft.unlink()
        _sync(path.parent)
    return read(subject_id)


def read(subject_id: UUID) -> bytes:
    """The half. Raises NoHalf."""
    try:
        half = _path(subject_id).read_bytes()
    except FileNotFoundError:
        raise NoHalf from None
    if len(half) != HALF_BYTES:
        raise NoHalf
    return half


def destroy(subject_id: UUID) -> None:
    """Overwrite the half, then leave an empty file in its place. Safe to repeat, also for somebody who never had one."""
    path = _path(subject_id)
    _make_folder(path.parent)
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        file.write(secrets.token_bytes(HALF_BYTES))
        file.flush()
        _sync_file(file.fileno())
    _write(path, b"", replace=True)
    _sync(path.parent)


def drop(subject_id: UUID) -> None:
    """Take away the half of somebody who was never written down: nothing that stands was sealed under it, and nobody was erased."""
    _path(subject_id).unlink(missing_ok=True)


def destroyed() -> Iterator[UUID]:
    """Everybody whose half was destroyed: the erasure list, in no order."""
    for path in Path(settings.KEY_ROOT).glob("??/??/*"):
        if path.stat().st_size == 0 and len(path.name) == len(UUID(int=0).hex):
            yield UUID(hex=path.name)


def _make_folder(folder: Path) -> None:
    """Each level for the server's account alone: `parents=True` would forget the mode of all but the last."""
    for level in (folder.parent.parent, folder.parent, folder):
        level.mkdir(mode=0o700, parents=level == folder.parent.parent, exist_ok=True)


def _write(path: Path, content: bytes, *, replace: bool = False) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL)
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        _sync_file(file.fileno())


def _sync_file(descriptor: int) -> None:
    if settings.KEY_ROOT_DURABLE:
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync_file(descriptor)
    finally:
        os.close(descriptor)
