"""One application at a time: the score of a trained model with its exact reasons, without the cost of arrays.

The same operations, cells and order of adding as `credit.recipes` and `credit.glassbox`; a test holds the two together.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit import glassbox, recipes

NAN = math.nan
Values = dict[str, Any]


@dataclass(frozen=True)
class Contribution:
    """What one table added to the log-odds: above zero speaks against the application, compared with the average one."""

    of: tuple[str, ...]
    added: float


@dataclass(frozen=True)
class Scored:
    """`log_odds` is `base` plus every contribution."""

    pd: float
    log_odds: float
    base: float
    contributions: tuple[Contribution, ...]

    def against(self, most: int = 4) -> tuple[Contribution, ...]:
        """The contributions that raised the risk most."""
        return tuple(sorted((each for each in self.contributions if each.added > 0), key=lambda each: -each.added)[:most])


class Scorer:
    """A model made ready for single applications."""

    def __init__(self, model: glassbox.Model) -> None:
        self.model = model
        self._fields = [(name, _reader(kind)) for name, kind in model.fields.items()]
        self._inputs = [(recipe["name"], _maker(recipe), tuple(recipe["of"])) for recipe in model.inputs]
        self._tables = [(table.of, [each.tolist() for each in table.edges], table.points.tolist()) for table in model.tables]

    def score(self, raw: Mapping[str, Any]) -> Scored:
        values = self.values(raw)
        total, found = 0.0, []
        for of, edges, points in self._tables:
            added = points
            for name, edge in zip(of, edges, strict=True):
                value = values[name]
                added = added[0 if value != value else 1 + bisect_left(edge, value)]
            found.append(Contribution(of, added))
            total += added
        odds = self.model.intercept + total
        return Scored(1 / (1 + math.exp(-odds)), odds, self.model.intercept, tuple(found))

    def values(self, raw: Mapping[str, Any]) -> Values:
        """Fields as read, and every input made of them. A field that is absent is not known."""
        values: Values = {name: read(raw.get(name)) for name, read in self._fields}
        for name, make, of in self._inputs:
            values[name] = make(*[values[each] for each in of])
        return values


def _reader(kind: Mapping[str, Any]) -> Callable[[Any], Any]:
    if kind["kind"] == "text":
        return recipes.one_text
    least, most, codes = kind.get("least", -math.inf), kind.get("most", math.inf), tuple(kind.get("not_known", ()))

    def read(value: Any) -> float:
        found = recipes.one_number(value)
        if found < least or found > most or any(abs(found - code) <= 1e-6 for code in codes):
            return NAN
        return found

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
