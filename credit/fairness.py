"""Does a model treat groups alike, and is there one that does so better? Pure; it sees groups, which a model never does.

The adverse impact ratio compares a group's approval rate with the best group's; below 0.8 is the usual alarm, 0.9 is our aim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
AIM = 0.90
LEAST = 100  # members of a group; of fewer nothing is said
COSTS = 0.002  # AUC that a fairer model may cost


@dataclass(frozen=True)
class Candidate:
    """A model that could be used instead: what it leaves out, how well it ranks, and its adverse impact ratio by attribute."""

    leaves_out: tuple[str, ...]
    auc: float
    impact: Mapping[str, float]

    @property
    def worst(self) -> float:
        return min(self.impact.values(), default=1.0)


def approved(risk: Vector, *, share: float) -> NDArray[np.bool_]:
    """The best `share` of applicants."""
    return np.asarray(risk <= np.quantile(risk, share))


def adverse_impact(yes: NDArray[np.bool_], group: NDArray[np.str_]) -> float:
    """The lowest approval rate of any group over the highest; groups too small to judge are left out."""
    rates = [float(yes[group == name].mean()) for name in sorted(set(group.tolist())) if (group == name).sum() >= LEAST]
    return min(rates) / max(rates) if rates and max(rates) > 0 else 1.0


def by_group(bad: Vector, pd: Vector, group: NDArray[np.str_], *, share: float) -> list[dict[str, Any]]:
    """Approval and calibration of each group."""
    yes = approved(pd, share=share)
    found = []
    for name in sorted(set(group.tolist())):
        mine = group == name
        if mine.sum() >= LEAST:
            found.append(
                {
                    "group": name,
                    "rows": int(mine.sum()),
                    "approved": float(yes[mine].mean()),
                    "observed": float(bad[mine].mean()),
                    "expected": float(pd[mine].mean()),
                }
            )
    return found


def preferred(candidates: Sequence[Candidate], *, now: Candidate) -> Candidate:
    """The candidate with the best worst ratio among those that cost little; `now` when none is better, or when it is at the aim already."""
    if now.worst >= AIM:
        return now
    allowed = [each for each in candidates if each.auc >= now.auc - COSTS and each.worst > now.worst]
    return max(allowed, key=lambda each: (each.worst, each.auc), default=now)
