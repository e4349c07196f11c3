"""Numbers never to be contacted again, as keyed codes: across all borrowers, for good, and past an erasure. Nobody can ask this list about a number."""

from __future__ import annotations

from datetime import datetime

from .models import Suppression


def holds(number_index: bytes) -> bool:
    """Whether the number is on the list. For the policy and for codes; never for a page."""
    return Suppression.objects.filter(number_index=number_index).exists()


def add(number_index: bytes, *, reason: str, now: datetime) -> None:
    """On the list from this commit on. Safe to repeat; the first reason stays."""
    Suppression.objects.bulk_create([Suppression(number_index=number_index, reason=reason, at=now)], ignore_conflicts=True)
