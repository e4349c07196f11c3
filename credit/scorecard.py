"""The points scorecard: versioned data, exact reasons, missing data never approved.

Points add up over features; PD follows from odds that double every `points_to_double_odds` (Siddiqi, Credit Risk Scorecards, 2006, ch. 6).
A reason is the points a feature lost against its best bin, so reasons are exact and complete.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

from credit import lending_rules, policy, ways
from credit.facts import Facts
from credit.lending_rules import Rules
from credit.policy import EXACT, Calibration

Decides = Callable[[Facts], tuple[str, str]]  # (outcome, grade) of other facts
MODELS = Path(__file__).with_name("models")
CURRENT = "expert-2026-11"
SEALED = {"expert-2026-11": "7e0b8c3abe6772c05b515fbd47966203bbbde8bd7da508970914c1d3d2a63569"}  # SHA-256 of each model's file, as it was signed off
# Found anywhere in a name, in any case or spelling of compounds: a gate that can be passed by a plural or a hyphen is none.
REFUSED_STEMS = (
    *("contact", "circle", "famil", "friend", "relative", "spouse"),
    *("sex", "gender", "birth", "national", "foreign", "religio", "marital", "marri", "ethnic", "disab", "pregnan"),
)
REFUSED_WORDS = ("age", "ages", "aged", "race", "races", "faith")  # whole words only: "mortgage" and "trace" hold them
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
REASONS_MAX = 4
# Which facts an input needs: what is missing is named as the applicant knows it.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "debt_service_ratio": ("income_monthly", "debt_monthly"),
    "loan_to_income": ("income_monthly",),
    "platform_debt_ratio": ("income_monthly", "debt_other_platforms"),
    "months_at_work": ("months_at_work",),
    "overdue_count_6m": ("overdue_count_6m",),
    "purpose": ("purpose",),
    "term_months": ("term_months",),
    "occupation": ("occupation",),
}


class AlteredModel(Exception):
    """The file of a model is not the one that was signed off."""


class RefusedFeature(Exception):
    """A model names an input that must never be in a decision."""


@dataclass(frozen=True)
class Reason:
    """Why points were lost. `counterfactual` is shown only because it was scored again and turns the decision into an approval."""

    code: str
    text: Mapping[str, str]
    points_lost: float  # whole points of the scorecard; of a trained model, its log-odds on the same scale
    value: str
    counterfactual: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"code": self.code, "text": dict(self.text), "points_lost": self.points_lost, "value": self.value}
        return plain | ({"counterfactual": dict(self.counterfactual)} if self.counterfactual else {})


@dataclass(frozen=True)
class Score:
    """`pd` is for twelve months; None, with no grade, when something is missing."""

    pd: Decimal | None
    points: int | None
    grade: str
    model: str
    model_sha256: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    outcome: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "pd": None if self.pd is None else str(self.pd),
            "points": self.points,
            "grade": self.grade,
            "model": f"{self.model}@{self.model_sha256}",
            "reasons": [reason.as_dict() for reason in self.reasons],
            "missing": list(self.missing),
            "outcome": self.outcome,
        }


@cache
def load(name: str = CURRENT) -> tuple[dict[str, Any], str]:
    """The model and the hash of its file. Raises AlteredModel, and RefusedFeature for an input from the circle or a protected attribute."""
    return opened(name, (MODELS / f"{name}.json").read_bytes())


def opened(name: str, raw: bytes) -> tuple[dict[str, Any], str]:
    """A model from the bytes of its file, every one of them as signed off."""
    digest = hashlib.sha256(raw).hexdigest()
    if SEALED.get(name) != digest:
        raise AlteredModel(f"the file of {name} is not the one that was signed off")
    model = json.loads(raw, parse_float=Decimal)
    check_features(model)
    return model, digest


def check_features(model: Mapping[str, Any]) -> None:
    """The registry's gate: no feature may come from contacts, name a protected attribute, or read what the facts do not hold."""
    for feature in model["features"]:
        names = (feature["source"], feature["input"], feature["code"])
        if feature["input"] not in NEEDS or any(refused(name) for name in names):
            raise RefusedFeature(feature["code"])


def refused(name: str) -> bool:
    words = {word.lower() for word in WORD.findall(name)}
    return any(stem in name.lower() for stem in REFUSED_STEMS) or not words.isdisjoint(REFUSED_WORDS)


def score(facts: Facts, *, name: str = CURRENT, calibration: Calibration | None = None, decides: Decides | None = None, rules: Rules | None = None) -> Score:
    """Points, PD, grade, reasons and outcome of `facts`. `decides`: what a way out must turn into an approval; the card's own outcome if absent."""
    model, digest = load(name)
    rules = rules or lending_rules.load()
    missing = _missing(model, facts)
    if missing:
        return Score(None, None, "", model["name"], digest, (), missing, "refer")
    inputs = _inputs(model, facts)
    got = {feature["code"]: _points(feature, inputs) for feature in model["features"]}
    points = model["scale"]["base_points"] + sum(got.values())
    pd = policy.calibrated(policy.probability(model, points), calibration)
    found = ways.out(facts, decides or (lambda other: standing(other, name=name, calibration=calibration, rules=rules)[:2]), terms=model["terms"])
    told = _reasons(model, found, got, inputs)
    outcome = policy.outcome(model, pd, inputs["debt_service_ratio"], rules=rules)
    return Score(pd, points, policy.grade(model, pd), model["name"], digest, told, (), outcome)


def standing(facts: Facts, *, name: str = CURRENT, calibration: Calibration | None = None, rules: Rules | None = None) -> tuple[str, str, Decimal | None]:
    """(outcome, grade, PD) alone, without looking for reasons."""
    model, _digest = load(name)
    if _missing(model, facts):
        return "refer", "", None
    pd = policy.calibrated(policy.probability(model, _total(model, facts)), calibration)
    burden = policy.burden(model, facts, debts=facts.debt_monthly or 0)
    return policy.outcome(model, pd, burden, rules=rules or lending_rules.load()), policy.grade(model, pd), pd


def parts(facts: Facts, *, name: str = CURRENT) -> tuple[int, dict[str, int]]:
    """(base points, points by feature): together they are the points. Needs all of the model's facts."""
    model, _digest = load(name)
    inputs = _inputs(model, facts)
    return int(model["scale"]["base_points"]), {feature["code"]: _points(feature, inputs) for feature in model["features"]}


def _missing(model: Mapping[str, Any], facts: Facts) -> tuple[str, ...]:
    """Facts that are not known, and codes the model has no points for: neither is guessed."""
    names = {name for feature in model["features"] for name in NEEDS[feature["input"]] if getattr(facts, name) is None}
    names |= {feature["input"] for feature in model["features"] if "values" in feature and getattr(facts, feature["input"]) not in feature["values"]}
    return tuple(sorted(names))


def _inputs(model: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    income = facts.income_monthly or 0
    with localcontext(EXACT):
        return {
            "debt_service_ratio": policy.burden(model, facts, debts=facts.debt_monthly or 0),
            "loan_to_income": policy.ratio(Decimal(facts.amount), income * 12),
            "platform_debt_ratio": policy.ratio(Decimal(facts.debt_other_platforms or 0), income * 12),
            "months_at_work": facts.months_at_work,
            "overdue_count_6m": facts.overdue_count_6m,
            "purpose": facts.purpose,
            "term_months": facts.term_months,
            "occupation": facts.occupation,
        }


def _points(feature: Mapping[str, Any], inputs: Mapping[str, Any]) -> int:
    value = inputs[feature["input"]]
    if "values" in feature:
        return int(feature["values"][value])
    return next(int(row["points"]) for row in feature["bins"] if row["below"] is None or value < Decimal(row["below"]))


def _best(feature: Mapping[str, Any]) -> int:
    return int(max(feature["values"].values() if "values" in feature else (row["points"] for row in feature["bins"])))


def _reasons(model: Mapping[str, Any], found: Mapping[str, Any], got: Mapping[str, int], inputs: Mapping[str, Any]) -> tuple[Reason, ...]:
    lost = sorted(((_best(feature) - got[feature["code"]], feature) for feature in model["features"]), key=lambda pair: -pair[0])
    told = [(points, feature) for points, feature in lost[:REASONS_MAX] if points > 0]
    given = ways.beside([feature["code"] for _points, feature in told], found)
    return tuple(Reason(feature["code"], feature["text"], points, _shown(inputs[feature["input"]]), given.get(feature["code"])) for points, feature in told)


def _shown(value: Any) -> str:
    return str(value.quantize(Decimal("0.001"))) if isinstance(value, Decimal) else str(value)


def _total(model: Mapping[str, Any], facts: Facts) -> int:
    inputs = _inputs(model, facts)
    return int(model["scale"]["base_points"] + sum(_points(feature, inputs) for feature in model["features"]))
