"""When the books were last proved to balance, as the strip on every page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.cache import cache

from ledger import checks

KEY = "books"


@dataclass(frozen=True)
class BooksState:
    """The outcome of the last proof. `at` is aware: when it was proved, or when an error was first seen."""

    at: datetime
    balanced: bool


def prove(*, now: datetime, as_of: date) -> BooksState:
    """Run every check of the books and remember the outcome for the pages."""
    balanced = checks.check_books(as_of=as_of).is_clean
    before = last()
    still_wrong = before is not None and not before.balanced and not balanced
    state = BooksState(at=before.at if before is not None and still_wrong else now, balanced=balanced)
    cache.set(KEY, state, timeout=None)
    return state


def last() -> BooksState | None:
    """The last outcome, or nothing before the first proof."""
    return cache.get(KEY)
