"""Keyed numbers by which words are found without being kept: equal words have equal numbers under one key, and nobody without the key can tell of which.

Whoever holds key and numbers could try every word, so a key is made to be thrown away: it needs a half of its own in the key store, like a person's, and
with that destroyed the numbers in every copy of the database mean nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from . import keystore, vault

SIZE = 8


def new_key(key: UUID) -> str:
    """The half is in the key store when this returns; the id of the master key it works with."""
    keystore.make(key)
    return next(iter(vault.master_keys()))


def numbers(words: Iterable[str], *, key: UUID, key_id: str) -> list[int]:
    """A signed 64-bit number for each different word, in rising order. Raises vault.Unopenable when the key is gone."""
    master = vault.master_keys().get(key_id)
    if master is None:
        raise vault.Unopenable(f"master key {key_id} is not configured")
    try:
        secret = hmac.new(master, b"xinqiao/tokens/" + keystore.read(key), hashlib.sha256).digest()
    except keystore.NoHalf:
        raise vault.Unopenable("the key of these numbers is destroyed") from None
    return sorted({int.from_bytes(hashlib.blake2b(word.encode(), digest_size=SIZE, key=secret).digest(), signed=True) for word in words})


def destroy_key(key: UUID) -> None:
    """Safe to repeat."""
    keystore.destroy(key)
