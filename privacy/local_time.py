"""What time and day it is where somebody is: their own zone as they say, or every zone their number may be in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays


@dataclass(frozen=True)
class Local:
    """One plausible local moment: "HH:MM", and whether it is a public holiday there (None: nobody knows)."""

    clock: str | None
    holiday: bool | None


def plausible(*, zones: Iterable[str], region: str, now: datetime) -> list[Local]:
    """A moment for each zone; a single unknown one when there is none. A zone that is not one counts as unknown."""
    found = [_at(zone, region=region, now=now) for zone in dict.fromkeys(zones)]
    return found or [Local(None, None)]


def _at(zone: str, *, region: str, now: datetime) -> Local:
    try:
        there = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return Local(None, None)
    return Local(f"{there:%H:%M}", is_holiday(region, there.date()))


@lru_cache(maxsize=64)
def _year(region: str, year: int) -> frozenset[date] | None:
    try:
        found = holidays.financial_holidays("ECB", years=year) if region == "EU" else holidays.country_holidays(region, years=year)
        return frozenset(found)
    except NotImplementedError:
        return None


def is_holiday(region: str, day: date) -> bool | None:
    """Whether that day is a public holiday in that country; None for a country the calendar does not know."""
    found = _year(region, day.year)
    return None if found is None else day in found
