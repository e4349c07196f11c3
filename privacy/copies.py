"""Rows as the person they are about reads them in their copy: every column that says something, sealed ones opened through the logged door.

What only serves the machine (row numbers, indexes, hashes of links, places of files) is left out; a row that others are known by appears as its reference.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import QuerySet

from . import vault
from .fields import encrypted_fields

ENGINE = "privacy.export"
MACHINERY = {"id", "row_id", "key", "hold_key", "stored_name", "token_hash"}


def rows(found: QuerySet[Any], *, now: datetime, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Each row as {column: value}, JSON-able, in the order they were written. Two queries and one look, however many they are."""
    model = found.model
    sealed = list(encrypted_fields(model))
    links = [field for field in model._meta.concrete_fields if field.is_relation and hasattr(field.related_model, "REFERENCE_PREFIX")]
    owner = {field.subject_path.rpartition("__")[0] for field in encrypted_fields(model).values()} - {""}
    held = list(found.select_related(*(link.name for link in links), *owner).order_by("pk"))
    opened = vault.open_sealed(held, sealed, engine=ENGINE, purpose="rights", now=now) if sealed and held else {}
    plain = [field for field in model._meta.concrete_fields if _is_told(field) and field.name not in {*sealed, *without}]
    return [
        {
            **{field.name: _plain(getattr(row, field.attname)) for field in plain},
            **{link.name: getattr(getattr(row, link.name), "reference", None) for link in links if link.name not in without},
            **(opened.get(row.pk) or dict.fromkeys(sealed) if sealed else {}),
        }
        for row in held
    ]


def _is_told(field: models.Field[Any, Any]) -> bool:
    return not (field.is_relation or isinstance(field, models.BinaryField) or field.name in MACHINERY or field.name.endswith("_index"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
