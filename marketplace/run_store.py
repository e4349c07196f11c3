"""What a run keeps sealed: the secret of its seed, the input, the result. Files are compressed JSON under the installation's key."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from typing import Any

from core import storage
from core.storage import keyring
from marketplace.matching.terms import canonical
from marketplace.models import MatchRun


def new_secret(run: MatchRun) -> None:
    """A secret nobody has seen, and the commitment to it."""
    secret = secrets.token_hex(32)
    run.commitment = hashlib.sha256(secret.encode()).hexdigest()
    run.sealed_secret = keyring().seal(None, f"match-run:{run.commitment}", secret.encode())


def secret_of(run: MatchRun) -> str:
    return keyring().open(None, f"match-run:{run.commitment}", bytes(run.sealed_secret)).decode()


def seed_of(secret: str, input_sha256: str) -> str:
    return hashlib.sha256(f"{secret}|{input_sha256}".encode()).hexdigest()


def sha256(document: dict[str, Any]) -> str:
    """Of a run's input: sha256 of its canonical JSON."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def keep(run: MatchRun, what: str, document: dict[str, Any]) -> str:
    """Returns the path."""
    content = gzip.compress(canonical(document).encode(), compresslevel=1, mtime=0)
    return storage.save_document(subject_id=None, context=f"match-run:{run.reference}:{what}", content=content)


def open_input(run: MatchRun) -> dict[str, Any]:
    """Everything that went in, under the run's names."""
    return _opened(run, "input", run.input_path)


def open_result(run: MatchRun) -> dict[str, Any]:
    """{"certificates": everybody's, "fills": [[mandate, listing, units]…], "weightless": […]} under the run's names."""
    return _opened(run, "result", run.result_path)


def _opened(run: MatchRun, what: str, path: str) -> dict[str, Any]:
    sealed = storage.open_document(subject_id=None, context=f"match-run:{run.reference}:{what}", path=path)
    return json.loads(gzip.decompress(sealed))  # type: ignore[no-any-return]
