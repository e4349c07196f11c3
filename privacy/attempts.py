"""What happened before, counted from the messages themselves: nothing else knows, so nothing else can forget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from .contact_policy import Attempts
from .models import ContactDecision, OutboundMessage

SPOKEN = ("voice", "visit")
UNDER_WAY = OutboundMessage.Result.UNDER_WAY
TALKED = (OutboundMessage.Result.CONNECTED, OutboundMessage.Result.ANSWERED, UNDER_WAY)  # a call under way may become a conversation
# Answers to the person's own request are no attempts upon them.
OWED = ("rights_reply", "breach_notice")


def counted(subjects: Sequence[UUID], *, zones: Iterable[str], episode_since: datetime | None, third_party: bool, now: datetime) -> Attempts:
    """Counters for the decision about to be made. A day is the person's own, the longest where their zone is not certain; 7 days are 168 hours.

    To a third party any channel is an attempt. Without a known beginning of the case, every conversation ever counts to it.
    """
    rows = [*_messages(subjects), *_promised(subjects, now=now)]
    midnight, week = _midnight(zones, now=now), now - timedelta(days=7)
    tries = [(result, at) for channel, result, at in rows if third_party or channel in SPOKEN]
    talks = [at for channel, result, at in rows if result in TALKED]
    said = [at for channel, _result, at in rows if channel not in SPOKEN]
    return Attempts(
        connected_day=sum(at >= midnight for at in talks),
        attempts_day=sum(at >= midnight for _result, at in tries),
        attempts_7d=sum(at > week for _result, at in tries),
        conversations_episode=sum(episode_since is None or at >= episode_since for at in talks),
        conversations_lifetime=len(talks),
        messages_day=sum(at >= midnight for at in said),
        messages_7d=sum(at > week for at in said),
        days_since_conversation=(now - max(talks)).days if talks else None,
    )


def _messages(subjects: Sequence[UUID]) -> Iterable[tuple[str, str, datetime]]:
    return OutboundMessage.objects.filter(subject_id__in=subjects).exclude(purpose__in=OWED).values_list("channel", "result", "at")


def _promised(subjects: Sequence[UUID], *, now: datetime) -> Iterable[tuple[str, str, datetime]]:
    """A yes that is still good and not used yet counts as if it were: nobody else gets it meanwhile."""
    fresh = ContactDecision.objects.filter(subject_id__in=subjects, decision="allow", expires_at__gte=now, message=None).exclude(purpose__in=OWED)
    return [(channel, UNDER_WAY if channel in SPOKEN else OutboundMessage.Result.SENT, at) for channel, at in fresh.values_list("channel", "at")]


def _midnight(zones: Iterable[str], *, now: datetime) -> datetime:
    """The earliest beginning of today among the zones; of the platform's day when there is none."""
    starts = [now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) for zone in _known(zones)]
    return min(starts, default=timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0))


def _known(zones: Iterable[str]) -> Iterable[ZoneInfo]:
    for name in zones:
        try:
            yield ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
