"""What a run publishes, what each investor is given, and the hashes that tie them together.

`blocks` and levels prove the result without solving it again: see `checking`.
"""

from dataclasses import astuple, dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy as np

from marketplace.matching.arrays import Units
from marketplace.matching.fair_flow import RULE, Outcome
from marketplace.matching.market import Market
from marketplace.matching.terms import Run, input_sha256, sha256
from marketplace.matching.units import before

JSON = dict[str, Any]
ENGINE = "2"  # a change that could alter one byte of any result gets the next number


def engine(*, crossing: bool) -> str:
    """What the bytes depend on: our own code; and the solver only where limits cross, because a flow of its choice guides how those are shared out."""
    return f"{ENGINE} with ortools {version('ortools')}" if crossing else ENGINE


@dataclass(frozen=True, eq=False)
class Findings:
    """An outcome as it is published: `level` [investors] and `at` [blocks] are exact, `filled` [listings] and `before` [investors] in units.

    `before` is the running total of the lottery just before an investor, modulo the denominator of the block's level.
    """

    outcome: Outcome
    level: list[Fraction]
    at: list[Fraction]
    filled: Units
    before: list[int]


def findings(outcome: Outcome) -> Findings:
    found, market = outcome.levels, outcome.market
    rows = zip(found.top.tolist(), found.bottom.tolist(), market.weight.tolist(), strict=True)
    level = [Fraction(top, bottom * weight) for top, bottom, weight in rows]
    filled = np.bincount(market.head, outcome.flow, len(market.size)).astype(np.int64)
    return Findings(outcome, level, _published(outcome, level), filled, before(found).tolist())


def _published(outcome: Outcome, level: list[Fraction]) -> list[Fraction]:
    """The level of each block. Where own limits stop everybody: the highest level of those who hold its listings, and no less than the block before."""
    found, market = outcome.levels, outcome.market
    free = _standing(outcome)
    owner = market.owner()[market.tail]
    carrying = np.flatnonzero(outcome.flow)
    holders: dict[int, set[int]] = {}
    pairs = np.unique(np.stack([found.of_listing[market.head[carrying]], owner[carrying]]), axis=1)
    for block, investor in pairs.T.tolist():
        if block not in free:
            holders.setdefault(block, set()).add(investor)
    levels: list[Fraction] = []
    for block, (p, q) in enumerate(found.at):
        least = levels[-1] if levels else Fraction(0)
        levels.append(Fraction(p, q) if block in free else max((level[one] for one in holders.get(block, ())), default=least))
        levels[-1] = max(levels[-1], least)
    return levels


def _standing(outcome: Outcome) -> set[int]:
    """Blocks in which somebody stands exactly at the level without being stopped by limits of their own."""
    found, market = outcome.levels, outcome.market
    alone = market.alone()[: len(found.top)]
    p, q = np.array(found.at or [(0, 1)], dtype=np.int64).T
    block = found.of_node[: len(found.top)]
    at_level = (found.top == p[block] * market.weight) & (found.top < q[block] * alone)
    return set(block[at_level].tolist())


def placed(market: Market, flow: Units) -> list[Fraction]:
    """The filled share of each investor's idle cash."""
    units = market.carried(flow)[: len(market.investors)].tolist()
    return [Fraction(one, weight) for one, weight in zip(units, market.weight.tolist(), strict=True)]


def text(level: Fraction) -> str:
    return f"{level.numerator}/{level.denominator}"


def labels_sha256(found: Findings) -> str:
    levels = found.outcome.levels
    return hash_labels(found.outcome.market, levels.of_node.tolist(), levels.of_listing.tolist())


def hash_labels(market: Market, of_node: list[int], of_listing: list[int]) -> str:
    """One hash over the block of every investor, limit and listing."""
    groups = sorted([*astuple(group), block] for group, block in zip(market.groups, of_node[len(market.investors) :], strict=True))
    investors = dict(zip(market.investors, of_node, strict=False))
    listings = dict(zip([row.id for row in market.listings], of_listing, strict=True))
    return sha256({"investors": investors, "listings": listings, "groups": groups})


def proof(run: Run, found: Findings, *, crossing: bool) -> JSON:
    return {
        "rule": RULE,
        "input_sha256": input_sha256(run, policy=RULE),
        "seed": run.seed,
        "engine": engine(crossing=crossing),
        "levels": [[level.numerator, level.denominator] for level in found.at],
        "labels_sha256": labels_sha256(found),
    }


def public(run: Run, found: Findings, *, crossing: bool) -> JSON:
    """The file of a run that everybody may see: no amount of any one investor."""
    levels, market = found.outcome.levels, found.outcome.market
    blocks = len(found.at)
    totals = np.bincount(levels.of_node[: len(market.investors)], found.outcome.whole, blocks).astype(np.int64)
    rows = zip(market.listings, market.size.tolist(), found.filled.tolist(), levels.of_listing.tolist(), strict=True)
    listings = {row.id: [size, filled, block] for row, size, filled, block in rows}
    return proof(run, found, crossing=crossing) | {
        "unit_minor": market.unit,
        "totals": totals.tolist(),
        "repaired": found.outcome.repaired,
        "listings": dict(sorted(listings.items())),
    }


def own(found: Findings) -> dict[str, JSON]:
    """Each investor's part: level, units, block, the block of each limit that could bind, the caps of pieces of crossing ones, and fills in units."""
    levels, market = found.outcome.levels, found.outcome.market
    parts: dict[str, JSON] = {}
    for index, investor in enumerate(market.investors):
        parts[investor] = {
            "level": text(found.level[index]),
            "weight": int(market.weight[index]),
            "units": int(found.outcome.whole[index]),
            "block": int(levels.of_node[index]),
            "before": found.before[index],
            "limits": [],
            "pieces": [],
            "fills": [],
        }
    investor_of = {row.id: row.investor for row in market.mandates}
    blocks = levels.of_node[len(market.investors) :].tolist()
    for group, block in sorted(zip(market.groups, blocks, strict=True)):
        parts[investor_of[group.mandate]]["limits"].append([*astuple(group), block])
    for group, cap in sorted(market.pieces):
        parts[investor_of[group.mandate]]["pieces"].append([*astuple(group), cap])
    for mandate, listing, units in fills(market, found.outcome.flow):
        parts[investor_of[mandate]]["fills"].append([mandate, listing, units])
    return dict(sorted(parts.items()))


def fills(market: Market, flow: Units) -> list[tuple[str, str, int]]:
    """(mandate, listing, units) of every pair that carries something, sorted by their ids."""
    carrying = np.flatnonzero(flow)
    rows = zip(market.mandate[carrying].tolist(), market.head[carrying].tolist(), flow[carrying].tolist(), strict=True)
    return sorted((market.mandates[mandate].id, market.listings[listing].id, units) for mandate, listing, units in rows)
