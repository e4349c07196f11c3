"""Challengers in shadow: models that score what the champion decides, at the same moment and on the same facts, and decide nothing."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from credit import champion, glassbox, lending_rules, scorecard, serving
from credit.facts import Facts
from credit.models import Decision, ShadowScore

log = logging.getLogger(__name__)
UNUSABLE = (glassbox.AlteredModel, scorecard.AlteredModel, scorecard.RefusedFeature, lending_rules.AlteredRules)


def score(decision: Decision, facts: Facts, *, now: datetime) -> list[ShadowScore]:
    """Every other model's word, kept sealed. A challenger that cannot be read says nothing; the decision stands either way."""
    return [kept for name in serving.names() if name != decision.model and (kept := _one(name, decision, facts, now=now))]


def _one(name: str, decision: Decision, facts: Facts, *, now: datetime) -> ShadowScore | None:
    try:
        found = serving.score(facts, name=name, calibration=champion.calibration(name))
    except UNUSABLE:
        log.exception("a challenger could not be read: %s", name)
        return None
    return ShadowScore.objects.create(
        decision=decision, model=name, model_sha256=found.model_sha256, output=found.as_dict(), outcome=found.outcome, grade=found.grade, pd=found.pd, at=now
    )


def figures(model: str) -> dict[str, Any]:
    """How the model's words compare with the decisions it stood beside. Counts and averages, about nobody."""
    rows = list(ShadowScore.objects.filter(model=model, model_sha256=serving.digest(model)).values_list("outcome", "pd", "decision__outcome", "decision__pd"))
    both = [(float(mine), float(theirs)) for _o, mine, _d, theirs in rows if mine is not None and theirs is not None]
    return {
        "decisions": len(rows),
        "same_outcome": sum(outcome == decided for outcome, _p, decided, _q in rows),
        "would_approve": sum(outcome == "approve" and decided != "approve" for outcome, _p, decided, _q in rows),
        "would_not_approve": sum(outcome != "approve" and decided == "approve" for outcome, _p, decided, _q in rows),
        "mean_pd": round(sum(mine for mine, _ in both) / len(both), 6) if both else None,
        "mean_pd_of_decisions": round(sum(theirs for _, theirs in both) / len(both), 6) if both else None,
    }
