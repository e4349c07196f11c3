"""One application at a time: the score of a trained model with its exact reasons, without the cost of arrays.

The same operations, cells and order of adding as `credit.recipes` and `credit.glassbox`; a test holds the two together.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from credit import glassbox, recipes

NAN = math.nan
Values = dict[str, Any]


class Contribution(NamedTuple):
    """What one table added to the log-odds: above zero speaks against the application, compared with the average one."""

    of: tuple[str, ...]
    added: float


@dataclass(frozen=True)
class Scored:
    """`log_odds` is `base` plus every contribution, in the order of the model's tables."""

    pd: float
    log_odds: float
    base: float
    of: tuple[tuple[str, ...], ...]
    added: tuple[float, ...]

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        return tuple(map(Contribution, self.of, self.added))

    def against(self, most: int = 4) -> tuple[Contribution, ...]:
        """The contributions that raised the risk most."""
        worst = sorted((place for place, added in enumerate(self.added) if added > 0), key=lambda place: -self.added[place])[:most]
        return tuple(Contribution(self.of[place], self.added[place]) for place in worst)


class Scorer:
    """A model made ready for single applications: what an input means to every table it is in is looked up once."""

    def __init__(self, model: glassbox.Model) -> None:
        self.model = model
        self._fields = [(name, _reader(kind)) for name, kind in model.fields.items()]
        self._inputs = [(recipe["name"], _maker(recipe), tuple(recipe["of"])) for recipe in model.inputs]
        self._of = tuple(table.of for table in model.tables)
        cuts: dict[str, dict[tuple[float, ...], int]] = {}
        for table in model.tables:
            for name, edges in zip(table.of, table.edges, strict=True):
                mine = cuts.setdefault(name, {})
                mine.setdefault(tuple(edges.tolist()), len(mine))
        self._cells = [(name, *_cells(tuple(mine))) for name, mine in cuts.items()]
        begins = dict(zip(cuts, accumulate((len(mine) for mine in cuts.values()), initial=0), strict=False))
        self._tables = []
        for table in model.tables:
            places = [begins[name] + cuts[name][tuple(edges.tolist())] for name, edges in zip(table.of, table.edges, strict=True)]
            self._tables.append((places[0], places[1] if len(places) > 1 else None, table.points.tolist()))

    def score(self, raw: Mapping[str, Any]) -> Scored:
        values = self.values(raw)
        cells: list[int] = []
        for name, edges, rows in self._cells:
            value = values[name]
            cells += rows[0] if value != value else rows[1 + bisect_left(edges, value)]
        added = [points[cells[one]] if other is None else points[cells[one]][cells[other]] for one, other, points in self._tables]
        total = 0.0
        for each in added:  # one after another, as the batch adds them: `sum` would carry the rounding along
            total += each
        odds = self.model.intercept + total
        return Scored(1 / (1 + math.exp(-odds)), odds, self.model.intercept, self._of, tuple(added))

    def values(self, raw: Mapping[str, Any]) -> Values:
        """Fields as read, and every input made of them. A field that is absent is not known."""
        values: Values = {name: read(raw.get(name)) for name, read in self._fields}
        for name, make, of in self._inputs:
            values[name] = make(*[values[each] for each in of])
        return values


def _cells(cuts: Sequence[tuple[float, ...]]) -> tuple[list[float], list[tuple[int, ...]]]:
    """All edges of an input in one list, and for each gap between them its cell in every cut; the first row is "not known"."""
    edges = sorted({edge for cut in cuts for edge in cut})
    rows = [tuple(0 for _ in cuts), tuple(1 for _ in cuts)]
    return edges, rows + [tuple(1 + bisect_right(cut, edge) for cut in cuts) for edge in edges]


def _reader(kind: Mapping[str, Any]) -> Callable[[Any], Any]:
    if kind["kind"] == "text":
        return recipes.one_text
    least, most, codes = kind.get("least", -math.inf), kind.get("most", math.inf), tuple(kind.get("not_known", ()))

    def read(value: Any) -> float:
        found = recipes.one_number(value)
        return NAN if not least <= found <= most or (codes and any(abs(found - code) <= 1e-6 for code in codes)) else found

    return read


def _maker(recipe: Mapping[str, Any]) -> Callable[..., float]:
    if "levels" in recipe:
        levels, otherwise = recipe["levels"], recipe["otherwise"]
        return lambda value: float(levels.get("" if value is None else value, otherwise))
    return OPERATIONS[recipe["op"]]


def _ratio(part: float, whole: float) -> float:
    if part != part or whole != whole:
        return NAN
    if whole > 0:
        return part / whole
    return math.inf if part > 0 else 0.0


def _known(parts: Sequence[float]) -> list[float]:
    return [part for part in parts if part == part]


def _sum(*parts: float) -> float:
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def _installment_share(amount: float, months: float, income: float) -> float:
    installment = amount * recipes.REFERENCE_RATE / (1 - (1 + recipes.REFERENCE_RATE) ** -months) if months > 0 else NAN
    return _ratio(installment, income)


OPERATIONS: Mapping[str, Callable[..., float]] = {
    "value": lambda one: one,
    "ratio": _ratio,
    "sum": _sum,
    "difference": lambda one, other: one - other,
    "least": lambda *parts: min(_known(parts), default=NAN),
    "most": lambda *parts: max(_known(parts), default=NAN),
    "first_known": lambda *parts: next((part for part in parts if part == part), NAN),
    "product": lambda one, other: one * other,
    "part": lambda year: year / 12,
    "percent": lambda share: share * 100,
    "residue_500": lambda amount: amount % 500 if math.isfinite(amount) else NAN,
    "installment_share": _installment_share,
    "installment_share_36": lambda amount, income: _installment_share(amount, 36.0, income),
}
