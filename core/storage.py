"""Encrypted files: uploads, PDFs, decision inputs. Nothing readable ever touches the disk.

The keys belong to privacy, which hands in its keyring when it starts; until then every door here refuses.
A file's name on disk is random and says nothing. Its content is bound to that name and to what it is for, so files cannot be swapped.
"""

from __future__ import annotations

import os
import re
import secrets
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

_PATH = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


class Keyring(Protocol):
    """Authenticated encryption under a data subject's key; `subject_id` None means the installation's own key.

    `context` is bound as associated data: opening with another one fails. Both raise when the key is gone.
    """

    def seal(self, subject_id: UUID | None, context: str, plaintext: bytes) -> bytes: ...

    def open(self, subject_id: UUID | None, context: str, sealed: bytes) -> bytes: ...


class NoKeyring(Exception):
    """No keyring was handed in: nothing is stored, because it would be stored in clear."""

    code = "no_keyring"


class NotAStoredFile(Exception):
    """The path was not made by this storage."""

    code = "not_a_stored_file"


_keyring: Keyring | None = None


def set_keyring(keyring: Keyring | None) -> None:
    """Called once by privacy's AppConfig.ready."""
    global _keyring
    _keyring = keyring


def keyring() -> Keyring:
    """The keyring in use. Raises NoKeyring."""
    if _keyring is None:
        raise NoKeyring
    return _keyring


def save_document(*, subject_id: UUID | None, context: str, content: bytes, name: str = "") -> str:
    """Seals and writes a document; returns its path for `open_document`.

    `context` says what it is for, such as `upload:income`. The person's file name belongs in an encrypted field, so `name` is not kept here.
    """
    path = f"{secrets.token_hex(1)}/{secrets.token_hex(16)}"
    _write(_absolute(path), keyring().seal(subject_id, _bound(context, path), content))
    return path


def open_document(*, subject_id: UUID | None, context: str, path: str) -> bytes:
    """The content in clear. Raises FileNotFoundError, or the keyring's error for a wrong subject, context or a changed file."""
    return keyring().open(subject_id, _bound(context, path), _absolute(path).read_bytes())


def delete_document(*, path: str) -> None:
    """Removes the file; nothing happens when it is gone already."""
    _absolute(path).unlink(missing_ok=True)


def _bound(context: str, path: str) -> str:
    return f"document|{context}|{path}"


def _absolute(path: str) -> Path:
    if not _PATH.fullmatch(path):
        raise NotAStoredFile
    return Path(settings.MEDIA_ROOT) / path


def _write(target: Path, sealed: bytes) -> None:
    """Whole or not at all: written beside, flushed to disk, renamed."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = target.with_suffix(".part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


@deconstructible
class EncryptedStorage(Storage):
    """The same for Django's file fields, under the installation's own key. Prefer `save_document`, which knows whose file it is."""

    context = "file"

    def _save(self, name: str, content: File[Any]) -> str:
        content.seek(0)
        return save_document(subject_id=None, context=self.context, content=content.read(), name=name)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode != "rb":
            raise ValueError("stored files are never changed")
        return ContentFile(open_document(subject_id=None, context=self.context, path=name), name=name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # the name on disk is random anyway

    def delete(self, name: str) -> None:
        delete_document(path=name)

    def exists(self, name: str) -> bool:
        return bool(_PATH.fullmatch(name)) and _absolute(name).exists()

    def size(self, name: str) -> int:
        return BytesIO(open_document(subject_id=None, context=self.context, path=name)).getbuffer().nbytes

    def url(self, name: str | None) -> str:
        raise ValueError("an encrypted file has no public address")
