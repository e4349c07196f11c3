"""What this app itself holds about a person. Consents and looks name only pseudonyms and outlive an erasure, as proof."""

from datetime import datetime

from . import disclosure, receipts, rights
from .models import DataSubject


def export(*, subject: DataSubject, now: datetime) -> dict:
    """Receipts of every answer, and everybody who looked."""
    return {
        "since": subject.created_at.isoformat(),
        "consents": receipts.of(subject),
        "looks": [_look(look) for look in disclosure.who_looked(subject, limit=100_000)],
    }


def _look(look: disclosure.Look) -> dict:
    return {
        "viewer": look.viewer or look.role,
        "role": look.role,
        "at": look.at.isoformat(),
        "kinds": list(look.kinds),
        "purpose": look.purpose,
        "page": look.page,
    }


def erase(*, subject: DataSubject, now: datetime) -> None:
    """Nothing of ours is readable without the key, which the vault destroys."""


rights.register("privacy", export=export, erase=erase)
