"""How often somebody may ask: an allowance that refills evenly, kept in the database so that every process counts the same.

One row a key holds the moment at which its allowance is full again (the generic cell rate algorithm); one statement takes from it or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

KEEP = timedelta(hours=1)  # every allowance is full again long before


@dataclass(frozen=True)
class Pace:
    """`per_minute` in the long run, `burst` at once."""

    per_minute: int
    burst: int

    @property
    def interval(self) -> timedelta:
        return timedelta(minutes=1) / self.per_minute


_TAKE = """
INSERT INTO core_allowance AS held (key, full_at) VALUES (%(key)s, %(now)s + %(interval)s)
ON CONFLICT (key) DO UPDATE SET full_at = greatest(held.full_at, %(now)s) + %(interval)s
 WHERE greatest(held.full_at, %(now)s) + %(interval)s <= %(now)s + %(interval)s * %(burst)s
RETURNING full_at"""


def take(paces: Mapping[str, Pace], *, now: datetime) -> timedelta | None:
    """Takes one from each key's allowance; None when all had one, else how long to wait for the emptiest. Keys are taken in order, so nobody deadlocks."""
    with connection.cursor() as cursor:
        for key, pace in sorted(paces.items()):
            values: dict[str, Any] = {"key": key, "now": now, "interval": pace.interval, "burst": pace.burst}
            cursor.execute(_TAKE, values)
            if cursor.fetchone() is None:
                return _wait(key, pace, now=now)
    return None


def _wait(key: str, pace: Pace, *, now: datetime) -> timedelta:
    with connection.cursor() as cursor:
        cursor.execute("SELECT full_at FROM core_allowance WHERE key = %s", [key])
        row = cursor.fetchone()
    short = row[0] + pace.interval - now - pace.interval * pace.burst if row else timedelta()
    return max(short, timedelta(seconds=1))


def forget(*, now: datetime) -> int:
    """Deletes allowances that are full again. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_allowance WHERE full_at < %s", [now - KEEP])
        return int(cursor.rowcount)
