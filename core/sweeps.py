"""Timed work over many rows: each row in a savepoint of its own, so that one that cannot be done stops no other, whatever is wrong with it."""

import logging
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction

Row = TypeVar("Row")
log = logging.getLogger(__name__)


def each(rows: Iterable[Row], act: Callable[[Row], object], *, what: str, name: Callable[[Row], str] = attrgetter("reference")) -> int:
    """Does `act` with each row and returns for how many it said yes. A row it fails for stays as it was and is logged by `name`, its reference."""
    done = 0
    for row in rows:
        try:
            with transaction.atomic():
                done += bool(act(row))
        except (SoftTimeLimitExceeded, OperationalError, InterfaceError):
            raise  # no fault of the row
        except Exception:
            log.exception("%s: %s is left as it was, the others go on", what, name(row))
    return done
