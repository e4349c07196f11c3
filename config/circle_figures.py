"""How often anybody around a borrower was contacted, counted from the decisions themselves. For anybody; never about one loan or one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from loans import ladder_figures
from privacy import contact_words
from privacy.models import ContactDecision

# A reason that was met fewer times than this could be about somebody in particular: it is counted, but not told apart.
SMALLEST_CELL = 10


@dataclass(frozen=True)
class Refusals:
    """One reason, and how often it stood in the way. None: fewer than SMALLEST_CELL times."""

    code: str
    count: int | None

    @property
    def words(self) -> str:
        return contact_words.reason(self.code)


@dataclass(frozen=True)
class Figures:
    at: datetime
    asked: int
    sent: int
    refusals: tuple[Refusals, ...]
    loans: int
    loans_without: int

    @property
    def refused(self) -> int:
        return self.asked - self.sent

    @property
    def share_without(self) -> float | None:
        """Loans without a single contact to anybody around the borrower, out of all."""
        return self.loans_without / self.loans if self.loans else None


def read(*, now: datetime) -> Figures:
    """Counted now: three queries."""
    decisions = ContactDecision.objects.filter(contact__isnull=False).exclude(purpose="breach_notice")  # owed to them, about their own data
    by_reason = list(decisions.values_list("decision", "reason").annotate(n=Count("pk")).order_by("-n", "reason"))
    ladder = ladder_figures.counts()
    return Figures(
        at=now,
        asked=sum(n for _decision, _reason, n in by_reason),
        sent=decisions.filter(message__isnull=False).count(),
        refusals=tuple(Refusals(reason, n if n >= SMALLEST_CELL else None) for decision, reason, n in by_reason if decision == "deny"),
        loans=ladder[0],
        loans_without=ladder[0] - ladder[1],
    )
