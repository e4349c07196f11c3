"""The ladder in figures: at which rung applications were decided, how often anybody around a borrower was contacted, and how those loans fared."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef, QuerySet

from loans.ladder import LEVELS
from loans.models import Application, Loan, Rung
from privacy.models import OutboundMessage

OWN_ANSWERS = 1  # where no case was ever opened, the borrower’s own answers and documents were enough
DECIDED = ("approved", "offered", "accepted", "declined", "lapsed")


@dataclass(frozen=True)
class Row:
    """One rung: how many decided applications needed it at the most, and of the loans among them how many defaulted."""

    level: int
    name: str
    applications: int
    share: float | None
    loans: int
    defaulted: int

    @property
    def default_rate(self) -> float | None:
        return self.defaulted / self.loans if self.loans else None


@dataclass(frozen=True)
class Figures:
    rows: list[Row]
    decided: int
    loans: int
    loans_with_contact: int

    @property
    def social_contact_rate(self) -> float | None:
        """Loans for which somebody around the borrower was contacted, out of all."""
        return self.loans_with_contact / self.loans if self.loans else None


def read() -> Figures:
    """Counted from the rows themselves; a few queries whatever their number."""
    climbed = Rung.objects.values("case__application").annotate(top=Max("level")).values_list("case__application", "top")
    tops = dict(climbed)
    decided = Application.objects.filter(state__in=DECIDED).values_list("pk", "file_id")
    states = dict(Loan.objects.values_list("file_id", "state"))
    rows = [_row(level, [(pk, file) for pk, file in decided if tops.get(pk, OWN_ANSWERS) == level], len(decided), states) for level in LEVELS]
    return Figures(rows, len(decided), len(states), contacted_loans().count())


def _row(level: int, applications: list[tuple[int, int]], decided: int, states: dict[int, str]) -> Row:
    ends = [states[file] for _pk, file in applications if file in states]
    bad = sum(state in ("defaulted", "written_off") for state in ends)
    return Row(level, str(LEVELS[level]), len(applications), len(applications) / decided if decided else None, len(ends), bad)


def contacted_loans() -> QuerySet[Loan]:
    """Loans for which at least one message reached, or was sent to, somebody around the borrower."""
    sent = OutboundMessage.objects.filter(decision__matter=OuterRef("file__matter"), decision__contact__isnull=False)
    return Loan.objects.filter(Exists(sent))


def counts() -> tuple[int, int]:
    """(all loans, those of them for which somebody around the borrower was contacted)."""
    return Loan.objects.count(), contacted_loans().count()
