"""The inbox: every message is in it. Written in sets, opened through the disclosure door, marked as read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.access import actor
from accounts.models import User
from notifications import catalogue
from notifications.catalogue import Wording
from notifications.models import Message
from privacy import disclosure, retention


@dataclass(frozen=True)
class Line:
    """A message with its words in the reader's language."""

    message: Message
    wording: Wording


def put(messages: Sequence[Message], *, renew: bool = False) -> int:
    """Writes them in one statement. One that was said before stays as it is, unless it is to be renewed."""
    before = Message.objects.filter(key__in=[message.key for message in messages]).count()
    if renew:
        columns = ["row_id", "params", "said_at", "read_at"]  # sealed values are bound to their row_id
        Message.objects.bulk_create(messages, update_conflicts=True, unique_fields=["key"], update_fields=columns)
        return len(messages)
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages) - before


def of(user: User, *, unread: bool = False) -> QuerySet[Message]:
    """The user's messages, newest first."""
    rows = Message.objects.filter(user=user).select_related("user", "party").order_by("-said_at", "-pk")
    return rows.filter(read_at=None) if unread else rows


def unread_count(user: User) -> int:
    return Message.objects.filter(user=user, read_at=None).count()


def opened(user: User, messages: Sequence[Message], *, page: str, now: datetime) -> list[Line]:
    """The messages in words. One look in the access log, the person's own."""
    facts = disclosure.reveal_many(messages, ["params"], actor=actor(user, role="self"), purpose="servicing", page=page, now=now)
    return [Line(message, catalogue.wording(message.template, (facts[message.pk] or {}).get("params"))) for message in messages]


def mark_read(user: User, *, now: datetime, reference: str | None = None) -> int:
    """One message, or all of them. Returns how many were unread."""
    rows = Message.objects.filter(user=user, read_at=None)
    return (rows if reference is None else rows.filter(reference=reference)).update(read_at=now)


def forget_old(*, now: datetime) -> int:
    """Messages past their time go, read or not. Returns how many."""
    days = retention.get("notification").days
    assert days is not None
    return Message.objects.filter(said_at__lt=now - timedelta(days=days)).delete()[0]
