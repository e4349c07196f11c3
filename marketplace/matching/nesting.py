"""Limits that cross are no flow: each is shared out over its pieces by published arithmetic, guided by a flow that ignores them.

Solve without them; where a limit is exceeded, its pieces get its cap in proportion to that flow; again, at most ROUNDS times. Then every limit's
spare cap goes to its pieces by the room they have left, and once more after a last look. The rule holds exactly on the market that results.
"""

from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.arrays import Index, Units, sums
from marketplace.matching.market import Market, tidy
from marketplace.matching.network import solve
from marketplace.matching.parts import State

ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Nested:
    """The market to match, and the outer bound: the volume with crossing limits left out (None if there are none)."""

    market: Market
    outer_bound: int | None


@dataclass(frozen=True, eq=False)
class _Cuts:
    """All pieces [pieces] in one line: their node, the limit each comes from, and the caps of those limits [limits]."""

    piece: Index
    limit: Index
    whole: Units

    def total(self, amounts: Units) -> Units:
        return sums(self.limit, amounts, len(self.whole))


def nest(market: Market) -> Nested:
    if not market.crossing:
        return Nested(market, None)
    sizes = [len(pieces) for pieces, _ in market.crossing]
    cuts = _Cuts(
        np.concatenate([pieces for pieces, _ in market.crossing]),
        np.repeat(np.arange(len(sizes)), sizes),
        np.array([whole for _, whole in market.crossing], dtype=np.int64),
    )
    cap = market.cap.copy()
    outer_bound, passed = _flow(market, cap, cuts)
    for _round in range(ROUNDS):
        over = cuts.total(passed) > cuts.whole
        if not over.any():
            break
        mine = over[cuts.limit]
        cap[cuts.piece[mine]] = np.minimum(cap[cuts.piece[mine]], _shared(market, cuts, passed)[mine])
        _, passed = _flow(market, cap, cuts)
    for _look in range(2):
        cap[cuts.piece] = np.minimum(market.cap[cuts.piece], _shared(market, cuts, passed))
        if _look == 0:
            _, passed = _flow(market, cap, cuts)
    return Nested(shared_out(market, cuts.piece, cap), outer_bound)


def shared_out(market: Market, pieces: Index, cap: Units) -> Market:
    """The market whose crossing limits are replaced by pieces with these caps [nodes]."""
    first = len(market.investors)
    named = [(market.groups[piece - first], units) for piece, units in zip(pieces.tolist(), cap[pieces].tolist(), strict=True)]
    return tidy(replace(market, cap=cap, crossing=[], pieces=named))


def _flow(market: Market, cap: Units, cuts: _Cuts) -> tuple[int, Units]:
    """(volume, what passes each piece) of a maximum flow under these caps."""
    capped = replace(market, cap=cap)
    state = State(capped)
    whole = state.whole()
    solved = solve(state.network(whole, np.where(state.root, capped.alone(), 0), market.size), want_flow=True)
    groups = len(market.cap) - len(market.investors)
    return solved.value, solved.flow[cuts.piece - len(market.investors)] if groups else solved.flow[:0]


def _shared(market: Market, cuts: _Cuts, passed: Units) -> Units:
    """Each limit's cap over its pieces: what passed, or their proportional part of the cap if that was too much; then what is spare by room."""
    total = np.maximum(cuts.total(passed), 1)
    share = np.minimum(passed, passed * np.minimum(cuts.whole, total)[cuts.limit] // total[cuts.limit])
    room = np.minimum(market.cap[cuts.piece], market.alone()[cuts.piece]) - share
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
