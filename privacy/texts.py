"""Text messages. The sandbox keeps them in a table of its own, sealed, and shows them on its telephone; elsewhere the operator names a gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from . import processors, vault
from .models import DataSubject, SandboxText

SHOWN = 20


class NoGateway(Exception):
    """Outside the sandbox nothing is sent until TEXT_GATEWAY names who sends, a function (number, body, key), and TEXT_CONTRACT a living contract with them."""

    code = "no_text_gateway"


@dataclass(frozen=True)
class Shown:
    """One text as the sandbox's telephone shows it."""

    body: str
    at: datetime


def send(*, subject: DataSubject, e164: str, number_index: bytes, body: str, key: str, now: datetime) -> None:
    """Hand over one text. `key` makes a repetition no second text. Raises NoGateway."""
    if settings.SIGNED_PACKS_SANDBOX:
        if not SandboxText.objects.filter(key=key).exists():
            SandboxText.objects.create(subject=subject, number_index=number_index, body=body, key=key, at=now)
        return
    try:
        processors.require_for("texts", kind="phone", purpose="circle", as_of=timezone.localdate(now))
    except processors.NoContract as error:
        raise NoGateway from error
    if not settings.TEXT_GATEWAY:
        raise NoGateway
    gateway: Callable[..., None] = import_string(settings.TEXT_GATEWAY)
    gateway(number=e164, body=body, key=key)


def inbox(number_index: bytes, *, now: datetime) -> list[Shown]:
    """What the sandbox's telephone of that number received, newest first; texts of erased people are gone, those of locked ones shut."""
    rows = (
        SandboxText.objects.filter(number_index=number_index, subject__erased_at=None, subject__restricted_at=None)
        .select_related("subject")
        .order_by("-at", "-pk")[:SHOWN]
    )
    opened = vault.open_sealed(list(rows), ("body",), engine="sandbox_phone", purpose="circle", now=now)
    return [Shown((opened[row.pk] or {}).get("body", ""), row.at) for row in rows if opened[row.pk]]
