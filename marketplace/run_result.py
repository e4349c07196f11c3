"""What a run makes of its input: fills, everybody's certificate, the file everybody may read, and how other rules would have done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.matching import certificate, distance, policies, proving
from marketplace.matching.fair_flow import RULE
from marketplace.matching.match import Matched, match
from marketplace.matching.terms import Run

JSON = dict[str, Any]
HOLDERS_MIN = 5  # no amount of a listing or a level is published that fewer investors share


class NotProven(Exception):
    """The result does not satisfy its own certificate: nothing is booked."""

    code = "not_proven"


@dataclass(frozen=True)
class Result:
    """`sealed`: fills and certificates under the run's names. `public`: no amount of few investors. `figures`: for the page."""

    sealed: JSON
    public: JSON
    figures: JSON


def result(run: Run) -> Result:
    """Solve, prove, compare. Raises UnableToMatch, NotProven."""
    matched = match(run)
    crossing = matched.outer_bound is not None
    whole = certificate.public(run, matched.found, crossing=crossing)
    investors = certificate.own(matched.found)
    _prove(run, whole, investors)
    fills = certificate.fills(matched.market, matched.flow)
    sealed = {"certificates": {"run": whole, "investors": investors}, "fills": fills, "weightless": matched.market.weightless}
    return Result(sealed, published(whole, fills, investors), _figures(matched))


def _prove(run: Run, whole: JSON, investors: dict[str, JSON]) -> None:
    """Every row for everybody, before anything is booked."""
    claim = proving.read_claim(run, whole, investors)
    failures = [*proving.rows(claim, run.seed, own=False), *proving.sums_up(claim, whole)]
    if failures:
        raise NotProven(f"row {failures[0].row}: {failures[0].message}")


def published(whole: JSON, fills: list[tuple[str, str, int]], investors: dict[str, JSON]) -> JSON:
    """The public file: what few investors share is null. A full listing says its amount anyway."""
    holders: dict[str, int] = {}
    for _mandate, listing, _units in fills:
        holders[listing] = holders.get(listing, 0) + 1
    crowd = [0] * len(whole["levels"])
    for part in investors.values():
        crowd[part["block"]] += 1
    listings = {
        name: [units, filled if filled in (0, units) or holders.get(name, 0) >= HOLDERS_MIN else None, block]
        for name, (units, filled, block) in whole["listings"].items()
    }
    totals = [total if count >= HOLDERS_MIN else None for total, count in zip(whole["totals"], crowd, strict=True)]
    return whole | {"listings": listings, "totals": totals}


def _figures(matched: Matched) -> JSON:
    market, found = matched.market, matched.found
    fair = distance.evenness(market, found.outcome.whole)
    volume = int(matched.flow.sum())
    others = [_compared(matched, policy, volume) for policy in policies.POLICIES]
    open_units = int(market.size.sum())
    return {
        "volume_minor": volume * market.unit,
        "open_minor": open_units * market.unit,
        "idle_minor": int(market.weight.sum()) * market.unit,
        "outer_bound_minor": None if matched.outer_bound is None else matched.outer_bound * market.unit,
        "pairs": len(market.tail),
        "full": int(((found.filled == market.size) & (market.size > 0)).sum()),
        "repaired": len(found.outcome.repaired),
        "policies": [_row(RULE, volume, volume, fair), *others],
    }


def _compared(matched: Matched, policy: str, best: int) -> JSON:
    """Another platform's rule on the same market."""
    flow = policies.place(matched.market, policy, seed=matched.run.seed)
    return _row(policy, int(flow.sum()), best, distance.evenness(matched.market, distance.placed_by(matched.market, flow)))


def _row(policy: str, units: int, best: int, evenness: distance.Evenness) -> JSON:
    share = units / best if best else 1.0
    return {"rule": policy, "volume": f"{share:.6f}", "lowest": _short(evenness.lowest), "tenth": _short(evenness.tenth), "gini": f"{evenness.gini:.6f}"}


def _short(level: Any) -> str:
    return f"{float(level):.6f}"
