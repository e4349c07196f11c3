"""What credit holds about a person: decisions, with the facts each saw and what came out of it, what other models said beside
them, and what sources outside told.

All of it is sealed and goes with the person's key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from credit.models import Decision, Inquiry, ShadowScore
from privacy import copies, rights
from privacy.models import DataSubject


def export(*, subject: DataSubject, now: datetime) -> dict[str, Any]:
    """Every decision in full: facts, model, points, reasons, price; and the words of models that decided nothing."""
    return {
        "decisions": copies.rows(Decision.objects.filter(subject=subject), now=now),
        "inquiries": copies.rows(Inquiry.objects.filter(subject=subject), now=now),
        "scores_in_shadow": copies.rows(ShadowScore.objects.filter(decision__subject=subject), now=now),
    }


def erase(*, subject: DataSubject, now: datetime) -> None:
    """What is left without the key are figures about nobody: outcome, grade and price of a decision, for the statistics of the model."""


rights.register("credit", export=export, erase=erase)
