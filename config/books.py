"""When the books were last seen to balance, as the strip on every page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

KEY = "books"


@dataclass(frozen=True)
class BooksState:
    """The outcome of the last check. `at` is aware."""

    at: datetime
    balanced: bool


def check(*, now: datetime) -> BooksState:
    """Run the ledger's own check and remember its outcome. When out of balance, the first moment it was seen is kept."""
    from ledger.checks import check_books

    balanced = not check_books()
    before = last()
    first_seen = before.at if before and not before.balanced and not balanced else now
    state = BooksState(at=first_seen, balanced=balanced)
    cache.set(KEY, state, timeout=None)
    return state


def last() -> BooksState | None:
    """The last outcome, if there was a check."""
    return cache.get(KEY)
