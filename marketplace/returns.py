"""What lent money has returned. Pure: dated flows in, figures out; no database, no clock. The formulas stand in docs/formulas.md.

Losses are taken at once: principal that is overdue counts for nothing from its due date, and a loan in default for nothing at all, until money comes.
Nothing is called a yearly rate before the first money has been out for ninety days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from math import exp, expm1, fsum

YOUNG_DAYS = 90
YEAR = 365
DIGITS = Context(prec=40)
RATE_DIGITS = Context(prec=15)
# Where rates are looked for, as ln(1 + rate): closely from losing all but a millionth in a year to a million times as much, widely beyond.
GRID = tuple(sorted({k / 20 for k in range(-280, 281)} | {k / 2 for k in range(-80, 81)}))


@dataclass(frozen=True, slots=True)
class Flow:
    """Money of the holder in minor units on a day: negative put in, positive come back."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Position:
    """One holding. `principal`: how the principal at work changed (positive: went to work; negative: came back, was sold or counted as lost).

    `outstanding` is owed to the holder still, `written_down` the part of it that counts for nothing; `yearly_loss` is what was expected
    to be lost a year, `loss_to_come` what is expected of the part that still counts, in minor units.
    """

    flows: tuple[Flow, ...]
    principal: tuple[Flow, ...]
    outstanding: int = 0
    written_down: int = 0
    yearly_loss: Decimal = Decimal(0)
    loss_to_come: int = 0
    label: str = ""

    @property
    def worth(self) -> int:
        return self.outstanding - self.written_down


@dataclass(frozen=True, slots=True)
class Returns:
    """Minor units and yearly fractions. `profit`: came back and still worth, less put in. `why` says why a rate is missing.

    `why`: "" | "nothing" (no money was put in) | "too_young" | "no_rate" | "several_rates". `shown_from`: the first day rates are shown.
    """

    put_in: int
    came_back: int
    worth: Decimal
    written_down: int
    profit: Decimal
    principal_days: int
    expected_loss: Decimal
    xirr: Decimal | None
    net_annualised: Decimal | None
    why: str
    shown_from: date | None


def returns(positions: Iterable[Position], *, as_of: date, haircut: Decimal = Decimal(0), with_expected: bool = False) -> Returns:
    """The figures of these holdings together on `as_of`.

    `haircut`: the share of what still counts that the reader thinks will be lost. `with_expected`: take off the platform's own expectation too.
    """
    listed = list(positions)
    flows = [flow for position in listed for flow in position.flows]
    with localcontext(DIGITS):
        still = Decimal(sum(position.worth for position in listed))
        if with_expected:
            still -= sum(position.loss_to_come for position in listed)
        still *= 1 - haircut
        put_in, came_back = -sum(flow.amount for flow in flows if flow.amount < 0), sum(flow.amount for flow in flows if flow.amount > 0)
        profit, days = came_back + still - put_in, principal_days(listed, as_of=as_of)
        first = min((flow.on for flow in flows if flow.amount < 0), default=None)
        why = "nothing" if first is None else "too_young" if (as_of - first).days < YOUNG_DAYS else ""
        rate, why_not = _xirr([*flows, *_end(still, as_of)]) if not why else (None, why)
        return Returns(
            put_in=put_in,
            came_back=came_back,
            worth=still,
            written_down=sum(position.written_down for position in listed),
            profit=profit,
            principal_days=days,
            expected_loss=sum((position.yearly_loss * principal_days([position], as_of=as_of) / YEAR for position in listed), Decimal(0)),
            xirr=rate,
            net_annualised=net_annualised(profit, days) if not why else None,
            why=why_not,
            shown_from=first + timedelta(days=YOUNG_DAYS) if first else None,
        )


def by_label(positions: Iterable[Position], *, as_of: date) -> Mapping[str, Returns]:
    """The figures of each label (grade) on its own, in the order of labels."""
    groups: dict[str, list[Position]] = {}
    for position in positions:
        groups.setdefault(position.label, []).append(position)
    return {label: returns(groups[label], as_of=as_of) for label in sorted(groups)}


def principal_days(positions: Iterable[Position], *, as_of: date) -> int:
    """Minor units at work × days they were: what a loss or a gain is measured against."""
    return sum(change.amount * (as_of - change.on).days for position in positions for change in position.principal if change.on < as_of)


def net_annualised(profit: Decimal, days: int) -> Decimal | None:
    """(1 + profit ÷ principal-days × 365 ÷ 12)¹² − 1: the average gain of a month on the money at work, twelve times over. All lost is −1."""
    if days <= 0:
        return None
    with localcontext(DIGITS):
        month = 1 + profit * YEAR / (12 * Decimal(days))
        return RATE_DIGITS.plus(month**12 - 1) if month > 0 else Decimal(-1)


def xirr(flows: Sequence[Flow]) -> Decimal | None:
    """The one yearly rate at which these flows are worth nothing, years of 365 days; None when there is none, or more than one."""
    return _xirr(flows)[0]


@dataclass(frozen=True, slots=True)
class _End:
    """What is still worth something on the last day, to the fraction."""

    on: date
    amount: Decimal


def _end(worth: Decimal, as_of: date) -> list[_End]:
    return [_End(as_of, worth)] if worth else []


def _xirr(flows: Sequence[Flow | _End]) -> tuple[Decimal | None, str]:
    """(rate, why not)."""
    days: dict[date, Decimal] = {}
    for flow in flows:
        days[flow.on] = days.get(flow.on, Decimal(0)) + flow.amount
    start = min(days, default=date.min)
    terms = [(float(amount), (on - start).days / YEAR) for on, amount in sorted(days.items()) if amount]
    if terms and all(amount < 0 for amount, _years in terms):
        return Decimal(-1), ""
    roots = _roots(terms)
    if len(roots) == 1:
        return _rate(roots[0]), ""
    return None, "several_rates" if roots else "no_rate"


def _rate(root: float) -> Decimal:
    """A rate to the digits a double holds."""
    rate = expm1(root)
    return RATE_DIGITS.create_decimal_from_float(rate) if abs(rate) > 1e-14 else Decimal(0)


def _worth(terms: Sequence[tuple[float, float]], at: float) -> float:
    return fsum(amount * exp(-years * at) for amount, years in terms)


def _roots(terms: Sequence[tuple[float, float]]) -> list[float]:
    """Every place on the grid of ln(1 + rate) where the worth changes sign."""
    values = [(at, _worth(terms, at)) for at in GRID]
    return [_between(terms, left, right) for left, right in pairwise(values) if (left[1] < 0) != (right[1] < 0)]


def _between(terms: Sequence[tuple[float, float]], left: tuple[float, float], right: tuple[float, float]) -> float:
    """Bisection to the last bit a double holds."""
    (low, at_low), (high, _at_high) = left, right
    for _step in range(80):
        middle = (low + high) / 2
        value = _worth(terms, middle)
        if (value < 0) == (at_low < 0):
            low, at_low = middle, value
        else:
            high = middle
    return (low + high) / 2
