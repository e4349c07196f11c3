"""What a holding earned and lost in a calendar year, on cash received. Pure: what happened in, figures out. The method stands in docs/formulas.md.

Principal has a cost: what was paid for it, on average over the holding. Whatever brings principal back, sells it or writes it off takes its part of the
cost; what came for it less that part is the gain. So over a holding's life all gains and losses add up to the money that moved, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a holding, in minor units. `principal`: how much of it moved; `money`: the price, where there was one.

    `kind`: lent, bought, sold, paid (a payment, or one taken back: negative), written_off, restored (a write-off undone).
    """

    on: date
    kind: str
    principal: int = 0
    money: int = 0
    interest: int = 0
    charges: int = 0
    fee: int = 0


@dataclass(slots=True)
class Figures:
    """A year in minor units. `principal` and `cost` are what stood at the end of it."""

    interest: int = 0
    charges: int = 0
    fee: int = 0
    sold_for: int = 0
    sold_cost: int = 0
    repaid: int = 0
    repaid_cost: int = 0
    written_off: int = 0
    recovered: int = 0
    lent: int = 0
    bought: int = 0
    principal: int = 0
    cost: int = 0

    @property
    def sale_gain(self) -> int:
        return self.sold_for - self.sold_cost

    @property
    def repaid_gain(self) -> int:
        """Of shares bought below or above their principal, as it comes back."""
        return self.repaid - self.repaid_cost

    @property
    def result(self) -> int:
        return self.interest + self.charges - self.fee + self.sale_gain + self.repaid_gain - self.written_off + self.recovered

    @property
    def moved(self) -> bool:
        """Whether anything happened in the year."""
        return any(getattr(self, one.name) for one in fields(self) if one.name not in ("principal", "cost"))

    def __iadd__(self, other: Figures) -> Figures:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        return self


def total(lines: Iterable[Figures]) -> Figures:
    """The sum of these."""
    whole = Figures()
    for line in lines:
        whole += line
    return whole


@dataclass
class _Holding:
    """What is held and what it cost. `given_up`: (cost, principal) at a write-off that stands."""

    principal: int = 0
    cost: int = 0
    given_up: tuple[int, int] | None = None
    year: Figures = field(default_factory=Figures)

    def take_cost(self, principal: int) -> int:
        """The part of the cost that belongs to so much principal; all of it to all of it. What is taken back comes back at what it stood for."""
        part = self.cost * principal // self.principal if self.principal else principal
        self.principal -= principal
        self.cost -= part
        return part


def year_of(entries: Iterable[Entry], *, year: int) -> Figures:
    """The figures of one holding in `year`, from everything that happened to it, in order. What came later changes nothing."""
    held, known = _Holding(), list(entries)
    for entry in known:
        if entry.on.year < year:
            _apply(held, entry)
    held.year = Figures()
    for entry in known:
        if entry.on.year == year:
            _apply(held, entry)
    held.year.principal, held.year.cost = held.principal, held.cost
    return held.year


def _apply(held: _Holding, entry: Entry) -> None:
    figures = held.year
    if entry.kind in ("lent", "bought"):
        paid = entry.money if entry.kind == "bought" else entry.principal
        held.principal, held.cost = held.principal + entry.principal, held.cost + paid
        setattr(figures, entry.kind, getattr(figures, entry.kind) + paid)
    elif entry.kind == "sold":
        figures.sold_for += entry.money
        figures.sold_cost += held.take_cost(entry.principal)
    elif entry.kind == "paid":
        _pay(held, entry)
    elif entry.kind == "written_off" and held.principal and held.given_up is None:
        held.given_up = (held.cost, held.principal)
        figures.written_off += held.cost
        held.cost = 0
    elif entry.kind == "restored" and held.given_up is not None:
        cost, principal = held.given_up
        held.cost, held.given_up = cost * held.principal // principal, None
        figures.written_off -= cost
        figures.repaid_cost += cost - held.cost


def _pay(held: _Holding, entry: Entry) -> None:
    figures = held.year
    figures.interest += entry.interest
    figures.charges += entry.charges
    figures.fee += entry.fee
    if held.given_up is not None:
        held.principal -= entry.principal
        figures.recovered += entry.principal
    else:
        figures.repaid += entry.principal
        figures.repaid_cost += held.take_cost(entry.principal)
