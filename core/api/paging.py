"""Pages by cursor: the next page begins after the last row of this one, whatever was added meanwhile. The cursor is signed, so it is ours or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.api.problems import malformed

SALT = "core.api.cursor"
LIMIT, LIMIT_MAX = 25, 100


class _Serializer:
    """Keys as JSON; moments and decimals as text to their last digit, or the page would begin a little beside the row."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, default=str, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


@dataclass(frozen=True)
class Page:
    """`after` is the text of the next cursor, empty at the end."""

    rows: list[Any]
    after: str = ""


def read(cursor: str, *, scope: str) -> list[Any] | None:
    """The key a cursor of that listing stands for; None without one. Raises a 400 problem for anything we did not write."""
    if not cursor:
        return None
    try:
        found = signing.loads(cursor, salt=f"{SALT}:{scope}", serializer=_Serializer)
    except signing.BadSignature:
        raise malformed("bad_cursor", _("This cursor is not one of ours, or belongs to another list.")) from None
    return list(found)


def write(key: Sequence[Any], *, scope: str) -> str:
    return signing.dumps(list(key), salt=f"{SALT}:{scope}", serializer=_Serializer)


def page(rows: QuerySet[Any], *, order: Sequence[str], cursor: str, limit: int, scope: str) -> Page:
    """One page of `rows` in `order` (field names, "-" for falling; the last one unique)."""
    key = read(cursor, scope=f"{scope}:{','.join(order)}")
    if key is not None:
        rows = rows.filter(_after(order, key))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return Page(found)
    last = [_value(found[limit - 1], name.lstrip("-")) for name in order]
    return Page(found[:limit], write(last, scope=f"{scope}:{','.join(order)}"))


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for step in name.split("__"):
        value = getattr(value, step)
    return value


def _after(order: Sequence[str], key: Sequence[Any]) -> Q:
    """Beyond the key in one of the fields, equal in those before it."""
    found, equal = Q(), Q()
    for name, value in zip(order, key, strict=True):
        plain = name.lstrip("-")
        found |= equal & Q(**{f"{plain}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{plain: value})
    return found


def next_address(request: Any, after: str) -> str | None:
    """The address of the next page, with everything else that was asked for."""
    if not after:
        return None
    asked = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return str(request.build_absolute_uri(f"{request.path}?{urlencode({**asked, 'cursor': after})}"))
