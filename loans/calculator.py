"""What a loan would cost: one schedule, or two methods side by side. Pure figures for the public calculator; nothing is stored."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import Any

from django.utils.translation import gettext as _

from core.money import to_major
from loans import apr, schedule

BARS_MAX = 60  # more rows are drawn year by year


@dataclass(frozen=True)
class Plan:
    """One method's schedule and what it costs, in minor units. `apr` is None where no rate exists (nothing is paid out, or nothing is paid)."""

    method: str
    schedule: schedule.Schedule
    fee: int
    apr: Decimal | None

    @property
    def interest(self) -> int:
        return self.schedule.totals.interest

    @property
    def cost(self) -> int:
        return self.schedule.totals.interest + self.fee

    @property
    def first(self) -> int:
        return self.schedule.installments[0].total

    @property
    def last(self) -> int:
        return self.schedule.installments[-1].total

    @property
    def highest(self) -> int:
        return max(row.total for row in self.schedule.installments)


def plan(terms: schedule.Terms, *, fee: int) -> Plan:
    """The schedule of `terms` with a `fee` kept back from the payout. Raises UnableToSchedule."""
    built = schedule.build(terms)
    try:
        cost = apr.cost_of_credit(terms=terms, schedule=built, paid_out=terms.principal - fee)
    except apr.UnableToRate:
        cost = None
    return Plan(terms.method, built, fee, cost)


def as_csv(plans: Iterable[Plan], *, currency: str) -> str:
    """Every row of every plan, amounts in major units with a point."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["method", "number", "due_on", "principal", "interest", "total", "balance_after", "currency"])
    for one in plans:
        for row in one.schedule.installments:
            amounts = (to_major(amount, currency) for amount in (row.principal, row.interest, row.total, row.balance_after))
            writer.writerow([one.method, row.number, row.due_on or "", *amounts, currency])
    return text.getvalue()


def chart(one: Plan, *, title: str, currency: str) -> dict[str, Any]:
    """The installments as stacked bars; a long schedule by the year."""
    rows = one.schedule.installments
    every = 1 if len(rows) <= BARS_MAX else -(-len(rows) // 40)
    groups = [rows[k : k + every] for k in range(0, len(rows), every)]
    return {
        "id": f"plan-{one.method}",
        "title": title,
        "summary": _("Principal below, interest above it. Each bar is one installment.") if every == 1 else _("Each bar sums several installments in a row."),
        "currency": currency,
        "series": [{"key": "principal", "label": _("Principal"), "fill": "b1"}, {"key": "interest", "label": _("Interest"), "fill": "hatch"}],
        "rows": [
            {
                "label": _("Installment %(number)s") % {"number": str(group[0].number) if every == 1 else f"{group[0].number}–{group[-1].number}"},
                "tick": str(group[0].number),
                "values": {"principal": sum(row.principal for row in group), "interest": sum(row.interest for row in group)},
            }
            for group in groups
        ],
    }
