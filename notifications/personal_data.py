"""What this app holds about a person: their messages and how they want to be written to. All of it goes at erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from notifications import catalogue, preferences
from notifications.channels import inbox
from notifications.models import Message, Preference
from privacy import restriction, rights, sweeps, vault
from privacy.models import DataSubject


def export(*, subject: DataSubject, now: datetime) -> dict[str, Any]:
    """Every message as it was said, in the language it was said in, and the choices about mail."""
    user = User.objects.filter(subject=subject).first()
    messages = list(Message.objects.filter(_of(subject)).select_related("user").order_by("pk"))
    kept = vault.open_sealed(messages, ["params"], engine="privacy.export", purpose="rights", now=now)
    return {
        "messages": [_message(message, facts) for message, facts in inbox.whole(messages, kept)],
        "mail": _choices(preferences.of(user)) if user else None,
    }


def _of(subject: DataSubject) -> Q:
    """Said to the person; for a business, said to those who act for it."""
    return Q(user__subject=subject) | Q(party__subject=subject)


def _message(message: Message, facts: dict[str, Any] | None) -> dict[str, Any]:
    said = catalogue.in_language(message.locale, message.template, facts)
    return {
        "reference": message.reference,
        "template": message.template,
        "title": said.title,
        "text": said.text,
        "said_at": message.said_at.isoformat(),
        "mailed_at": message.mailed_at.isoformat() if message.mailed_at else None,
        "read_at": message.read_at.isoformat() if message.read_at else None,
    }


def _choices(preference: Preference) -> dict[str, Any]:
    return {
        "by_mail": {kind: preferences.wants_mail(preference, kind) for kind in catalogue.KINDS},
        "quiet_hours": [preference.quiet_from, preference.quiet_until] if preference.quiet else None,
    }


def erase(*, subject: DataSubject, now: datetime) -> None:
    """Messages and choices are taken out; no law asks to keep them."""
    Message.objects.filter(_of(subject)).delete()
    Preference.objects.filter(user__subject=subject).delete()


def _old_messages(*, cutoff: datetime, now: datetime) -> list[int]:
    """Read or not."""
    old = Message.objects.filter(said_at__lt=cutoff).exclude(user__subject__in=restriction.on_hold())
    gone = list(old.values_list("pk", flat=True)[:50_000])
    Message.objects.filter(pk__in=gone).delete()
    return gone


sweeps.register("notification", app="notifications", sweep=_old_messages)
rights.register("notifications", export=export, erase=erase)
