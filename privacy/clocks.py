"""By when an answer is owed, and by when a breach is told: figures by jurisdiction from clocks.json, the shortest where several apply."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

HOUSE = "house"


@cache
def _figures() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "clocks.json").read_text(encoding="utf-8"))


def _shortest(name: str, jurisdictions: tuple[str, ...]) -> int:
    figures = _figures()
    return min(int(figures.get(place, figures[HOUSE])[name]) for place in jurisdictions or (HOUSE,))


def answer_due(jurisdictions: Iterable[str], *, received_at: datetime) -> datetime:
    """When a person's request has to be answered."""
    return received_at + timedelta(days=_shortest("answer_days", tuple(jurisdictions)))


def authority_due(jurisdictions: Iterable[str], *, known_at: datetime) -> dict[str, datetime]:
    """By jurisdiction: when the authority has to know of a breach, from the moment we know."""
    return {place: known_at + timedelta(hours=_shortest("breach_hours", (place,))) for place in jurisdictions}
