"""Taking rows that have outlived their retention rule out of the sealed records, without breaking the seals over their neighbors."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import models, transaction

from . import seals
from .models import RolledUp, Segment


def roll_up(rows: models.QuerySet[Any], *, stream: str, rule: str, now: datetime, limit: int = 5000) -> list[int]:
    """Delete the sealed ones among `rows` (of that stream), leaving their hashes; the ids that went.

    Unsealed ones wait for their seal, those another table still rests on (a grant on its consent) for that table.
    """
    for relation in rows.model._meta.related_objects:
        rows = rows.exclude(pk__in=relation.related_model._base_manager.exclude(**{relation.field.name: None}).values(relation.field.name))
    found = {row["id"]: row for row in rows.order_by("pk").values()[:limit]}
    places = by_segment(stream, sorted(found))
    gone = [pk for ids in places.values() for pk in ids]
    if not gone:
        return []
    with transaction.atomic():
        for segment, ids in places.items():
            leaves = {str(pk): seals.leaf(found[pk]).hex() for pk in ids}
            signature = seals.sign(seals.rolled_payload(segment, leaves, rule=rule, at=now))
            RolledUp.objects.create(segment=segment, rule=rule, leaves=leaves, at=now, signature=signature)
        model = seals.STREAMS[stream]
        with pgtrigger.ignore(*guards(model, pgtrigger.Delete)):
            model._default_manager.filter(pk__in=gone).delete()
    return gone


def by_segment(stream: str, ids: Sequence[int]) -> dict[Segment, list[int]]:
    """Which sealed segment holds which of the ids."""
    if not ids:
        return {}
    spans = sorted((first, last, segment) for segment in Segment.objects.filter(stream=stream) for first, last in segment.ranges if last >= ids[0])
    starts = [first for first, _last, _segment in spans]
    found: dict[Segment, list[int]] = defaultdict(list)
    for pk in ids:
        place = bisect_right(starts, pk) - 1
        if place >= 0 and pk <= spans[place][1]:
            found[spans[place][2]].append(pk)
    return found


def guards(model: type[models.Model], operation: Any) -> list[str]:
    """Addresses of the triggers on this table for that operation, to be set aside for one statement of retention."""
    triggers = getattr(model._meta, "triggers", [])
    return [f"{model._meta.label}:{trigger.name}" for trigger in triggers if operation in trigger.operation]
