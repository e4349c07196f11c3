"""How many whole units each pair may carry at most: per loan, share of the loan, per borrower, what is held, what is open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.crowd import Crowd, base, share_units, units
from marketplace.matching.terms import UNITS_MAX, Listing, Mandate


@dataclass(frozen=True, eq=False)
class Book:
    """Sorted listings and mandates, with what every mandate holds already, found by listing, borrower or attribute."""

    listings: Sequence[Listing]
    crowd: Crowd

    @property
    def mandates(self) -> list[Mandate]:
        return self.crowd.mandates

    @property
    def unit(self) -> int:
        return self.crowd.unit

    @cached_property
    def listing_at(self) -> dict[str, int]:
        return {listing.id: index for index, listing in enumerate(self.listings)}

    @cached_property
    def borrowed(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, listing in enumerate(self.listings):
            found.setdefault(listing.borrower, []).append(index)
        return found

    def held_in(self, mandate: Mandate, attribute: str, value: str) -> int:
        """What a mandate holds already in a limit's set, as far as this market can tell: open listings by what they are, borrowers by name."""
        total = 0
        for name, amount in mandate.held.items():
            at = self.listing_at.get(name)
            listed = at is not None and self.listings[at].value(attribute) == value
            total += amount * (listed or (attribute == "borrower" and name == value))
        return total

    def limit_units(self, mandate: Mandate, attribute: str, value: str, share: Decimal) -> int:
        return share_units(share, base(mandate), self.held_in(mandate, attribute, value), self.unit)

    def borrower_units(self, mandate: Mandate, borrower: str) -> int:
        if mandate.per_borrower is None:
            return UNITS_MAX
        left = mandate.per_borrower - self.held_in(mandate, "borrower", borrower)
        return min(max(left, 0) // self.unit, UNITS_MAX)


def rooms(book: Book, mandate: Index, listing: Index) -> Units:
    """The cap of every pair (sorted by mandate, then listing) in whole units."""
    size = units([row.amount for row in book.listings], book.unit)
    room: Units = np.minimum(book.crowd.per_arc[mandate], size[listing])
    shares, of = _shares(book)
    if len(shares):
        room = np.minimum(room, shares[of[mandate], listing])
    _lower_by_held(book, room, mandate, listing)
    return room


def _shares(book: Book) -> tuple[Units, Index]:
    """([distinct shares × listings] in units, row of each mandate); the last row is no share."""
    distinct = sorted({row.max_share_of_loan for row in book.mandates if row.max_share_of_loan is not None})
    if not distinct:
        return np.zeros((0, 0), np.int64), np.zeros(0, np.int32)
    at: dict[Decimal | None, int] = {share: index for index, share in enumerate(distinct)}
    table = [[share_units(share, listing.amount, 0, book.unit) for listing in book.listings] for share in distinct]
    table.append([UNITS_MAX] * len(book.listings))
    return np.array(table, dtype=np.int64), np.array([at.get(row.max_share_of_loan, len(distinct)) for row in book.mandates], dtype=np.int32)


def _lower_by_held(book: Book, room: Units, mandate: Index, listing: Index) -> None:
    """Holdings lower caps: of the listing itself, and of every open listing of the same borrower."""
    lowered = list(_held_rooms(book))
    if not lowered or not len(room):
        return
    count = len(book.listings)
    keys = mandate.astype(np.int64) * count + listing
    wanted = np.array([row * count + at for row, at, _ in lowered], dtype=np.int64)
    position = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found = keys[position] == wanted
    left = np.array([cap for _, _, cap in lowered], dtype=np.int64)
    np.minimum.at(room, position[found], left[found])


def _held_rooms(book: Book) -> Iterator[tuple[int, int, int]]:
    """(mandate, listing, units left) wherever something is held."""
    for name, rows in book.crowd.holding.items():
        at = book.listing_at.get(name)
        borrowers = ({name} & book.borrowed.keys()) | (set() if at is None else {book.listings[at].borrower})
        for row in rows if borrowers or at is not None else ():
            mandate = book.mandates[row]
            if at is not None:
                held, most = mandate.held[name], mandate.max_share_of_loan
                share = UNITS_MAX if most is None else share_units(most, book.listings[at].amount, held, book.unit)
                yield row, at, min(max(mandate.per_loan - held, 0) // book.unit, share)
            if mandate.per_borrower is not None:
                yield from ((row, other, book.borrower_units(mandate, name)) for name in sorted(borrowers) for other in book.borrowed[name])
