"""Who did what: one append-only row for each act of staff and each act that binds."""

from contextvars import ContextVar
from datetime import datetime

from .models import Act, User

request_id: ContextVar[str] = ContextVar("request_id", default="")


def record(*, actor: User, action: str, target: str, now: datetime) -> Act:
    """Writes down that `actor` did `action` ("noun.verb") to `target` (a reference). Part of the caller's transaction: no act without its row."""
    return Act.objects.create(actor=actor, action=action, target=target, at=now, request_id=request_id.get())
