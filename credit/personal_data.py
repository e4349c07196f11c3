"""What credit holds about a person: decisions, with the facts each saw and what came out of it, what other models said beside
them, and what sources outside told.

All of it is sealed and goes with the person's key.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from credit.models import Decision, Inquiry, ShadowScore
from privacy import copies, disclosure, emptying, rights
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


def take_out(about: Collection[str], *, now: datetime) -> None:
    """What decisions about these affairs saw and said is emptied, so long after; outcome, grade and price stay, for the statistics of the model."""
    decided = Decision.objects.filter(about__in=about).select_related("subject")
    emptying.empty(ShadowScore.objects.filter(decision__in=decided).select_related("decision__subject"), rule="loan_file", now=now)
    emptying.empty(Inquiry.objects.filter(about__in=about).select_related("subject"), rule="loan_file", now=now)
    emptying.empty(decided, rule="loan_file", now=now)


# How our software appears in "who looked at me".
disclosure.ROLES |= {
    "credit.sources": _("asking of data sources"),
    "credit.facts": _("gathering of facts for a decision"),
    "credit.watch": _("watch over the scorecard"),
}
