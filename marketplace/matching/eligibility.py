"""Which mandate may fund which listing: criteria as columns, all pairs at once."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from marketplace.matching.arrays import Index, Mask
from marketplace.matching.terms import Listing, Mandate

ROWS = 4096  # mandates at a time, so that the matrix stays small


@dataclass(frozen=True, eq=False)
class Wanted:
    """One criterion of all mandates: the different sets of values asked for, and which of them each mandate asks for. None takes any value."""

    sets: list[frozenset[Any] | None]
    of: Index

    def allows(self, values: Sequence[Any]) -> Mask:
        """[sets × values]"""
        return np.array([[one is None or value in one for value in values] for one in self.sets], bool).reshape(len(self.sets), len(values))


@dataclass(frozen=True, eq=False)
class Criteria:
    """What sorted mandates ask for. `least` is the rank of a minimum rate among `rates`, from 1; 0 is none: comparing ranks compares decimals."""

    investors: list[str]
    grades: Wanted
    terms: Wanted
    purposes: Wanted
    attributes: dict[str, Wanted]
    rates: list[Decimal]
    least: Index
    mine: dict[str, list[int]]  # investor → mandates

    def grid(self, listings: Sequence[Listing]) -> "Grid":
        kinds: tuple[tuple[Wanted, Callable[[Listing], Any]], ...] = (
            (self.grades, lambda listing: listing.grade),
            (self.terms, lambda listing: listing.term_months),
            (self.purposes, lambda listing: listing.purpose),
        )
        columns = [_column(wanted, [value(listing) for listing in listings]) for wanted, value in kinds]
        columns += [_column(wanted, [listing.value(name) for listing in listings]) for name, wanted in self.attributes.items()]
        rate = np.array([bisect_right(self.rates, listing.annual_rate) for listing in listings], np.int64)
        own = [(mandate, at) for at, listing in enumerate(listings) for mandate in self.mine.get(listing.borrower, ())]
        return Grid(self, columns, rate, np.array(own, np.int64).reshape(-1, 2))


@dataclass(frozen=True, eq=False)
class Grid:
    """Mandates against listings. `columns`: (set of each mandate, value of each listing, [sets × values]); `own` are pairs of an investor's own loans."""

    criteria: Criteria
    columns: list[tuple[Index, Index, Mask]]
    rate: Index
    own: Index

    def rows(self, start: int, stop: int) -> Mask:
        """Eligibility of mandates start…stop [rows × listings], before an investor's mandates share listings out."""
        fits: Mask = self.rate[None, :] >= self.criteria.least[start:stop, None]
        for sets, values, allows in self.columns:
            if not allows.all():
                fits &= allows[sets[start:stop]][:, values]
        mine = self.own[(self.own[:, 0] >= start) & (self.own[:, 0] < stop)]
        fits[mine[:, 0] - start, mine[:, 1]] = False
        return fits


def read(mandates: Sequence[Mandate]) -> Criteria:
    """The criteria of mandates sorted by investor and the investor's own order."""
    rates = sorted({mandate.min_rate for mandate in mandates if mandate.min_rate is not None})
    rank = {None: 0} | {rate: number for number, rate in enumerate(rates, start=1)}
    mine: dict[str, list[int]] = {}
    for index, mandate in enumerate(mandates):
        mine.setdefault(mandate.investor, []).append(index)
    return Criteria(
        [mandate.investor for mandate in mandates],
        _wanted(mandate.grades for mandate in mandates),
        _wanted(mandate.terms for mandate in mandates),
        _wanted(mandate.purposes for mandate in mandates),
        {name: _wanted(mandate.attributes.get(name) for mandate in mandates) for name in sorted({name for row in mandates for name in row.attributes})},
        rates,
        np.array([rank[mandate.min_rate] for mandate in mandates], np.int64),
        mine,
    )


def _wanted(sets: Iterable[frozenset[Any] | None]) -> Wanted:
    number: dict[frozenset[Any] | None, int] = {}
    of = [number.setdefault(one, len(number)) for one in sets]
    return Wanted(list(number), np.array(of, np.int64))


def _column(wanted: Wanted, values: Sequence[Any]) -> tuple[Index, Index, Mask]:
    distinct = sorted(set(values), key=lambda value: (value is not None, value))
    at = {value: code for code, value in enumerate(distinct)}
    return wanted.of, np.array([at[value] for value in values], np.int64), wanted.allows(distinct)


def pairs(criteria: Criteria, listings: Sequence[Listing]) -> tuple[Index, Index]:
    """(mandate, listing) of every eligible pair, in that order; a listing open to several mandates of one investor goes to the first.

    By criteria alone, never by amounts: otherwise lowering a limit could hand a listing to a roomier mandate, and hiding cash would pay.
    """
    grid = criteria.grid(listings)
    found = [_chunk(grid, start, stop) for start, stop in _chunks(criteria.investors)]
    mandates = [mandate for mandate, _ in found] or [np.zeros(0, np.int32)]
    places = [listing for _, listing in found] or [np.zeros(0, np.int32)]
    return np.concatenate(mandates), np.concatenate(places)


def _chunks(investors: Sequence[str]) -> list[tuple[int, int]]:
    """(start, stop) of at least ROWS mandates each, never cutting an investor in two."""
    starts = [0] if investors else []
    for index in range(1, len(investors)):
        if index - starts[-1] >= ROWS and investors[index] != investors[index - 1]:
            starts.append(index)
    return list(zip(starts, [*starts[1:], len(investors)], strict=False))


def _chunk(grid: Grid, start: int, stop: int) -> tuple[Index, Index]:
    fits = grid.rows(start, stop)
    investors = grid.criteria.investors
    taken = np.zeros(fits.shape[1], bool)
    for row in range(start + 1, stop):
        if investors[row] != investors[row - 1]:
            taken[:] = False
        else:
            taken |= fits[row - 1 - start]
            fits[row - start] &= ~taken
    mandate, listing = np.nonzero(fits)
    return mandate.astype(np.int32) + np.int32(start), listing.astype(np.int32)
