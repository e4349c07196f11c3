"""Fairness of a trained model, and the search for one that treats groups more alike at little cost. Groups are never inputs.

The search sees the rows of the fitting only, each judged by a model that never saw it; what it prefers is what is fitted and shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import fairness, glassbox
from credit.fairness import Candidate
from credit.training import fitting, measures
from credit.training.fitting import Plan
from credit.training.reading import Rows
from credit.training.sets import DataSet, without

SHARE = 0.70  # approved
TRIED = 8  # fields left out, one at a time: those that move the score most
FIELDS_MAX = 2  # left out together
QUICK = Plan(rounds=500, learning_rate=0.06, seeds=1, pairs=30)
SMALL_PLAN = Plan(rounds=150, learning_rate=0.06, seeds=1, pairs=10, least_in_leaf=20, bins=31)
SMALL = 2_000
Groups = Mapping[str, NDArray[np.str_]]


@dataclass(frozen=True)
class Search:
    """Every model tried, the one that decides nothing first, and the one to ship."""

    tried: tuple[Candidate, ...]
    preferred: Candidate

    def as_dict(self) -> dict[str, Any]:
        said = [{"leaves_out": list(each.leaves_out), "auc": each.auc, "impact": dict(each.impact)} for each in self.tried]
        return {"tried": said, "preferred": list(self.preferred.leaves_out), "costs_at_most": fairness.COSTS, "rows": "fitted"}


def search(fitted: Rows) -> Search | None:
    """Leave out one field; where that is better but not yet at the aim, another beside it. None for a set without groups."""
    if not fitted.of.groups:
        return None
    now = best = _candidate(fitted, ())
    tried = [now]
    for _ in range(FIELDS_MAX):
        fields = strongest(fitted, without(fitted.of, best.leaves_out))[:TRIED]
        more = [_candidate(fitted, (*best.leaves_out, name)) for name in fields]
        tried += more
        found = fairness.preferred([best, *more], now=now)
        if found == best or found.worst >= fairness.AIM:
            best = found
            break
        best = found
    return Search(tuple(tried), best)


def _candidate(fitted: Rows, leaves_out: tuple[str, ...]) -> Candidate:
    odds = fitting.cross_fitted(fitted, _plan(fitted), of=without(fitted.of, leaves_out))
    yes = fairness.approved(odds, share=SHARE)
    return Candidate(leaves_out, measures.auc(fitted.bad, odds), {name: fairness.adverse_impact(yes, group) for name, group in groups(fitted).items()})


def _plan(rows: Rows) -> Plan:
    return SMALL_PLAN if len(rows) < SMALL else QUICK


def strongest(rows: Rows, of: DataSet) -> list[str]:
    """The fields behind the inputs that move the score most, in that order."""
    body = fitting.champion(rows, _plan(rows), of=of)
    made = {recipe["name"]: recipe["of"] for recipe in body["inputs"]}
    found: list[str] = []

    def fields(name: str) -> list[str]:
        return [name] if name in body["fields"] else [field for each in made.get(name, []) for field in fields(each)]

    for row in fitting.effects(body, rows):
        found += [field for name in row["of"] for field in fields(name) if field not in found]
    return list(dict.fromkeys(found))


def report(rows: Rows, body: Mapping[str, Any], plan: Plan, of: DataSet, found: Search | None) -> dict[str, Any] | None:
    """What the card says of groups, on the rows set aside (of a small set: on all, each by a model that never saw it). None without groups."""
    if found is None:
        return None
    small = len(rows) < SMALL
    shown = rows if small else rows.where(rows.aside)
    odds = fitting.cross_fitted(rows, plan, of=of) if small else fitting.log_odds(body, shown)
    of_group, yes = groups(shown), fairness.approved(odds, share=SHARE)
    return {
        "share": SHARE,
        "groups": {name: fairness.by_group(shown.bad, glassbox.probability(odds), group, share=SHARE) for name, group in of_group.items()},
        "impact": {name: fairness.adverse_impact(yes, group) for name, group in of_group.items()},
        "search": found.as_dict(),
    }


def groups(rows: Rows) -> Groups:
    return {
        name: np.array([of(dict(zip(rows.raw, values, strict=True))) for values in zip(*rows.raw.values(), strict=True)]) for name, of in rows.of.groups.items()
    }
