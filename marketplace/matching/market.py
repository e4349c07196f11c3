"""A market in whole units: investors, their forest of limits, arcs to listings, all in canonical (hash) order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import compress

import numpy as np

from marketplace.matching import caps, eligibility, limits
from marketplace.matching.arrays import NONE, Index, Units, sums
from marketplace.matching.caps import Book
from marketplace.matching.crowd import gather, units
from marketplace.matching.limits import Rows
from marketplace.matching.terms import Listing, Mandate, Run, draw


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """A limit as its owner knows it. `kind`: limit (`attribute` is `value`), borrower (`value`), or floor (of cash, with its first mandate).

    `part` numbers the pieces of a limit that crosses others; 0 is a limit in one piece.
    """

    mandate: str
    kind: str
    attribute: str
    value: str
    part: int = 0


@dataclass(frozen=True, eq=False)
class Market:
    """Nodes are investors (0…n−1), then groups; a parent always comes at a smaller depth. Arcs run from their deepest node to a listing.

    `weight` [n], `size` [m], `cap` and `parent` [nodes], `tail`, `head`, `room`, `mandate` [arcs]; `crossing` are (pieces, whole cap) still to be shared out;
    `pieces` says how they were, and `weightless` are the investors left out because they have less than one unit of idle cash.
    """

    investors: list[str]
    mandates: Sequence[Mandate]
    listings: Sequence[Listing]
    unit: int
    weight: Units
    size: Units
    parent: Index
    cap: Units
    groups: list[Group]
    tail: Index
    head: Index
    room: Units
    mandate: Index
    layers: list[Index]
    crossing: list[tuple[Index, int]]
    weightless: list[str]
    pieces: list[tuple[Group, int]] = field(default_factory=list)

    def owner(self) -> Index:
        """The investor each node belongs to."""
        found = np.arange(len(self.cap), dtype=np.int32)
        for layer in self.layers:
            found[layer] = found[self.parent[layer]]
        return found

    def carried(self, flow: Units) -> Units:
        """What passes each node when the arcs carry `flow`."""
        total = sums(self.tail, flow, len(self.cap))
        for layer in reversed(self.layers):
            total += sums(self.parent[layer], total[layer], len(self.cap))
        return total

    def alone(self) -> Units:
        """What could pass each node if nobody else were there: its cap, or less where its children cannot bring so much."""
        total = sums(self.tail, self.room, len(self.cap))
        for layer in reversed(self.layers):
            total[layer] = np.minimum(total[layer], self.cap[layer])
            total += sums(self.parent[layer], total[layer], len(self.cap))
        return np.minimum(total, self.cap)


def read(run: Run) -> Market:
    """The market of a checked run; limits that cross are cut but not yet shared out (`nesting.nest`)."""
    listings = sorted(run.listings, key=lambda row: draw(run.seed, "listing", row.id))
    book = Book(listings, gather(run.mandates, unit=run.unit, seed=run.seed))
    mandate, listing = eligibility.pairs(book.crowd.criteria, listings)
    room = caps.rooms(book, mandate, listing)
    found = limits.families(book, mandate, listing)
    limits.clip(found, room)
    kept = room > 0
    mandate, listing, room = mandate[kept], listing[kept], room[kept]
    for rows in found:
        rows.keep_arcs(kept)
    limits.drop_loose(found, room)
    limits.cut_crossing(found)
    market = _with_floors(book, mandate, listing, room)
    return tidy(_with_groups(market, found))


def _with_floors(book: Book, mandate: Index, listing: Index, room: Units) -> Market:
    """Investors, and below them one group for each higher cash floor: mandates that keep k in cash may together place no more than cash − k."""
    crowd = book.crowd
    mine, idle, weight = crowd.criteria.mine, crowd.idle.tolist(), crowd.weight
    cap, parent, groups = weight.tolist(), [-1] * len(weight), list[Group]()
    base = crowd.investor.astype(np.int32)
    for number, rows in enumerate(mine.values()):
        below = number
        for floor in sorted({idle[row] for row in rows}, reverse=True)[1:]:
            parent.append(below)
            cap.append(floor)
            below = len(cap) - 1
            bound = [row for row in rows if idle[row] <= floor]
            groups.append(Group(book.mandates[next(row for row in bound if idle[row] == floor)].id, "floor", "", ""))
            base[bound] = below
    size = units([row.amount for row in book.listings], book.unit)
    return Market(
        investors=list(mine),
        mandates=crowd.mandates,
        listings=book.listings,
        unit=crowd.unit,
        weight=weight,
        size=size,
        parent=np.array(parent, np.int32),
        cap=np.array(cap, np.int64),
        groups=groups,
        tail=base[mandate],
        head=listing,
        room=room,
        mandate=mandate,
        layers=[],
        crossing=[],
        weightless=crowd.weightless,
    )


def _with_groups(market: Market, found: list[Rows]) -> Market:
    """Hang every limit below the next larger one around it: nested sets of one arc are a chain, ordered by size."""
    first = len(market.cap)
    offsets = np.cumsum([first, *(len(rows.cap) for rows in found)])
    count = int(offsets[-1])
    parent = np.concatenate([market.parent, np.full(count - first, NONE)])
    size = np.concatenate([np.zeros(first, np.int64), *(rows.size() for rows in found)])
    chain = [np.where(rows.of >= 0, rows.of + np.int32(start), NONE) for rows, start in zip(found, offsets, strict=False)]
    current = market.tail
    for node in _by_size(chain, size):
        inside = node >= 0
        parent[node[inside]] = current[inside]
        current = np.where(inside, node, current)
    cap = np.concatenate([market.cap, *(rows.cap for rows in found)])
    groups, crossing = list(market.groups), list[tuple[Index, int]]()
    for rows, start in zip(found, offsets, strict=False):
        part = _parts(rows)
        groups += [
            Group(market.mandates[owner].id, rows.kind, rows.attribute, value, number)
            for owner, value, number in zip(rows.mandate.tolist(), rows.value, part, strict=True)
        ]
        crossing += [(pieces + np.int32(start), whole) for pieces, whole in _cuts(rows)]
    return replace(market, parent=parent.astype(np.int32), cap=cap, groups=groups, tail=current.astype(np.int32), crossing=crossing)


def _by_size(chain: list[Index], size: Units) -> list[Index]:
    """The limits of every arc from the widest to the narrowest; where there is none, at the end."""
    if len(chain) < 2:
        return chain
    nodes = np.stack(chain)
    order = np.argsort(np.where(nodes >= 0, -size[nodes], 1), axis=0, kind="stable")
    return list(np.take_along_axis(nodes, order, axis=0))


def _parts(rows: Rows) -> list[int]:
    """0 for a limit in one piece, else 1, 2, … for its pieces."""
    if rows.origin is None:
        return [0] * len(rows.cap)
    count = np.bincount(rows.origin)
    seen = [0] * len(count)
    found = []
    for origin in rows.origin.tolist():
        seen[origin] += 1
        found.append(seen[origin] if count[origin] > 1 else 0)
    return found


def _cuts(rows: Rows) -> list[tuple[Index, int]]:
    """(pieces, whole cap) of every limit that was really cut."""
    if rows.origin is None or rows.whole is None:
        return []
    order = np.argsort(rows.origin, kind="stable").astype(np.int32)
    starts = np.flatnonzero(np.diff(rows.origin[order], prepend=-1))
    pieces = np.split(order, starts[1:])
    return [(piece, int(rows.whole[rows.origin[piece[0]]])) for piece in pieces if len(piece) > 1]


def tidy(market: Market) -> Market:
    """Without limits that cannot bind and arcs that cannot carry; depths, and every arc clipped to the caps above it."""
    market = replace(market, layers=_layers(market.parent))
    room = market.room.copy()
    least = market.cap.copy()
    for layer in market.layers:
        least[layer] = np.minimum(least[layer], least[market.parent[layer]])
    np.minimum(room, least[market.tail], out=room)
    kept = (room > 0).nonzero()[0]
    carrying = {name: getattr(market, name).take(kept) for name in ("tail", "head", "mandate")}
    market = replace(market, **carrying, room=room.take(kept), cap=least)
    return market if market.crossing else _without_loose(market)


def _layers(parent: Index) -> list[Index]:
    """Groups by depth, from those right below an investor."""
    depth = np.zeros(len(parent), np.int32)
    current = parent.copy()
    while (current >= 0).any():
        depth += current >= 0
        current = np.where(current >= 0, parent[current], NONE)
    return [np.flatnonzero(depth == level).astype(np.int32) for level in range(1, int(depth.max(initial=0)) + 1)]


def _without_loose(market: Market) -> Market:
    """Drop groups whose children together bring no more than the cap, from the leaves up."""
    total = sums(market.tail, market.room, len(market.cap))
    kept = np.ones(len(market.cap), bool)
    for layer in reversed(market.layers):
        kept[layer] = total[layer] > market.cap[layer]
        total[layer] = np.minimum(total[layer], market.cap[layer])
        total += sums(market.parent[layer], total[layer], len(market.cap))
    up = np.arange(len(market.cap), dtype=np.int32)
    for layer in market.layers:
        up[layer] = np.where(kept[layer], layer, up[market.parent[layer]])
    number = (np.cumsum(kept) - 1).astype(np.int32)
    above = np.where(market.parent >= 0, up[market.parent], NONE)
    parent = np.where(above >= 0, number[above], NONE)[kept].astype(np.int32)
    groups = list(compress(market.groups, kept[len(market.investors) :].tolist()))
    return replace(market, parent=parent, cap=market.cap[kept], groups=groups, tail=number[up[market.tail]], layers=_layers(parent))
