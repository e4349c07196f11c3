"""Which mandate may fund which listing: criteria as columns, all pairs at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from marketplace.matching.arrays import Index, Mask
from marketplace.matching.terms import Listing, Mandate

ROWS = 4096  # mandates at a time, so that the matrix stays small


@dataclass(frozen=True, eq=False)
class Criteria:
    """`allowed[c]` [mandates × values] says which values of a criterion a mandate takes; rates are compared by rank, exactly."""

    allowed: list[Mask]
    codes: list[Index]
    least_rate: Index
    rate: Index
    own: dict[int, list[int]]  # mandate → listings its investor borrows
    investors: list[str]

    def rows(self, start: int, stop: int) -> Mask:
        """Eligibility of mandates start…stop [rows × listings], before an investor's mandates share listings out."""
        fits = self.rate[None, :] >= self.least_rate[start:stop, None]
        for allowed, code in zip(self.allowed, self.codes, strict=True):
            if not allowed.all():
                fits &= allowed[start:stop][:, code]
        for mandate in range(start, stop):
            if mandate in self.own:
                fits[mandate - start, self.own[mandate]] = False
        return fits


def read(listings: Sequence[Listing], mandates: Sequence[Mandate]) -> Criteria:
    """Columns of sorted listings and mandates."""
    reads: list[tuple[Callable[[Mandate], frozenset[Any] | None], list[Any]]] = [
        (lambda mandate: mandate.grades, [listing.grade for listing in listings]),
        (lambda mandate: mandate.terms, [listing.term_months for listing in listings]),
        (lambda mandate: mandate.purposes, [listing.purpose for listing in listings]),
    ]
    columns = [_allowed([wanted(mandate) for mandate in mandates], values) for wanted, values in reads]
    least, rate = _ranks([mandate.min_rate for mandate in mandates], [listing.annual_rate for listing in listings])
    borrowed: dict[str, list[int]] = {}
    for index, listing in enumerate(listings):
        borrowed.setdefault(listing.borrower, []).append(index)
    own = {index: borrowed[mandate.investor] for index, mandate in enumerate(mandates) if mandate.investor in borrowed}
    return Criteria([allowed for allowed, _ in columns], [code for _, code in columns], least, rate, own, [mandate.investor for mandate in mandates])


def _allowed(wanted: Sequence[frozenset[Any] | None], values: Sequence[Any]) -> tuple[Mask, Index]:
    """([mandates × distinct values], value of each listing); equal sets are looked up once."""
    distinct = sorted(set(values))
    at = {value: code for code, value in enumerate(distinct)}
    seen: dict[frozenset[Any] | None, list[bool]] = {None: [True] * len(distinct)}
    for one in wanted:
        if one not in seen:
            seen[one] = [value in one for value in distinct] if one is not None else []
    masks = np.array([seen[one] for one in wanted], dtype=bool).reshape(len(wanted), len(distinct))
    return masks, np.array([at[value] for value in values], dtype=np.int32)


def _ranks(least: Iterable[Decimal | None], rates: Iterable[Decimal]) -> tuple[Index, Index]:
    """Decimals as their rank among each other: comparing ranks compares decimals. No minimum ranks below all."""
    least, rates = list(least), list(rates)
    at = {value: rank for rank, value in enumerate(sorted({*rates, *(value for value in least if value is not None)}))}
    return (
        np.array([-1 if value is None else at[value] for value in least], dtype=np.int32),
        np.array([at[value] for value in rates], dtype=np.int32),
    )


def pairs(criteria: Criteria) -> tuple[Index, Index]:
    """(mandate, listing) of every eligible pair, in that order; a listing open to several mandates of one investor goes to the first.

    By criteria alone, never by amounts: otherwise lowering a limit could hand a listing to a roomier mandate, and hiding cash would pay.
    """
    found = [_chunk(criteria, start, stop) for start, stop in _chunks(criteria.investors)]
    mandates = [mandate for mandate, _ in found] or [np.zeros(0, np.int32)]
    listings = [listing for _, listing in found] or [np.zeros(0, np.int32)]
    return np.concatenate(mandates), np.concatenate(listings)


def _chunks(investors: Sequence[str]) -> list[tuple[int, int]]:
    """(start, stop) of at least ROWS mandates each, never cutting an investor in two."""
    starts = [0] if investors else []
    for index in range(1, len(investors)):
        if index - starts[-1] >= ROWS and investors[index] != investors[index - 1]:
            starts.append(index)
    return list(zip(starts, [*starts[1:], len(investors)], strict=False))


def _chunk(criteria: Criteria, start: int, stop: int) -> tuple[Index, Index]:
    fits = criteria.rows(start, stop)
    taken = np.zeros(fits.shape[1], bool)
    for row in range(start + 1, stop):
        if criteria.investors[row] != criteria.investors[row - 1]:
            taken[:] = False
        else:
            taken |= fits[row - 1 - start]
            fits[row - start] &= ~taken
    mandate, listing = np.nonzero(fits)
    return mandate.astype(np.int32) + np.int32(start), listing.astype(np.int32)
