"""One listing alone: the same rule is a sort. What mandates would place in it, before anything is booked."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.caps import Book, rooms
from marketplace.matching.crowd import Crowd
from marketplace.matching.terms import UNITS_MAX, Listing
from marketplace.matching.units import drawn
from marketplace.matching.water import water_level


@dataclass(frozen=True, eq=False)
class Preview:
    """`eligible` mandates (places in the crowd) could take `room` units each; they get `units`, at the level p/q unless their own cap stops them."""

    eligible: Index
    room: Units
    units: Units
    level: tuple[int, int]


def preview(crowd: Crowd, listing: Listing) -> Preview:
    """What `fair-flow/1` would place if this listing were alone in the market."""
    eligible = _eligible(crowd, listing)
    room = _rooms(crowd, listing, eligible)
    eligible, room = eligible[room > 0], room[room > 0]
    weight = crowd.weight[crowd.investor[eligible]]
    total = min(int(room.sum()), listing.amount // crowd.unit)
    p, q = water_level(weight, np.zeros(len(room), np.int64), room, total)
    return Preview(eligible, room, drawn(np.minimum(p * weight, q * room), p, q, crowd.seed), (p, q))


def _eligible(crowd: Crowd, listing: Listing) -> Index:
    """The first mandate of each investor that the listing fits."""
    fits = np.flatnonzero(crowd.criteria.grid([listing]).rows(0, len(crowd.mandates))[:, 0])
    return fits[np.diff(crowd.investor[fits], prepend=-1) > 0]


def _rooms(crowd: Crowd, listing: Listing, eligible: Index) -> Units:
    book = Book([listing], crowd)
    room = rooms(book, eligible, np.zeros(len(eligible), np.int64))
    least = np.full(len(crowd.mandates), UNITS_MAX)
    for (attribute, value), (limited, caps) in crowd.limited.items():
        if listing.value(attribute) == value:
            least[limited] = np.minimum(least[limited], caps)
    for row in {*crowd.holding.get(listing.id, ()), *crowd.holding.get(listing.borrower, ())}:
        mandate = crowd.mandates[row]
        for limit in mandate.limits:
            if listing.value(limit.attribute) == limit.value:
                least[row] = min(int(least[row]), book.limit_units(mandate, limit.attribute, limit.value, limit.share))
    lowest: Units = np.minimum(room, least[eligible])
    return lowest
