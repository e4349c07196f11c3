"""The rule `fair-flow/1` from market to whole units on every arc."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.arrays import Mask, Units
from marketplace.matching.dinic import complete
from marketplace.matching.field import field, fixed
from marketplace.matching.levels import Levels, levels
from marketplace.matching.market import Market
from marketplace.matching.priority import Served, serve
from marketplace.matching.residual import Residual
from marketplace.matching.rounding import rounded
from marketplace.matching.scaling import plan
from marketplace.matching.units import whole_units

RULE = "fair-flow/1"


@dataclass(frozen=True, eq=False)
class Outcome:
    """`whole` [investors] and `flow` [arcs] in units. `repaired`: blocks whose draw had to be corrected because a smaller set could not hold it."""

    market: Market
    levels: Levels
    whole: Units
    flow: Units
    repaired: list[int]


def fair_flow(market: Market, *, seed: str) -> Outcome:
    found = levels(market)
    whole = whole_units(found, seed)
    served = serve(market, found, whole)
    repaired: set[int] = set()
    while True:
        ground = field(market, found, served, whole)
        residual = Residual(ground, rounded(ground, plan(ground)))
        complete(residual)
        if not residual.stuck().any():
            break
        repaired.update(_repair(found, served, whole, residual))
    flow = fixed(market, served)
    flow[ground.arcs] = residual.result()
    return Outcome(market, found, whole, flow, sorted(repaired))


def _repair(found: Levels, served: Served, whole: Units, residual: Residual) -> list[int]:
    """The draw gave a set of investors more than they can place: there the last winners lose, outside it (same part) the first losers win.

    The set and the rest become parts of their own, so this ends. Returns the blocks touched.
    """
    node_in, listing_in = residual.reachable()
    stuck = residual.stuck()
    touched = []
    for part in sorted(set(served.of_node[stuck].tolist()), reverse=True):
        mine = np.flatnonzero(served.of_node[: len(whole)] == part)
        missing = int(residual.left[stuck & (served.of_node == part)].sum())
        won, lost = whole * found.bottom > found.top, whole * found.bottom < found.top
        losers = mine[won[mine] & node_in[mine]][-missing:]
        winners = mine[lost[mine] & ~node_in[mine]][:missing]
        if not len(losers) == len(winners) == missing:
            raise ArithmeticError("the draw cannot be corrected")
        whole[losers] -= 1
        whole[winners] += 1
        touched.append(int(found.of_node[mine[0]]))
        _separate(found, served, part, node_in, listing_in)
    return touched


def _separate(found: Levels, served: Served, part: int, node_in: Mask, listing_in: Mask) -> None:
    """Cut a part in two along the minimal cut; the source side keeps the number, the rest gets the next."""
    whole = found.state.part(served.of_node, served.of_listing, part)
    _, rest = found.state.split(whole, np.flatnonzero(np.concatenate([node_in[whole.nodes], listing_in[whole.listings]])))
    served.of_node[served.of_node > part] += 1
    served.of_listing[served.of_listing > part] += 1
    served.of_node[rest.nodes] += 1
    served.of_listing[rest.listings] += 1
    served.parts += 1
