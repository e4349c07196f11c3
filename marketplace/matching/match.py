"""One run, from listings and mandates to fills, under `fair-flow/1` or another platform's rule."""

from dataclasses import dataclass

from marketplace.matching import distance, policies
from marketplace.matching.arrays import Units
from marketplace.matching.certificate import Findings, findings
from marketplace.matching.distance import Evenness
from marketplace.matching.fair_flow import RULE, fair_flow
from marketplace.matching.market import Market, read
from marketplace.matching.nesting import nest
from marketplace.matching.terms import Run, check


@dataclass(frozen=True, eq=False)
class Compared:
    """Another rule beside the optimum of the same market."""

    optimum: int
    evenness: Evenness
    fair: Evenness


@dataclass(frozen=True, eq=False)
class Matched:
    """`flow` [arcs] in units. `found` is of `fair-flow/1` on the same market; `compared` is None for that rule itself.

    `outer_bound`: where limits cross, the volume if those limits were left out.
    """

    run: Run
    policy: str
    market: Market
    flow: Units
    found: Findings
    outer_bound: int | None
    compared: Compared | None


def match(run: Run, *, policy: str = RULE) -> Matched:
    """Raises UnableToMatch."""
    check(run)
    nested = nest(read(run))
    market = nested.market
    found = findings(fair_flow(market, seed=run.seed))
    if policy == RULE:
        return Matched(run, policy, market, found.outcome.flow, found, nested.outer_bound, None)
    flow = policies.place(market, policy, seed=run.seed)
    compared = Compared(
        found.outcome.levels.volume,
        distance.evenness(market, distance.placed_by(market, flow)),
        distance.evenness(market, found.outcome.whole),
    )
    return Matched(run, policy, market, flow, found, nested.outer_bound, compared)
