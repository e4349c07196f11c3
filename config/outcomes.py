"""How our decisions turned out: by grade and quarter what was expected and what came, and how often another person decided otherwise. For anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Avg, Count, DecimalField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth

from credit import monitoring
from loans import second_look
from loans.models import Installment, Loan

SMALLEST_CELL = 10  # loans: of fewer, outcomes could be about somebody in particular
BAD = ("defaulted", "written_off")
YEAR = 12


@dataclass(frozen=True)
class Vintage:
    """Loans of one grade paid out in one quarter. `low` to `high`: bads that would be no surprise. Amounts in minor units."""

    grade: str
    quarter: str
    loans: int
    expected: float
    observed: int
    low: int
    high: int
    expected_loss: int
    loss: int

    @property
    def told(self) -> bool:
        return self.loans >= SMALLEST_CELL

    @property
    def within(self) -> bool:
        return self.low <= self.observed <= self.high


def read(*, as_of: date) -> dict[str, Any]:
    """Counted now: two queries."""
    return {"vintages": list(_vintages(as_of)), "looks": second_look.figures(), "smallest": SMALLEST_CELL}


def _vintages(as_of: date) -> Iterator[Vintage]:
    cells: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _months():
        month = row["month"]
        cells[row["grade"], f"{month.year} Q{(month.month + 2) // 3}"].append(row)
    for (grade, quarter), rows in sorted(cells.items(), key=lambda cell: (cell[0][1], cell[0][0])):
        chances = np.concatenate([np.full(row["loans"], _by_now(row, as_of)) for row in rows])
        found = monitoring.observed_to_expected(np.concatenate([_outcomes(row) for row in rows]), chances)
        expected_loss, loss = int(sum(row["expected_loss"] or 0 for row in rows)), sum(row["loss"] for row in rows)
        loans = sum(row["loans"] for row in rows)
        yield Vintage(grade, quarter, loans, found["expected"], found["observed"], found["low"], found["high"], expected_loss, loss)


def _months() -> Any:
    """Paid-out loans by grade and month: how many, how many went bad, and what of their principal is lost so far."""
    paid = Installment.objects.filter(loan=OuterRef("pk")).order_by().values("loan").annotate(returned=Sum("paid_principal")).values("returned")
    lost = F("principal") - Coalesce(Subquery(paid), 0)
    rows = Loan.objects.filter(disbursed_on__isnull=False).annotate(month=TruncMonth("disbursed_on"), grade=F("agreement__offer__grade"), lost=lost)
    return rows.values("grade", "month").annotate(
        loans=Count("pk"),
        bads=Count("pk", filter=Q(state__in=BAD)),
        pd=Avg("agreement__offer__decision__pd"),
        term=Avg("term_months"),
        expected_loss=Sum(F("principal") * F("agreement__offer__expected_loss"), output_field=DecimalField()),
        loss=Coalesce(Sum("lost", filter=Q(state__in=BAD)), 0),
    )


def _by_now(row: dict[str, Any], as_of: date) -> float:
    """The chance that such a loan has gone bad by now: a young one proves little, and after its term and the time a last installment may be late
    nothing more is expected."""
    months = max((as_of.year - row["month"].year) * YEAR + as_of.month - row["month"].month, 0)
    return monitoring.by_now(float(row["pd"]), min(months, int(row["term"]) + monitoring.EARLIEST))


def _outcomes(row: dict[str, Any]) -> Any:
    return np.concatenate([np.ones(row["bads"]), np.zeros(row["loans"] - row["bads"])])
