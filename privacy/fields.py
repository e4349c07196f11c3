"""Encrypted model fields. Each says whose data it is, what sort, what for and how long; the checks refuse one that does not.

In the database they are bytes sealed under the person's key and bound to model, field and row. Reading an attribute gives a `Sealed`, which shows
nothing; plaintext comes only through privacy.disclosure.
"""

import json
from typing import Any
from uuid import UUID

from django.core import checks
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from . import kinds, purposes, retention, vault
from .models import DataSubject


class NotSealed(TypeError):
    """Plaintext was about to reach the database by a road that does not seal (update, bulk_update, raw lookups)."""


class NoSubject(ValueError):
    """The row does not say whose data it holds."""


class Sealed:
    """A sealed value. It has no text form, no order, no length; only privacy.disclosure opens it."""

    __slots__ = ("_bytes",)

    def __init__(self, sealed: bytes) -> None:
        self._bytes = bytes(sealed)

    @property
    def ciphertext(self) -> bytes:
        return self._bytes

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> str:
        raise TypeError("A sealed value has no text. Read it through privacy.disclosure.")

    def __format__(self, spec: str) -> str:
        raise TypeError("A sealed value has no text. Read it through privacy.disclosure.")

    def __reduce__(self) -> str:
        raise TypeError("A sealed value is not carried about.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __copy__(self) -> "Sealed":
        return self

    def __deepcopy__(self, memo: dict) -> "Sealed":
        return self


class EncryptedField(models.BinaryField):
    """Base of both fields: bytes in the database, `Sealed` on the instance, plaintext only when assigned and not yet saved."""

    empty_values = [None]

    def get_default(self) -> Any:
        return models.Field.get_default(self)  # BinaryField would turn a missing text into empty bytes

    def _check_str_default_value(self) -> list:
        return []

    def __init__(self, *args: Any, subject: str = "", purpose: str = "", kind: str = "", retention: str = "", **kwargs: Any) -> None:
        self.subject_path, self.purpose, self.kind, self.retention = subject, purpose, kind, retention
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"subject": self.subject_path, "purpose": self.purpose, "kind": self.kind, "retention": self.retention}

    def check(self, **kwargs: Any) -> list:
        return [*super().check(**kwargs), *self._check_tags(), *self._check_row()]

    def _check_tags(self) -> list:
        tags = (("purpose", self.purpose, purposes.PURPOSES), ("kind", self.kind, kinds.KINDS), ("retention", self.retention, retention.RULES))
        return [
            checks.Error(f"Encrypted field needs a known {name}; it says {value!r}.", obj=self, id="privacy.E001")
            for name, value, known in tags
            if value not in known
        ]

    def _check_row(self) -> list:
        found = []
        if not self.subject_path or not hasattr(self.model, self.subject_path.split("__")[0]):
            found.append(checks.Error("Encrypted field does not say whose data it is (subject=…).", obj=self, id="privacy.E002"))
        row_id = next((field for field in self.model._meta.get_fields() if field.name == "row_id"), None)
        if not (isinstance(row_id, models.UUIDField) and row_id.unique and not row_id.null):
            found.append(checks.Error("A model with encrypted fields needs a stable row_id: inherit privacy.models.SealedRow.", obj=self, id="privacy.E003"))
        if self.max_length is not None:
            found.append(checks.Error("An encrypted field has no max_length; check length where the text comes in.", obj=self, id="privacy.E004"))
        return found

    # Text in, bytes out, and back.
    def encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def decode(self, plaintext: bytes) -> Any:
        raise NotImplementedError

    # Where a value lives, and whose it is.
    def context(self, row: models.Model) -> str:
        return f"{self.model._meta.label_lower}.{self.name}:{row.row_id}"  # type: ignore[attr-defined]

    def subject_of(self, row: models.Model) -> DataSubject | UUID:
        """The person, or only their id where the last step of the path is an unloaded foreign key."""
        *steps, last = self.subject_path.split("__")
        holder: Any = row
        for step in steps:
            holder = getattr(holder, step, None)
        unloaded = isinstance(holder, models.Model) and last not in holder._state.fields_cache
        found = holder.__dict__.get(f"{last}_id") if unloaded else None
        found = found or getattr(holder, last, None)
        if found is None:
            raise NoSubject(f"{self.model._meta.label}.{self.name}: row has no subject")
        return found

    def pre_save(self, row: models.Model, add: bool) -> Any:
        value = getattr(row, self.attname)
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return value
        sealed = Sealed(vault.seal(self.subject_of(row), self.context(row), self.encode(value)))
        setattr(row, self.attname, sealed)
        return sealed

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if not isinstance(value, Sealed):
            raise NotSealed(f"{self.model._meta.label}.{self.name}: save the row; updates in bulk do not seal")
        return super().get_db_prep_value(value.ciphertext, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return "sealed"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it is found by a blind index, not by {lookup_name}.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is encrypted: it has no {lookup_name}.")


class EncryptedTextField(EncryptedField):
    """Text. The empty string is a value; None is its absence."""

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise NotSealed(f"{self.model._meta.label}.{self.name} takes text")
        return value.encode()

    def decode(self, plaintext: bytes) -> str:
        return plaintext.decode()


class EncryptedJSONField(EncryptedField):
    """Any JSON value; dates, decimals and UUIDs are written as text."""

    empty_strings_allowed = False

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def decode(self, plaintext: bytes) -> Any:
        return json.loads(plaintext)


def encrypted_fields(model: type[models.Model]) -> dict[str, EncryptedField]:
    """The encrypted fields of a model, by name."""
    return {field.name: field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)}
