"""Limits as a forest: investor > cash floor > groups of listings > listing. What crosses is cut into pieces that nest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketplace.matching.arrays import NONE, Index, Units, sums
from marketplace.matching.caps import Book
from marketplace.matching.terms import UNITS_MAX


@dataclass(eq=False)
class Rows:
    """One family of limits that cannot overlap, see `market.Group`: `of` [arcs] is the limit of an arc or NONE, `cap` [limits] in units.

    `mandate` and `value` [limits] name them; `origin` [limits] is the uncut limit a piece comes from, `whole` the caps of those.
    """

    kind: str
    attribute: str
    of: Index
    cap: Units
    mandate: Index
    value: list[str]
    origin: Index | None = None
    whole: Units | None = None

    def size(self) -> Units:
        """Arcs per limit."""
        return np.bincount(self.of[self.of >= 0], minlength=len(self.cap)).astype(np.int64)

    def room(self, room: Units) -> Units:
        """What the arcs of each limit could carry without it."""
        mine = self.of >= 0
        return sums(self.of[mine], room[mine], len(self.cap))

    def keep_arcs(self, kept: NDArray[np.bool_]) -> None:
        self.of = self.of[kept]

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Only these limits, renumbered."""
        number = np.full(len(kept) + 1, NONE)
        number[:-1][kept] = np.arange(kept.sum(), dtype=np.int32)
        self.of = number[self.of]
        self.cap, self.mandate = self.cap[kept], self.mandate[kept]
        self.value = [value for value, stays in zip(self.value, kept, strict=True) if stays]


def families(book: Book, mandate: Index, listing: Index) -> list[Rows]:
    """Every family any mandate uses: limits on grade first, other attributes by name, the per-borrower limit last."""
    named = sorted({limit.attribute for row in book.mandates for limit in row.limits}, key=lambda name: (name != "grade", name))
    found = [_named(book, attribute, mandate, listing) for attribute in named]
    if any(row.per_borrower is not None for row in book.mandates):
        found.append(_per_borrower(book, mandate, listing))
    return found


def _named(book: Book, attribute: str, mandate: Index, listing: Index) -> Rows:
    values = [row.value(attribute) for row in book.listings]
    named = {limit.value for row in book.mandates for limit in row.limits if limit.attribute == attribute}
    at = {value: code for code, value in enumerate(sorted(named.intersection(value for value in values if value is not None)))}
    wanted: dict[tuple[int, str], int] = {}
    for index, row in enumerate(book.mandates):
        for limit in sorted(row.limits, key=lambda one: one.value):  # numbered in one order, however they were given
            if limit.attribute == attribute and limit.value in at:
                cap = book.limit_units(row, attribute, limit.value, limit.share)
                wanted[index, limit.value] = min(cap, wanted.get((index, limit.value), UNITS_MAX))
    table = np.full((len(book.mandates), len(at) + 1), NONE)
    for number, (index, value) in enumerate(wanted):
        table[index, at[value]] = number
    code = np.array([len(at) if value is None else at.get(value, len(at)) for value in values], dtype=np.int32)
    caps = np.fromiter(wanted.values(), np.int64, len(wanted))
    return Rows("limit", attribute, table[mandate, code[listing]], caps, np.array([index for index, _ in wanted], np.int32), [value for _, value in wanted])


def _per_borrower(book: Book, mandate: Index, listing: Index) -> Rows:
    """Only borrowers with several open listings need a group; with one, the arc's own cap says it all."""
    several = [borrower for borrower, rows in sorted(book.borrowed.items()) if len(rows) > 1]
    at = {borrower: code for code, borrower in enumerate(several)}
    code = np.array([at.get(row.borrower, -1) for row in book.listings], dtype=np.int64)
    limited = np.array([row.per_borrower is not None for row in book.mandates], dtype=bool)
    mine = np.flatnonzero(limited[mandate] & (code[listing] >= 0))
    keys, number = np.unique(mandate[mine].astype(np.int64) * max(len(several), 1) + code[listing[mine]], return_inverse=True)
    of = np.full(len(mandate), NONE)
    of[mine] = number
    rows, borrowers = np.divmod(keys, max(len(several), 1))
    caps = [book.borrower_units(book.mandates[row], several[borrower]) for row, borrower in zip(rows.tolist(), borrowers.tolist(), strict=True)]
    return Rows("borrower", "", of, np.array(caps, dtype=np.int64), rows.astype(np.int32), [several[borrower] for borrower in borrowers.tolist()])


def clip(found: list[Rows], room: Units) -> None:
    """No arc carries more than any limit it is under (in place)."""
    for rows in found:
        mine = rows.of >= 0
        room[mine] = np.minimum(room[mine], rows.cap[rows.of[mine]])


def drop_loose(found: list[Rows], room: Units) -> None:
    """Forget limits that cannot bind: their arcs together carry no more than the cap."""
    for rows in found:
        rows.keep(rows.room(room) > rows.cap)


def cut_crossing(found: list[Rows]) -> None:
    """Make all limits nest: what crosses an earlier family is cut into pieces along it. Caps of pieces stay open (`nesting`)."""
    for later, rows in enumerate(found):
        piece = rows.of
        for other in found[:later]:
            piece = _cut(piece, other.of)
        if piece is not rows.of:
            _replace(rows, piece)


def _cut(piece: Index, cell: Index) -> Index:
    """`piece` where nothing crosses; else with every overlap of a piece and a cell that crosses made a piece of its own."""
    both = np.flatnonzero((piece >= 0) & (cell >= 0))
    if not len(both):
        return piece
    width = int(cell.max()) + 1
    keys, number, count = np.unique(piece[both].astype(np.int64) * width + cell[both], return_inverse=True, return_counts=True)
    of_piece, of_cell = np.divmod(keys, width)
    crosses = (count < np.bincount(piece[piece >= 0])[of_piece]) & (count < np.bincount(cell[cell >= 0])[of_cell])
    if not crosses.any():
        return piece
    fresh = piece.copy()
    cut = crosses[number]
    fresh[both[cut]] = int(piece.max()) + 1 + number[cut]
    _, fresh[fresh >= 0] = np.unique(fresh[fresh >= 0], return_inverse=True)
    return fresh


def _replace(rows: Rows, piece: Index) -> None:
    mine = piece >= 0
    count = int(piece.max()) + 1
    origin = np.zeros(count, np.int32)
    origin[piece[mine]] = rows.of[mine]
    rows.whole, rows.origin = rows.cap, origin
    rows.cap, rows.mandate = rows.cap[origin], rows.mandate[origin]
    rows.value = [rows.value[number] for number in origin.tolist()]
    rows.of = piece
