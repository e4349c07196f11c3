"""The rows of a certificate: whole numbers only, everybody against their own arcs, nothing solved.

If rows 1 to 3 and 5 hold for everybody, no other matching is larger or fairer: along arcs that could still carry, blocks never rise (1); so from
an investor with cash left one reaches only full listings (3: no larger volume) and only holders whose level is no higher (2, 3: no fairer swap).
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from marketplace.matching import certificate
from marketplace.matching.arrays import Index, Mask, Units, sums
from marketplace.matching.market import Market, read
from marketplace.matching.nesting import shared_out
from marketplace.matching.terms import Run
from marketplace.matching.units import ticket

JSON = Any


@dataclass(frozen=True, slots=True)
class Failure:
    """`row` is the row of the table in docs/matching.md; 0 stands for the form, the caps and the hashes."""

    row: int
    investor: str
    listing: str
    message: str


class Mistake(Exception):
    """The certificate cannot even be laid over the market."""

    def __init__(self, investor: str, listing: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(0, investor, listing, message)


@dataclass(frozen=True, eq=False)
class Claim:
    """A certificate laid over the market of its mandates: what it says of every block, investor, group, listing and arc."""

    market: Market
    at: list[Fraction]
    level: list[Fraction]
    units: Units
    before: list[int]
    of_node: Index
    of_listing: Index
    filled: Units
    flow: Units
    repaired: set[int]

    def ranks(self) -> tuple[Index, Index]:
        """Levels of investors and of blocks as whole numbers that compare as they do."""
        place = {level: rank for rank, level in enumerate(sorted({*self.at, *self.level}))}
        return np.array([place[level] for level in self.level], np.int64), np.array([place[level] for level in self.at], np.int64)


def read_claim(run: Run, public: JSON, investors: JSON) -> Claim:
    market = _market(run, investors)
    if set(investors) != set(market.investors):
        raise Mistake("", "", "the investors are not those of this input with at least one unit of idle cash")
    mine = [investors[name] for name in market.investors]
    listed = [public["listings"][listing.id] for listing in market.listings]
    blocks = len(public["levels"])
    return Claim(
        market,
        [Fraction(whole(p), whole(q)) for p, q in public["levels"]],
        [_level(part["level"]) for part in mine],
        np.array([whole(part["units"]) for part in mine], np.int64),
        [whole(part["before"]) for part in mine],
        np.array([whole(part["block"], blocks) for part in mine] + _groups(market, investors, blocks), np.int64),
        np.array([whole(row[2], blocks) for row in listed], np.int64),
        np.array([_filled(row) for row in listed], np.int64),
        _flow(market, investors),
        {whole(block, blocks) for block in public["repaired"]},
    )


def _level(text: str) -> Fraction:
    """p/q of two whole numbers; Fraction itself would also work out 1e999999999."""
    p, _, q = text.partition("/")
    return Fraction(whole(int(p)), whole(int(q)))


def _filled(row: JSON) -> int:
    """What is filled; where few investors share it, it is published only that the listing is not full."""
    return whole(row[1]) if row[1] is not None else max(whole(row[0]) - 1, 0)


def whole(value: JSON, below: int = 2**63) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise ValueError("must be a whole number in range")
    return value


def _market(run: Run, investors: JSON) -> Market:
    """The market of the input, its crossing limits shared out as the certificate says, none of them exceeded."""
    market = read(run)
    named = {tuple(row[:5]): whole(row[5]) for part in investors.values() for row in part["pieces"]}
    cap, first = market.cap.copy(), len(market.investors)
    for pieces, most in market.crossing:
        cap[pieces] = [named.pop(astuple(market.groups[piece - first])) for piece in pieces.tolist()]
        if cap[pieces].sum() > most or (cap[pieces] > market.cap[pieces]).any():
            raise Mistake("", "", f"the pieces of a limit of mandate {market.groups[pieces[0] - first].mandate} exceed it")
    if named:
        raise Mistake("", "", "has pieces of limits that do not cross")
    if not market.crossing:
        return market
    return shared_out(market, np.concatenate([pieces for pieces, _ in market.crossing]), cap)


def _groups(market: Market, investors: JSON, blocks: int) -> list[int]:
    named = {tuple(row[:5]): whole(row[5], blocks) for part in investors.values() for row in part["limits"]}
    if set(named) != {astuple(group) for group in market.groups}:
        raise Mistake("", "", "the limits are not those of the mandates")
    return [named[astuple(group)] for group in market.groups]


def _flow(market: Market, investors: JSON) -> Units:
    """Fills on their arcs; a pair that no mandate allows is a mistake."""
    mandates = {row.id: index for index, row in enumerate(market.mandates)}
    listings = {row.id: index for index, row in enumerate(market.listings)}
    fills = [(name, *row) for name, part in investors.items() for row in part["fills"]]
    keys = market.mandate.astype(np.int64) * len(listings) + market.head
    wanted = np.array([mandates[mandate] * len(listings) + listings[listing] for _, mandate, listing, _ in fills], np.int64)
    arcs = np.searchsorted(keys, wanted)
    flow = np.zeros(len(keys), np.int64)
    for arc, key, (investor, mandate, listing, units) in zip(arcs.tolist(), wanted.tolist(), fills, strict=True):
        if arc == len(keys) or keys[arc] != key or flow[arc] or market.mandates[mandates[mandate]].investor != investor:
            raise Mistake(investor, listing, "a fill that the mandate does not allow, or twice")
        flow[arc] = whole(units)
    return flow


def rows(claim: Claim, seed: str, *, own: bool) -> Iterator[Failure]:
    market = claim.market
    through = market.carried(claim.flow)
    yield from _caps(claim, through, own=own)
    yield from _rows_1_to_3(claim, through)
    yield from _row_4(claim, seed, own=own)
    if any(one > other for one, other in zip(claim.at, claim.at[1:], strict=False)):
        yield Failure(5, "", "", "block levels fall")
    for index in np.flatnonzero(claim.filled > market.size).tolist():
        yield Failure(5, "", market.listings[index].id, "over-funded")


def _caps(claim: Claim, through: Units, *, own: bool) -> Iterator[Failure]:
    market, count = claim.market, len(claim.level)
    for index in np.flatnonzero(through[:count] != claim.units).tolist():
        yield Failure(0, market.investors[index], "", "fills do not add up to units")
    for node in np.flatnonzero(through > market.cap).tolist():
        yield Failure(0, _owner(market, node), "", "a limit is exceeded")
    for arc in np.flatnonzero(claim.flow > market.room).tolist():
        yield Failure(0, _owner(market, int(market.tail[arc])), market.listings[market.head[arc]].id, "a loan's own limit is exceeded")
    total = sums(market.head, claim.flow, len(market.size))
    for index in np.flatnonzero(total > claim.filled if own else total != claim.filled).tolist():
        yield Failure(5, "", market.listings[index].id, "fills do not add up to what is filled")


def _owner(market: Market, node: int) -> str:
    while market.parent[node] >= 0:
        node = int(market.parent[node])
    return market.investors[node]


def _rows_1_to_3(claim: Claim, through: Units) -> Iterator[Failure]:
    market, count = claim.market, len(claim.level)
    level, at = claim.ranks()
    owner = market.owner()[market.tail]
    mine, theirs = claim.of_node[market.tail], claim.of_listing[market.head]
    groups = np.arange(count, len(market.cap))
    above, inner = claim.of_node[market.parent[groups]], claim.of_node[groups]
    left, carrying = claim.flow < market.room, claim.flow > 0
    yield from _arcs(claim, 1, left & (theirs > mine), "open to this investor, yet it lies in a richer block")
    yield from _nodes(claim, 1, groups[(through[groups] < market.cap[groups]) & (inner > above)], "a limit with room lies in a richer block")
    yield from _arcs(claim, 2, carrying & (theirs < mine), "held, yet it lies in a poorer block")
    yield from _arcs(claim, 2, carrying & (level[owner] > at[theirs]), "held by an investor above its level")
    yield from _nodes(claim, 2, groups[(through[groups] > 0) & (inner < above)], "a limit with units lies in a poorer block")
    wanting = np.unique(owner[left & _reach(market, through)[market.tail]])
    wanting = wanting[claim.units[wanting] < market.weight[wanting]]
    low = wanting[level[wanting] < at[claim.of_node[wanting]]]
    yield from _nodes(claim, 3, low, "has cash left and an open loan, yet stands below the level of the block")
    short = claim.of_listing[claim.filled < market.size].min(initial=len(claim.at))
    yield from _nodes(claim, 3, wanting[claim.of_node[wanting] >= short], "has cash left and an open loan, yet a listing in reach is not full")


def _reach(market: Market, through: Units) -> Mask:
    """Nodes whose limits, up to the investor, all have room."""
    free = np.ones(len(market.cap), bool)
    for layer in market.layers:
        free[layer] = free[market.parent[layer]] & (through[layer] < market.cap[layer])
    return free


def _arcs(claim: Claim, row: int, wrong: Mask, message: str) -> Iterator[Failure]:
    market = claim.market
    for arc in np.flatnonzero(wrong).tolist():
        yield Failure(row, _owner(market, int(market.tail[arc])), market.listings[market.head[arc]].id, message)


def _nodes(claim: Claim, row: int, wrong: Index, message: str) -> Iterator[Failure]:
    for node in wrong.tolist():
        yield Failure(row, _owner(claim.market, node), "", message)


def _row_4(claim: Claim, seed: str, *, own: bool) -> Iterator[Failure]:
    """Whole units within one of exact, and what the lottery gives; for everybody at once also the running totals."""
    running = dict.fromkeys(range(len(claim.at)), 0)
    for index, investor in enumerate(claim.market.investors):
        block = int(claim.of_node[index])
        p, q = claim.at[block].numerator, claim.at[block].denominator
        exact, units = claim.level[index] * int(claim.market.weight[index]), int(claim.units[index])
        if not abs(units - exact) < 1:
            yield Failure(4, investor, "", "whole units are not within one of the exact amount")
        if exact.denominator == 1:
            owed = int(exact) * q
        elif (exact * q).denominator == 1:
            owed = int(exact * q)
        else:
            yield Failure(4, investor, "", "the level is not one of the block's")
            continue
        start = claim.before[index] + ticket(seed, p, q)
        if not own and claim.before[index] != running[block] % q:
            yield Failure(4, investor, "", "the running total is another")
        if block not in claim.repaired and units != (start + owed) // q - start // q:
            yield Failure(4, investor, "", "the lottery gives another number of units")
        running[block] += owed


def sums_up(claim: Claim, public: JSON) -> Iterator[Failure]:
    """Row 5 for everybody: block totals, and the hash over all labels."""
    totals = sums(claim.of_node[: len(claim.units)], claim.units, len(claim.at)).tolist()
    if totals != public["totals"]:
        yield Failure(5, "", "", "units per block do not add up to the published totals")
    market = claim.market
    if certificate.hash_labels(market, claim.of_node.tolist(), claim.of_listing.tolist()) != public["labels_sha256"]:
        yield Failure(0, "", "", "labels_sha256 is not the hash of these labels")
