"""The inbox: every message is in it. Written in sets, opened through the disclosure door, marked as read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.access import actor
from accounts.models import User
from notifications import catalogue
from notifications.catalogue import Wording
from notifications.models import Message
from privacy import disclosure


@dataclass(frozen=True)
class Line:
    """A message with its words in the reader's language."""

    message: Message
    wording: Wording


def put(messages: Sequence[Message], *, renew: bool = False) -> int:
    """Writes them in one statement; returns how many were not there before. One that was stays as it is, or becomes new again with `renew`."""
    before = Message.objects.filter(key__in=[message.key for message in messages])
    known = before.update(said_at=messages[0].said_at, read_at=None) if renew and messages else before.count()
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages) - known


def of(user: User, *, unread: bool = False) -> QuerySet[Message]:
    """The user's messages, newest first."""
    rows = Message.objects.filter(user=user).select_related("user", "party").order_by("-said_at", "-pk")
    return rows.filter(read_at=None) if unread else rows


def unread_count(user: User) -> int:
    return Message.objects.filter(user=user, read_at=None).count()


def opened(user: User, messages: Sequence[Message], *, page: str, now: datetime) -> list[Line]:
    """The messages in words. One look in the access log, the person's own."""
    kept = disclosure.reveal_many(messages, ["params"], actor=actor(user, role="self"), purpose="servicing", page=page, now=now)
    return [Line(message, catalogue.wording(message.template, facts)) for message, facts in whole(messages, kept)]


def whole(messages: Sequence[Message], kept: Mapping[int, dict[str, Any] | None]) -> Iterator[tuple[Message, dict[str, Any] | None]]:
    """Each message with all its facts: those sealed in it and those its template reads from the books. None where the person is gone."""
    facts = {pk: opened["params"] for pk, opened in kept.items() if opened is not None}
    live = catalogue.live_facts([(message, facts[message.pk]) for message in messages if message.pk in facts])
    for message in messages:
        yield message, {**facts[message.pk], **live.get(message.pk, {})} if message.pk in facts else None


def mark_read(user: User, *, now: datetime, reference: str | None = None) -> int:
    """One message, or all of them. Returns how many were unread."""
    rows = Message.objects.filter(user=user, read_at=None)
    return (rows if reference is None else rows.filter(reference=reference)).update(read_at=now)
