"""Figures anybody may see: totals from the books, never anything about one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def front_page(*, now: datetime) -> dict[str, Any]:
    return {"now": now}


def worked_example() -> dict[str, Any]:
    return {}
