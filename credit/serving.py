"""One application through one model, whichever kind it is: the points scorecard or a trained one. Facts in; probability, grade, reasons, outcome out.

A trained model speaks through its adapter (our facts in its fields) and through the fixed catalogue of reasons. Its contributions are shared out to
reasons without remainder: what belongs to a pair of inputs is halved between them (Shapley), so reasons add up to the score. Scale, thresholds and
grades are those of the scorecard that the rules name: one policy, whoever computes the probability.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from credit import features, glassbox, lending_rules, policy, scorecard, ways
from credit.adapters import ADAPTERS, Adapter
from credit.facts import Facts
from credit.lending_rules import Rules
from credit.one_row import Scorer
from credit.policy import Calibration
from credit.scorecard import Decides, Reason, Score

REASONS = Path(__file__).with_name("reasons.json")
YEAR = 12
BURDEN = "debt_service"  # told whenever income does not carry the loan, whatever the model adds for it


class UnknownModel(Exception):
    """No model of that name may score an application."""


@dataclass(frozen=True)
class Explained:
    """A trained model's answer: log-odds of going bad over the term = base + every part. `parts`: reason code → what it added."""

    pd_term: float
    log_odds: float
    base: float
    parts: Mapping[str, float]


def names() -> tuple[str, ...]:
    """Models that may score an application."""
    return (scorecard.CURRENT, *sorted(ADAPTERS))


def digest(name: str) -> str:
    """The hash of the model's file. Raises UnknownModel."""
    return scorecard.load(name)[1] if name in scorecard.SEALED else _served(name)[2]


def score(
    facts: Facts,
    *,
    name: str = scorecard.CURRENT,
    calibration: Calibration | None = None,
    decides: Decides | None = None,
    rules: Rules | None = None,
) -> Score:
    """What the model of that name says under the rules, today's if none are given.

    Raises UnknownModel, and AlteredModel, AlteredRules or RefusedFeature for a file that must not be used.
    """
    rules = rules or lending_rules.load()
    if name in scorecard.SEALED:
        return scorecard.score(facts, name=name, calibration=calibration, decides=decides, rules=rules)
    scorer, adapter, reference = _served(name)
    missing = adapter.missing(facts)
    if missing:
        return Score(None, None, "", scorer.model.name, reference, (), missing, "refer")
    outcome, grade, pd = standing(facts, name=name, calibration=calibration, rules=rules)
    scale = _scale(rules)
    found = ways.out(facts, decides or (lambda other: standing(other, name=name, calibration=calibration, rules=rules)[:2]), terms=scale["terms"])
    assert pd is not None
    told = _reasons(explained(facts, name=name), facts, found, rules)
    return Score(pd, policy.points(scale, pd), grade, scorer.model.name, reference, told, (), outcome)


def standing(
    facts: Facts, *, name: str = scorecard.CURRENT, calibration: Calibration | None = None, rules: Rules | None = None
) -> tuple[str, str, Decimal | None]:
    """(outcome, grade, PD of twelve months) alone."""
    rules = rules or lending_rules.load()
    if name in scorecard.SEALED:
        return scorecard.standing(facts, name=name, calibration=calibration, rules=rules)
    scorer, adapter, _reference = _served(name)
    if adapter.missing(facts):
        return "refer", "", None
    pd = policy.calibrated(_within_a_year(scorer.score(adapter.fields(facts)).pd, facts.term_months), calibration)
    scale = _scale(rules)
    return policy.outcome(scale, pd, _burden(scale, facts), rules=rules), policy.grade(scale, pd), pd


def explained(facts: Facts, *, name: str) -> Explained:
    """Every contribution, gathered by reason. Facts that lack something the model needs have none (KeyError is a bug, not an answer)."""
    scorer, adapter, _reference = _served(name)
    found = scorer.score(adapter.fields(facts))
    parts: dict[str, float] = {}
    for each in found.contributions:
        for given in each.of:
            code = adapter.reasons[given]
            parts[code] = parts.get(code, 0.0) + each.added / len(each.of)
    return Explained(found.pd, found.log_odds, found.base, parts)


@cache
def reasons() -> dict[str, dict[str, str]]:
    """The fixed catalogue: code → words in both languages."""
    return json.loads(REASONS.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def _served(name: str) -> tuple[Scorer, Adapter, str]:
    if name not in ADAPTERS:
        raise UnknownModel(f"no model {name!r} may score an application; there are {', '.join(names())}")
    model = glassbox.load(name)
    features.admit(model)
    return Scorer(model), ADAPTERS[name], model.digest


def _scale(rules: Rules) -> Mapping[str, Any]:
    return scorecard.load(rules.scale)[0]


def _burden(scale: Mapping[str, Any], facts: Facts) -> Decimal:
    """Of this loan alone: what a trained model does not ask for is not held against anybody."""
    return policy.burden(scale, facts, debts=0)


def _within_a_year(pd_term: float, term_months: int) -> Decimal:
    """The model's outcome is over the term; decisions are about twelve months, at the same hazard."""
    return Decimal(1 - (1 - pd_term) ** (YEAR / term_months)).quantize(policy.PLACES)


def _reasons(found: Explained, facts: Facts, way: Mapping[str, Any], rules: Rules) -> tuple[Reason, ...]:
    scale = _scale(rules)
    worst = sorted(((added, code) for code, added in found.parts.items() if added > 0), reverse=True)[: scorecard.REASONS_MAX]
    if not rules.carries(_burden(scale, facts)) and BURDEN not in [code for _added, code in worst]:
        worst = [*worst[: scorecard.REASONS_MAX - 1], (max(found.parts.get(BURDEN, 0.0), 0.0), BURDEN)]
    given = ways.beside([code for _added, code in worst], way)
    per_point = scale["scale"]["points_to_double_odds"] / math.log(2)
    return tuple(Reason(code, reasons()[code], round(added * per_point, 6), features.own_value(code, facts), given.get(code)) for added, code in worst)
