"""Per-person keys: seal, open, blind index, rotation, crypto-erasure.

Master keys live in the environment (VAULT_KEYS), a half of each person's key in a folder (keystore.py), neither in the database. Each person has
a 256-bit data key, wrapped under master key and half together, with the person's id as associated data; every sealed value is AES-256-GCM under the
data key, bound to its person and its context ("app.model.field:row id").
Data keys are never cached: after an erasure commits, nothing in any process can open what was sealed.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models.functions import Now

from core import outbox

from . import keystore
from .models import DataSubject

FORMAT = b"\x01"
NONCE = 12
KEY_BYTES = 32
INSTALLATION = UUID(int=0)


class Erased(Exception):
    """The person's key is destroyed: what was sealed under it is gone for good."""

    code = "erased"


class Unopenable(Exception):
    """The bytes were not sealed for this person and this place, or were changed."""

    code = "unopenable"


def decode_key(text: str, *, name: str) -> bytes:
    """32 bytes from base64. Raises ImproperlyConfigured naming the setting, never its value."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ImproperlyConfigured(f"{name} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{name} must be {KEY_BYTES} bytes.")
    return key


def master_keys() -> dict[str, bytes]:
    """Master keys by id, from VAULT_KEYS "id:base64[,id:base64…]"; the first one wraps."""
    keys = {}
    for item in filter(None, (part.strip() for part in settings.VAULT_KEYS.split(","))):
        key_id, _sep, text = item.partition(":")
        keys[key_id] = decode_key(text, name="VAULT_KEYS")
    if not keys or "" in keys:
        raise ImproperlyConfigured('VAULT_KEYS must read "id:base64[,id:base64…]".')
    return keys


def _primary() -> tuple[str, bytes]:
    return next(iter(master_keys().items()))


def _key_aad(subject_id: UUID) -> bytes:
    return b"xinqiao/data-key/" + subject_id.bytes


def _wrapping_key(master: bytes, half: bytes) -> bytes:
    """HMAC-SHA-256 of the person's half under the master key (extract step of RFC 5869): useless without either."""
    return hmac.new(master, b"xinqiao/wrap/" + half, hashlib.sha256).digest()


def _wrap(data_key: bytes, *, subject_id: UUID, half: bytes) -> tuple[str, bytes]:
    key_id, master = _primary()
    nonce = secrets.token_bytes(NONCE)
    return key_id, nonce + AESGCM(_wrapping_key(master, half)).encrypt(nonce, data_key, _key_aad(subject_id))


def _unwrap(wrapped: bytes, *, key_id: str, subject_id: UUID) -> bytes:
    masters = master_keys()
    if key_id not in masters:
        raise Unopenable(f"master key {key_id} is not configured")
    try:
        return AESGCM(_wrapping_key(masters[key_id], keystore.read(subject_id))).decrypt(wrapped[:NONCE], wrapped[NONCE:], _key_aad(subject_id))
    except keystore.NoHalf:
        raise Unopenable("no second half of the key: destroyed, or KEY_ROOT is another installation's") from None
    except InvalidTag:
        raise Unopenable("data key does not open") from None


def new_key(subject_id: UUID) -> tuple[str, bytes]:
    """(master key id, wrapped data key) for a person about to be created; their half is in the key store when this returns."""
    return _wrap(secrets.token_bytes(KEY_BYTES), subject_id=subject_id, half=keystore.make(subject_id))


def _subject_id(subject: "DataSubject | UUID | str") -> UUID:
    if isinstance(subject, DataSubject):
        return subject.pk
    return subject if isinstance(subject, UUID) else UUID(str(subject))


def data_keys(subject_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Data keys of many persons in one query; those erased (or unknown) are absent."""
    rows = DataSubject.objects.filter(pk__in=set(subject_ids), erased_at__isnull=True).values_list("pk", "key_id", "wrapped_key")
    return {pk: _unwrap(bytes(wrapped or b""), key_id=key_id, subject_id=pk) for pk, key_id, wrapped in rows}


def _data_key(subject_id: UUID) -> bytes:
    keys = data_keys([subject_id])
    if subject_id not in keys:
        raise Erased
    return keys[subject_id]


def _aad(subject_id: UUID, context: str) -> bytes:
    return b"xinqiao/sealed/" + subject_id.bytes + b"/" + context.encode()


def seal(subject: "DataSubject | UUID | str", context: str, plaintext: bytes) -> bytes:
    """Encrypt under the person's data key, bound to the context. A loaded DataSubject saves a query. Raises Erased."""
    subject_id = _subject_id(subject)
    if isinstance(subject, DataSubject) and subject.wrapped_key is not None:
        key = _unwrap(bytes(subject.wrapped_key), key_id=subject.key_id, subject_id=subject_id)
    else:
        key = _data_key(subject_id)
    nonce = secrets.token_bytes(NONCE)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plaintext, _aad(subject_id, context))


def open_with(key: bytes, subject_id: UUID, context: str, sealed: bytes) -> bytes:
    """Decrypt with a data key already at hand (from data_keys). Raises Unopenable."""
    sealed = bytes(sealed)
    if sealed[:1] != FORMAT:
        raise Unopenable("unknown format")
    body = sealed[1:]
    try:
        return AESGCM(key).decrypt(body[:NONCE], body[NONCE:], _aad(subject_id, context))
    except (InvalidTag, ValueError):
        raise Unopenable("not sealed for this person and place") from None


def open_(subject: "DataSubject | UUID | str", context: str, sealed: bytes) -> bytes:
    """Decrypt what `seal` made for the same person and context. The key is always read fresh. Raises Erased, Unopenable."""
    subject_id = _subject_id(subject)
    return open_with(_data_key(subject_id), subject_id, context, sealed)


def open_sealed(rows: Any, fields: Sequence[str], *, engine: str, purpose: str, now: datetime) -> dict:
    """The internal door, for engines that need plaintext (facts gathering, mail, a bank rail): logged as the installation's own look.

    Same shapes as disclosure.reveal. The log's door is above this file, hence the late import.
    """
    from . import disclosure

    actor = disclosure.Actor(kind="system", subject_id=None, role=engine)
    return disclosure.reveal(rows, fields, actor=actor, purpose=purpose, page=engine, now=now)


def blind_index(scope: str, text: str) -> bytes:
    """32 bytes by which equal texts (after width, case and edge-space folding) are found without opening them; scopes do not match each other."""
    key = decode_key(settings.BLIND_INDEX_KEY, name="BLIND_INDEX_KEY")
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    return hmac.new(key, scope.encode() + b"\x00" + folded.encode(), hashlib.sha256).digest()


def erase(subject: DataSubject, *, now: datetime) -> None:
    """Crypto-erasure: destroy the wrapped data key and, once that is committed, the half that opens copies of it. Safe to repeat; the first moment stays."""
    DataSubject.objects.filter(pk=subject.pk, erased_at__isnull=True).update(wrapped_key=None, key_id="", erased_at=now)
    outbox.enqueue("subject.erased", key=f"subject:{subject.pk}:erased", payload={"subject": subject.pk})
    subject.refresh_from_db()


@outbox.handles("subject.erased")
def destroy_half(*, job: outbox.JobContext) -> None:
    """The half goes only after the erasure stands in the database, and then it goes for certain: a job of record is not lost."""
    subject_id = UUID(job.payload["subject"])
    if DataSubject.objects.filter(pk=subject_id, erased_at__isnull=False).exists():
        keystore.destroy(subject_id)


def rewrap_all(*, batch: int = 500) -> int:
    """Wrap every data key under the first master key; how many changed. Stops nobody: each row is compared and set, so an erasure in between wins."""
    key_id, last = _primary()[0], None
    changed: int = 0
    while True:
        rows = DataSubject.objects.filter(erased_at__isnull=True).exclude(key_id=key_id).order_by("pk")
        page = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", "key_id", "wrapped_key")[:batch])
        if not page:
            return changed
        with transaction.atomic():
            changed += sum(_rewrap(pk, old_id, bytes(wrapped or b"")) for pk, old_id, wrapped in page)
        last = page[-1][0]


def _rewrap(pk: UUID, old_id: str, wrapped: bytes) -> int:
    new_id, rewrapped = _wrap(_unwrap(wrapped, key_id=old_id, subject_id=pk), subject_id=pk, half=keystore.read(pk))
    return DataSubject.objects.filter(pk=pk, key_id=old_id, wrapped_key=wrapped).update(key_id=new_id, wrapped_key=rewrapped)


def installation() -> UUID:
    """The installation as a subject: its key covers what belongs to no person. Made at first use, rotated with the others, never erased."""
    key_id, wrapped = new_key(INSTALLATION)
    row = DataSubject(id=INSTALLATION, pseudonym="installation", kind="system", key_id=key_id, wrapped_key=wrapped, created_at=Now())
    DataSubject.objects.bulk_create([row], ignore_conflicts=True)
    return INSTALLATION


class Keyring:
    """What core's encrypted storage is given: seal and open, and nothing else. No subject means the installation's own key."""

    def seal(self, subject_id: UUID | None, context: str, plaintext: bytes) -> bytes:
        return seal(subject_id or installation(), context, plaintext)

    def open(self, subject_id: UUID | None, context: str, sealed: bytes) -> bytes:
        return open_(subject_id or INSTALLATION, context, sealed)
