"""The rights of a person over all apps: copy and erasure. Each app registers what it holds (its personal_data.py); privacy only conducts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from . import keystore, vault
from .models import DataSubject


class Export(Protocol):
    def __call__(self, *, subject: DataSubject, now: datetime) -> Any: ...


class Erase(Protocol):
    def __call__(self, *, subject: DataSubject, now: datetime) -> None: ...


class UnableToErase(Exception):
    """Something still needs the data: an open loan, a legal duty. `reasons` are codes of the apps that hold on."""

    code = "unable_to_erase"

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Holding:
    """What one app does for a person: gives a JSON-able copy, erases what is not encrypted, and names what still holds on."""

    export: Export
    erase: Erase
    holds: Callable[..., list[str]] | None = None


_holdings: dict[str, Holding] = {}


def register(app: str, *, export: Export, erase: Erase, holds: Callable[..., list[str]] | None = None) -> None:
    """Called from an app's personal_data.py when it is ready. `holds(subject=…) -> list[str]`: reason codes why erasure must wait."""
    _holdings[app] = Holding(export=export, erase=erase, holds=holds)


def registered() -> list[str]:
    """Apps that registered, in the order they did."""
    return list(_holdings)


def export(subject: DataSubject, *, now: datetime) -> dict:
    """Everything we hold about this person, by app; JSON-able. Exporters read through the disclosure door, so it is logged. Raises vault.Erased."""
    if subject.erased_at is not None:
        raise vault.Erased
    held = {app: holding.export(subject=subject, now=now) for app, holding in _holdings.items()}
    return {"pseudonym": subject.pseudonym, "exported_at": now.isoformat(), **held}


def erase(subject: DataSubject, *, now: datetime) -> None:
    """Erase a person everywhere, then destroy their key: all or nothing. Raises UnableToErase while something holds on."""
    reasons = holds(subject)
    if reasons:
        raise UnableToErase(reasons)
    _erase(subject, now=now)


def holds(subject: DataSubject) -> list[str]:
    """Codes of what still needs this person's data; empty when nothing does."""
    return [reason for holding in _holdings.values() if holding.holds for reason in holding.holds(subject=subject)]


@transaction.atomic
def _erase(subject: DataSubject, *, now: datetime) -> None:
    for holding in _holdings.values():
        holding.erase(subject=subject, now=now)
    vault.erase(subject, now=now)


def replay_erasures(*, now: datetime) -> int:
    """Erase again whoever stands in this database but had their key half destroyed: a backup was restored. Returns how many.

    Nothing holds them any more: it was weighed when they were erased.
    """
    gone = DataSubject.objects.filter(pk__in=list(keystore.destroyed()), erased_at__isnull=True)
    for subject in gone:
        _erase(subject, now=now)
    return len(gone)
