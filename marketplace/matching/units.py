"""Whole units: a lottery inside each block whose odds are exactly the fraction everybody is owed (systematic sampling)."""

from collections.abc import Iterator

import numpy as np

from marketplace.matching.arrays import Index, Units
from marketplace.matching.levels import Levels
from marketplace.matching.terms import draw


def ticket(seed: str, p: int, q: int) -> int:
    """A block's random start t, from 0 to q − 1, for its level p/q."""
    return int.from_bytes(draw(seed, "lottery", f"{p}/{q}")) % q


def members(levels: Levels) -> Iterator[tuple[int, Index]]:
    """(block, its investors) in the order of sha256(seed|investor), which is the market's."""
    block = levels.of_node[: len(levels.top)]
    order = np.argsort(block, kind="stable")
    for mine in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        if len(mine):
            yield int(block[mine[0]]), mine


def whole_units(levels: Levels, seed: str) -> Units:
    """Everybody's exact total rounded down or up; block totals stay exact.

    With C the running total of what is owed in units of 1/q: floor((C + t)/q), less the same for the investor before.
    """
    found = np.zeros(len(levels.top), np.int64)
    for block, mine in members(levels):
        found[mine] = drawn(levels.top[mine], *levels.at[block], seed)
    return found


def drawn(owed: Units, p: int, q: int, seed: str) -> Units:
    """The draw of one block at level p/q; `owed` is in units of 1/q."""
    return np.diff((np.cumsum(owed) + ticket(seed, p, q)) // q, prepend=0)


def before(levels: Levels) -> Units:
    """The running total just before each investor, modulo q: with it, an investor can redo the draw of their own units."""
    found = np.zeros(len(levels.top), np.int64)
    for block, mine in members(levels):
        found[mine] = (np.cumsum(levels.top[mine]) - levels.top[mine]) % levels.at[block][1]
    return found
