"""Limits that cross are no flow: each is shared out over its pieces by published arithmetic, guided by a flow that ignores them.

Solve without them. A limit's pieces get what that flow needs of it, or their proportional part of the cap if that is too much; what is spare goes by
the room they have left. Solve again, and share what is still spare once more. The rule of `fair_flow` then holds exactly on the market that results.
(Cutting only what is exceeded and solving again, several times, places less and takes longer.)
"""

from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.arrays import Index, Units, sums
from marketplace.matching.market import Market, tidy
from marketplace.matching.network import Network, solve


@dataclass(frozen=True, eq=False)
class Nested:
    """The market to match, and the outer bound: the volume with crossing limits left out (None if there are none)."""

    market: Market
    outer_bound: int | None


@dataclass(frozen=True, eq=False)
class _Cuts:
    """All pieces [pieces] in one line: their node, the limit each comes from, what could pass them at most, and the caps of those limits [limits]."""

    piece: Index
    limit: Index
    most: Units
    whole: Units

    def total(self, amounts: Units) -> Units:
        return sums(self.limit, amounts, len(self.whole))


def nest(market: Market) -> Nested:
    if not market.crossing:
        return Nested(market, None)
    sizes = [len(pieces) for pieces, _ in market.crossing]
    pieces = np.concatenate([pieces for pieces, _ in market.crossing])
    cuts = _Cuts(
        pieces,
        np.repeat(np.arange(len(sizes)), sizes),
        np.minimum(market.cap, market.alone())[pieces],
        np.array([whole for _, whole in market.crossing], dtype=np.int64),
    )
    cap = market.cap.copy()
    outer_bound, passed = _flow(market, cap, cuts)
    cap[cuts.piece] = np.minimum(market.cap[cuts.piece], _shared(cuts, passed))
    _, passed = _flow(market, cap, cuts)
    cap[cuts.piece] = np.minimum(market.cap[cuts.piece], _shared(cuts, passed))
    return Nested(shared_out(market, cuts.piece, cap), outer_bound)


def shared_out(market: Market, pieces: Index, cap: Units) -> Market:
    """The market whose crossing limits are replaced by pieces with these caps [nodes]."""
    first = len(market.investors)
    named = list(zip(map(market.groups.__getitem__, (pieces - first).tolist()), cap[pieces].tolist(), strict=True))
    return tidy(replace(market, cap=cap, crossing=[], pieces=named))


def _flow(market: Market, cap: Units, cuts: _Cuts) -> tuple[int, Units]:
    """(volume, what passes each piece) of a maximum flow under these caps. Nodes keep their numbers; listings come after them."""
    first, count = len(market.investors), len(market.cap)
    inner = np.arange(first, count, dtype=np.int32)
    limits, own = (market.parent[inner], inner, cap[inner]), (market.tail, market.head + np.int32(count), market.room)
    listings = np.arange(count, count + len(market.size), dtype=np.int32)
    investors = np.arange(first, dtype=np.int32)
    solved = solve(Network(count + len(listings), investors, market.weight, (limits, own), listings, market.size), want_flow=True)
    return solved.value, solved.flow[cuts.piece - first]


def _shared(cuts: _Cuts, passed: Units) -> Units:
    """Each limit's cap over its pieces: what passed, or their proportional part of the cap if that was too much; then what is spare by room."""
    total = np.maximum(cuts.total(passed), 1)
    share = np.minimum(passed, passed * np.minimum(cuts.whole, total)[cuts.limit] // total[cuts.limit])
    room = cuts.most - share
    spare = np.maximum(cuts.whole - cuts.total(share), 0)
    return share + _proportional(cuts, spare, np.maximum(room, 0))


def _proportional(cuts: _Cuts, spare: Units, room: Units) -> Units:
    """`spare` of each limit by room, in whole units; what flooring leaves goes to the pieces in order, one each, where there is room."""
    total = np.maximum(cuts.total(room), 1)
    given = np.minimum(room, room * np.minimum(spare, total)[cuts.limit] // total[cuts.limit])
    left = np.minimum(spare, cuts.total(room)) - cuts.total(given)
    able = given < room
    before: Index = np.cumsum(able) - able
    first = np.concatenate([[0], np.flatnonzero(np.diff(cuts.limit)) + 1])
    turn: Index = before - before[first][cuts.limit]
    return given + (able & (turn < left[cuts.limit]))
