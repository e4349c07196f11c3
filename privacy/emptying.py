"""Taking the words out of rows that stay: what was sealed and has outlived its rule gives way to nothing, or to a dash where the column must hold something.

The row itself, and the figures about nobody in it, stay for the books and the statistics. A row of a sealed stream leaves its hash as it was and gets
one as it is now, both signed, so that the seals stay whole and still find a change by another hand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pgtrigger
from django.db import models, transaction

from . import rollup, seals, vault
from .fields import EncryptedField, EncryptedJSONField, Sealed, encrypted_fields
from .models import RolledUp

GONE = "—"


@transaction.atomic
def empty(rows: models.QuerySet[Any], *, rule: str, now: datetime) -> list[Any]:
    """Empties what this rule covers in all of `rows`; their ids. Rows of persons erased say nothing already, unsealed ones of a stream wait for their seal."""
    fields = {name: field for name, field in encrypted_fields(rows.model).items() if field.retention == rule}
    stream = next((name for name, model in seals.STREAMS.items() if model is rows.model), "")
    found = {row.pk: row for row in rows}
    by_segment = rollup.by_segment(stream, sorted(found)) if stream else {None: sorted(found)}
    done: list[Any] = []
    for segment, ids in by_segment.items():
        before = _leaves(rows.model, ids) if segment else {}
        emptied = [pk for pk in ids if _emptied(found[pk], fields)]
        if segment and emptied:
            _sign(segment, {pk: before[pk] for pk in emptied}, _leaves(rows.model, emptied), rule=rule, now=now)
        done += emptied
    return done


def _emptied(row: models.Model, fields: dict[str, EncryptedField]) -> bool:
    try:
        values = {name: _nothing(row, field) for name, field in fields.items()}
    except vault.Erased:
        return False
    with pgtrigger.ignore(*rollup.guards(type(row), pgtrigger.Update)):
        return bool(type(row)._base_manager.filter(pk=row.pk).update(**values))


def _nothing(row: models.Model, field: EncryptedField) -> Sealed | None:
    if field.null:
        return None
    return Sealed(vault.seal(field.subject_of(row), field.context(row), field.encode({} if isinstance(field, EncryptedJSONField) else GONE)))


def _leaves(model: type[models.Model], ids: list[int]) -> dict[int, str]:
    return {row["id"]: seals.leaf(row).hex() for row in model._default_manager.filter(pk__in=ids).values()}


def _sign(segment: Any, before: dict[int, str], after: dict[int, str], *, rule: str, now: datetime) -> None:
    leaves, emptied = ({str(pk): text for pk, text in found.items()} for found in (before, after))
    signature = seals.sign(seals.rolled_payload(segment, leaves, rule=rule, at=now, emptied=emptied))
    RolledUp.objects.create(segment=segment, rule=rule, leaves=leaves, emptied=emptied, at=now, signature=signature)
