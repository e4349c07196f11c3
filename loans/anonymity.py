"""At least five people fit: how precisely a listing may say who borrows. Pure; the counts come from a population that is handed in.

What somebody who knows a borrower may know without us (province, work, industry, how long, about how much, from what it is repaid, person or business)
are quasi-identifiers. Each has a ladder of coarser words, down to nothing. `choose` takes the cheapest loss of detail at which the whole combination
fits K people. Debts and late payments are what an acquaintance would learn, not what they know, and have bands of their own (bands.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Protocol

from loans import bands

K = 5
Cell = Mapping[str, "str | None"]  # dimension to the finest code; None: not answered
Pattern = Mapping[str, "frozenset[str] | None"]  # dimension to the codes that fit; None: any
Levels = Mapping[str, int]


class Population(Protocol):
    """Whom a listing hides among. `count` is how many of them fit a pattern; a wider pattern never fits fewer."""

    @property
    def code(self) -> str: ...

    def count(self, pattern: Pattern) -> int: ...


@dataclass(frozen=True)
class Ladder:
    """One quasi-identifier. `groups[level]` maps the finest code to what is said at that level; after the last level nothing is said.

    `costs[level]` is what readers lose there, on one scale over all ladders.
    """

    groups: tuple[Mapping[str, str], ...]
    costs: tuple[int, ...]

    @property
    def hidden(self) -> int:
        return len(self.groups)

    def said(self, code: str, level: int) -> str | None:
        return None if level >= self.hidden else self.groups[level].get(code)

    def fitting(self, code: str, level: int) -> frozenset[str] | None:
        """Every finest code about which the same would be said."""
        if level >= self.hidden:
            return None
        words = self.groups[level].get(code)
        return frozenset(other for other, said in self.groups[level].items() if said == words) if words else frozenset()


def _codes(*pairs: tuple[str, str]) -> dict[str, str]:
    """{code: group} from ("group", "code code …")."""
    return {code: group for group, codes in pairs for code in codes.split()}


def _same(groups: Mapping[str, str]) -> dict[str, str]:
    return {code: code for code in groups}


def _ranges(fine: Sequence[int], wide: Sequence[int]) -> dict[str, str]:
    """Each band of `fine` by the lower end of the band of `wide` that holds it. Every threshold of `wide` is one of `fine`."""
    lower = [0, *fine]
    return {str(low): str(bands.band(low, wide)["from"] or 0) for low in lower}


REGIONS = _codes(("east", "BJ SH GD JS ZJ SD FJ"), ("central_west", "SC HB HA"), ("other", "other"))
OCCUPATIONS = _codes(("employee", "employed civil_servant skilled manager unskilled"), ("self_employed", "self_employed"), ("unemployed", "unemployed"))
INDUSTRIES = _codes(
    ("goods", "agriculture manufacturing construction"), ("services", "food retail transport services education health technology"), ("other", "other")
)
SOURCES = _codes(("salary", "salary"), ("business", "business"), ("harvest", "harvest"), ("rent", "rent"), ("other", "other"))
WIDE_MONTHS = (24, 84)
WIDE_INCOME = (5_000, 12_000, 35_000)

LADDERS: dict[str, Ladder] = {
    "kind": Ladder((_codes(("person", "person"), ("business", "business")),), (0, 13)),
    "region": Ladder((_same(REGIONS), REGIONS), (0, 4, 8)),
    "industry": Ladder((_same(INDUSTRIES), INDUSTRIES), (0, 4, 9)),
    "occupation": Ladder((_same(OCCUPATIONS), OCCUPATIONS), (0, 2, 6)),
    "months_at_work": Ladder((_ranges(bands.MONTHS_AT_WORK, bands.MONTHS_AT_WORK), _ranges(bands.MONTHS_AT_WORK, WIDE_MONTHS)), (0, 1, 3)),
    "income_monthly": Ladder((_ranges(bands.INCOME_MONTHLY, bands.INCOME_MONTHLY), _ranges(bands.INCOME_MONTHLY, WIDE_INCOME)), (0, 3, 10)),
    "repayment_source": Ladder((_same(SOURCES),), (0, 5)),
}
THRESHOLDS = {"months_at_work": (bands.MONTHS_AT_WORK, WIDE_MONTHS), "income_monthly": (bands.INCOME_MONTHLY, WIDE_INCOME)}


@dataclass(frozen=True)
class Chosen:
    """How precisely to speak. `people` fit what is said; below K only when nothing is said at all."""

    levels: Levels
    people: int
    population: str

    @property
    def coarsened(self) -> list[str]:
        return [name for name, level in self.levels.items() if level]


def fine(dimension: str, value: int) -> str:
    """The finest code of an amount or a number of months: its band's lower end."""
    return str(bands.band(value, THRESHOLDS[dimension][0])["from"] or 0)


def pattern(cell: Cell, levels: Levels) -> Pattern:
    """Who fits what would be said of `cell`. A question not answered rules nobody out."""
    return {name: _fitting(ladder, cell.get(name), levels[name]) for name, ladder in LADDERS.items()}


def _fitting(ladder: Ladder, code: str | None, level: int) -> frozenset[str] | None:
    return None if code is None else ladder.fitting(code, level)


def choose(cell: Cell, population: Population, *, floor: Levels | None = None, k: int = K) -> Chosen:
    """The least loss of detail at which at least `k` people fit; with nothing left to leave out, nothing is said.

    `floor`: levels already used for this person, below which no later listing goes, so that two listings together say no more than one.
    """
    least = {name: (floor or {}).get(name, 0) for name in LADDERS}
    for levels in _by_cost():
        if any(levels[name] < least[name] for name in LADDERS) or _idle(cell, levels, least):
            continue
        people = population.count(pattern(cell, levels))
        if people >= k:
            return Chosen(levels=levels, people=people, population=population.code)
    nothing = {name: ladder.hidden for name, ladder in LADDERS.items()}
    return Chosen(levels=nothing, people=population.count(pattern(cell, nothing)), population=population.code)


def _idle(cell: Cell, levels: Levels, least: Levels) -> bool:
    """Coarser words for an answer that was not given change nothing."""
    return any(cell.get(name) is None and level > least[name] for name, level in levels.items())


@cache
def _by_cost() -> tuple[Levels, ...]:
    """Every combination of levels, the smallest loss first; equal losses in the order of the ladders."""
    vectors = product(*(range(ladder.hidden + 1) for ladder in LADDERS.values()))
    costs = [ladder.costs for ladder in LADDERS.values()]
    ordered = sorted(vectors, key=lambda vector: (sum(cost[level] for cost, level in zip(costs, vector, strict=True)), vector))
    return tuple(dict(zip(LADDERS, vector, strict=True)) for vector in ordered)
