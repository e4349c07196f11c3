"""Words somebody writes so that others read them (a project, its items): sealed in the database like all else, and read as plain text.

What a page of fifty strangers' titles shows was published by those who wrote it. So reading takes no query and writes no look: who may read, and whose
looks are noted, is settled by the page (privacy.disclosure.note). The key is made from a master key and the person's half (keystore.py), and from nothing
else: with the half destroyed the words are gone from every copy of the database, and read as `GONE` or as nothing.

A value is FORMAT, the master key's id, the person, a nonce, AES-256-GCM; bound to person, model, field and row.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

from . import keystore, vault
from .fields import EncryptedField, EncryptedJSONField, EncryptedTextField, Sealed
from .models import DataSubject

FORMAT = b"\x02"
PERSON = 16
GONE = "—"


def _key(master: bytes, half: bytes) -> AESGCM:
    return AESGCM(hmac.new(master, b"xinqiao/shown/" + half, hashlib.sha256).digest())


def _place(person: UUID, context: str) -> bytes:
    return b"xinqiao/shown/" + person.bytes + b"/" + context.encode()


def seal(person: UUID, context: str, plaintext: bytes) -> bytes:
    """Raises vault.Erased."""
    key_id, master = next(iter(vault.master_keys().items()))
    nonce = secrets.token_bytes(vault.NONCE)
    try:
        sealed = _key(master, keystore.read(person)).encrypt(nonce, plaintext, _place(person, context))
    except keystore.NoHalf:
        raise vault.Erased from None
    return FORMAT + bytes([len(key_id.encode())]) + key_id.encode() + person.bytes + nonce + sealed


def _parts(sealed: bytes) -> tuple[str, UUID, bytes]:
    """Master key's id, person, nonce with ciphertext. Raises vault.Unopenable."""
    if sealed[:1] != FORMAT:
        raise vault.Unopenable("unknown format")
    begins = 2 + sealed[1]
    return sealed[2:begins].decode(), UUID(bytes=sealed[begins : begins + PERSON]), sealed[begins + PERSON :]


def open_(context: str, sealed: bytes) -> bytes:
    """Raises vault.Erased, vault.Unopenable."""
    key_id, person, body = _parts(sealed)
    master = vault.master_keys().get(key_id)
    if master is None:
        raise vault.Unopenable(f"master key {key_id} is not configured")
    try:
        return _key(master, keystore.read(person)).decrypt(body[: vault.NONCE], body[vault.NONCE :], _place(person, context))
    except keystore.NoHalf:
        raise vault.Erased from None
    except InvalidTag:
        raise vault.Unopenable("not sealed for this person and place") from None


class Shown(Sealed):
    """A sealed value with its plaintext, once it was read."""

    __slots__ = ("plain",)

    def __init__(self, sealed: bytes, plain: Any = None) -> None:
        super().__init__(sealed)
        self.plain = plain


class ShownAttribute(DeferredAttribute):
    """Reads as plain text; keeps what is sealed as it is until something else is assigned."""

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        found = super().__get__(instance, cls)
        return found if instance is None else cast(ShownField, self.field).read(instance, found)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class ShownField(EncryptedField):
    """Base of both. `absent` is what it reads as where nothing was written; `GONE` where the row says that it was emptied."""

    descriptor_class = ShownAttribute

    def __init__(self, *args: Any, absent: Any = None, **kwargs: Any) -> None:
        self.absent = absent
        super().__init__(*args, **{**kwargs, "null": True, "blank": True})

    def read(self, row: models.Model, value: Any) -> Any:
        if value is None:
            return GONE if row.__dict__.get("emptied_at") else self.absent
        if not isinstance(value, Shown):
            return value
        if value.plain is None:
            value.plain = self._opened(row, value)
        return value.plain

    def _opened(self, row: models.Model, value: Shown) -> Any:
        try:
            return self.decode(open_(self.context(row), value.ciphertext))
        except vault.Erased:
            return GONE if self.absent is not None else None

    def pre_save(self, row: models.Model, add: bool) -> Any:
        value = row.__dict__.get(self.attname)
        if value is None or value in (self.absent, GONE):
            return None
        if not isinstance(value, Sealed):
            value = row.__dict__[self.attname] = Shown(seal(self._person(row), self.context(row), self.encode(value)), value)
        return value

    def _person(self, row: models.Model) -> UUID:
        found = self.subject_of(row)
        return found.pk if isinstance(found, DataSubject) else found

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Shown | None:
        return None if value is None else Shown(value)


class ShownTextField(ShownField, EncryptedTextField):
    """Text; the empty one is stored as none."""

    _pyi_private_set_type: str | None
    _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, absent: str = "", **kwargs: Any) -> None:
        super().__init__(*args, absent=absent, **kwargs)


class ShownJSONField(ShownField, EncryptedJSONField):
    """Any JSON value but null."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any


def sealed(row: models.Model, name: str, value: Any) -> Shown:
    """For an update that does not save the row. Raises vault.Erased."""
    field = row._meta.get_field(name)
    assert isinstance(field, ShownField)
    return Shown(seal(field._person(row), field.context(row), field.encode(value)), value)


def reseal_all(*, batch: int = 500) -> int:
    """Seal under the first master key whatever is still sealed under an older one; how many values changed."""
    shown = [field for model in apps.get_models() for field in model._meta.concrete_fields if isinstance(field, ShownField)]
    return sum(_reseal(field, batch=batch) for field in shown)


def _reseal(field: ShownField, *, batch: int) -> int:
    key_id, changed, last = next(iter(vault.master_keys())), 0, 0
    rows = field.model._base_manager.filter(**{f"{field.attname}__isnull": False}).only("pk", "row_id", field.attname).order_by("pk")
    while True:
        with transaction.atomic():
            page = list(rows.filter(pk__gt=last).select_for_update()[:batch])
            changed += sum(_resealed(field, row) for row in page if _parts(row.__dict__[field.attname].ciphertext)[0] != key_id)
        if not page:
            return changed
        last = page[-1].pk


def _resealed(field: ShownField, row: models.Model) -> int:
    old, place = row.__dict__[field.attname].ciphertext, field.context(row)
    try:
        new = Shown(seal(_parts(old)[1], place, open_(place, old)))
    except vault.Erased:
        return 0
    return int(field.model._base_manager.filter(pk=row.pk).update(**{field.attname: new}))
