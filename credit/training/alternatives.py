"""Fairness of a trained model, and the search for one that treats groups more alike at little cost. Groups are never inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import fairness, glassbox
from credit.fairness import Candidate
from credit.training import fitting, measures
from credit.training.fitting import Plan
from credit.training.reading import Rows
from credit.training.sets import without

SHARE = 0.70  # approved
TRIED = 8  # fields left out, one at a time: those that move the score most
QUICK = Plan(rounds=500, learning_rate=0.06, seeds=1, pairs=30)
SMALL_PLAN = Plan(rounds=150, learning_rate=0.06, seeds=1, pairs=10, least_in_leaf=20, bins=31)
SMALL = 2_000
Groups = Mapping[str, NDArray[np.str_]]


def report(rows: Rows, body: Mapping[str, Any], plan: Plan, strongest: list[str]) -> dict[str, Any] | None:
    """What the card says of groups, on the rows set aside (of a small set: on all, each by a model that never saw it). None without groups."""
    if not rows.of.groups:
        return None
    small = len(rows) < SMALL
    shown = rows if small else rows.where(rows.aside)
    odds = fitting.cross_fitted(rows, plan) if small else fitting.log_odds(body, shown)
    of_group, yes = groups(shown), fairness.approved(odds, share=SHARE)
    return {
        "share": SHARE,
        "groups": {name: fairness.by_group(shown.bad, glassbox.probability(odds), group, share=SHARE) for name, group in of_group.items()},
        "impact": {name: fairness.adverse_impact(yes, group) for name, group in of_group.items()},
        "search": search(rows, shown, strongest),
    }


def groups(rows: Rows) -> Groups:
    return {
        name: np.array([of(dict(zip(rows.raw, values, strict=True))) for values in zip(*rows.raw.values(), strict=True)]) for name, of in rows.of.groups.items()
    }


def search(rows: Rows, shown: Rows, strongest: list[str]) -> dict[str, Any]:
    """Every model tried, and the one that would be preferred: recorded whether or not anything better was found."""
    now = _candidate(rows, shown, ())
    tried = [_candidate(rows, shown, (name,)) for name in strongest[:TRIED]]
    best = fairness.preferred(tried, now=now)
    said = [{"leaves_out": list(each.leaves_out), "auc": each.auc, "impact": dict(each.impact)} for each in (now, *tried)]
    return {"tried": said, "preferred": list(best.leaves_out), "costs_at_most": fairness.COSTS}


def _candidate(rows: Rows, shown: Rows, leaves_out: tuple[str, ...]) -> Candidate:
    of = without(rows.of, leaves_out)
    odds = fitting.cross_fitted(rows, SMALL_PLAN, of=of) if shown is rows else fitting.log_odds(fitting.champion(rows.where(~rows.aside), QUICK, of=of), shown)
    yes = fairness.approved(odds, share=SHARE)
    return Candidate(leaves_out, measures.auc(shown.bad, odds), {name: fairness.adverse_impact(yes, group) for name, group in groups(shown).items()})


def strongest(body: Mapping[str, Any], effects: list[dict[str, Any]]) -> list[str]:
    """The fields behind the inputs that move the score most, in that order."""
    made = {recipe["name"]: recipe["of"] for recipe in body["inputs"]}
    found: list[str] = []

    def fields(name: str) -> list[str]:
        return [name] if name in body["fields"] else [field for each in made.get(name, []) for field in fields(each)]

    for row in effects:
        found += [field for name in row["of"] for field in fields(name) if field not in found]
    return list(dict.fromkeys(found))
