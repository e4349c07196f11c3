"""The points scorecard: versioned data, exact reasons, missing data never approved.

Points add up over features; PD follows from odds that double every `points_to_double_odds` (Siddiqi, Credit Risk Scorecards, 2006, ch. 6).
A reason is the points a feature lost against its best bin, so reasons are exact and complete.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from credit.facts import Facts

MODELS = Path(__file__).with_name("models")
CURRENT = "expert-2026-11"
REFUSED_SOURCES = ("contact", "circle", "family", "friend", "relative", "sex", "gender", "age", "nationality", "religion", "marital")
REASONS_MAX = 4
ACTIONABLE = ("debt_service", "loan_to_income")
STEPS = range(95, 25, -5)  # per cent of the amount asked for, tried downwards


class RefusedFeature(Exception):
    """A model names an input that must never be in a decision."""


@dataclass(frozen=True)
class Reason:
    """Why points were lost. `counterfactual` is shown only because it was scored again and helps."""

    code: str
    text: Mapping[str, str]
    points_lost: int
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
            "model": f"{self.model}@{self.model_sha256[:16]}",
            "reasons": [reason.as_dict() for reason in self.reasons],
            "missing": list(self.missing),
            "outcome": self.outcome,
        }


@cache
def load(name: str = CURRENT) -> tuple[dict[str, Any], str]:
    """The model and the hash of its file. Raises RefusedFeature for an input from the circle or a protected attribute."""
    raw = (MODELS / f"{name}.json").read_bytes()
    model = json.loads(raw, parse_float=Decimal)
    check_features(model)
    return model, hashlib.sha256(raw).hexdigest()


def check_features(model: Mapping[str, Any]) -> None:
    """The registry's gate: no feature may come from contacts or name a protected attribute."""
    for feature in model["features"]:
        words = f"{feature['source']}.{feature['input']}.{feature['code']}".lower().replace("_", ".").split(".")
        if any(word.rstrip("s") in REFUSED_SOURCES for word in words):
            raise RefusedFeature(feature["code"])


def score(facts: Facts, *, name: str = CURRENT) -> Score:
    """Points, PD, grade, reasons and outcome of `facts`."""
    model, digest = load(name)
    inputs = _inputs(facts)
    missing = tuple(sorted(feature["code"] for feature in model["features"] if inputs[feature["input"]] is None or _points(feature, inputs) is None))
    if missing:
        return Score(None, None, "", model["name"], digest, (), missing, "refer")
    got = {feature["code"]: _points(feature, inputs) or 0 for feature in model["features"]}
    points = model["scale"]["base_points"] + sum(got.values())
    pd = probability(model, points)
    grade = _grade(model, pd)
    reasons = _reasons(model, facts, got, inputs, grade)
    return Score(pd, points, grade, model["name"], digest, reasons, (), _outcome(model, points, grade))


def probability(model: Mapping[str, Any], points: int) -> Decimal:
    """PD of twelve months: 1 ÷ (1 + odds), odds doubling with the scale's step; ten decimals."""
    scale = model["scale"]
    odds = scale["odds"] * math.exp((points - scale["points_at_odds"]) / scale["points_to_double_odds"] * math.log(2))
    return Decimal(1 / (1 + odds)).quantize(Decimal("0.0000000001"))


def _inputs(facts: Facts) -> dict[str, Any]:
    income = facts.income_monthly
    year = None if not income else Decimal(income) * 12
    burden = None if facts.debt_monthly is None else Decimal(facts.debt_monthly) + Decimal(facts.amount) / facts.term_months
    return {
        "debt_service_ratio": None if not income or burden is None else burden / income,
        "loan_to_income": None if year is None else facts.amount / year,
        "platform_debt_ratio": None if year is None or facts.debt_other_platforms is None else facts.debt_other_platforms / year,
        "months_at_work": facts.months_at_work,
        "overdue_count_6m": facts.overdue_count_6m,
        "purpose": facts.purpose,
        "term_months": facts.term_months,
        "occupation": facts.occupation,
    }


def _points(feature: Mapping[str, Any], inputs: Mapping[str, Any]) -> int | None:
    value = inputs[feature["input"]]
    if "values" in feature:
        points = feature["values"].get(value)
        return None if points is None else int(points)
    return next(int(row["points"]) for row in feature["bins"] if row["below"] is None or value < Decimal(row["below"]))


def _best(feature: Mapping[str, Any]) -> int:
    return int(max(feature["values"].values() if "values" in feature else (row["points"] for row in feature["bins"])))


def _grade(model: Mapping[str, Any], pd: Decimal) -> str:
    return next(str(row["grade"]) for row in model["grades"] if pd < Decimal(row["pd_below"]))


def _outcome(model: Mapping[str, Any], points: int, grade: str) -> str:
    limits = model["thresholds"]
    if points < limits["refer_from"]:
        return "decline"
    return "approve" if points >= limits["approve_from"] and grade != "E" else "refer"


def _reasons(model: Mapping[str, Any], facts: Facts, got: Mapping[str, int], inputs: Mapping[str, Any], grade: str) -> tuple[Reason, ...]:
    lost = sorted(((_best(feature) - got[feature["code"]], feature) for feature in model["features"]), key=lambda pair: -pair[0])
    return tuple(
        Reason(feature["code"], feature["text"], points, _shown(inputs[feature["input"]]), _counterfactual(model, facts, feature["code"], grade))
        for points, feature in lost[:REASONS_MAX]
        if points > 0
    )


def _shown(value: Any) -> str:
    return str(value.quantize(Decimal("0.001"))) if isinstance(value, Decimal) else str(value)


def _counterfactual(model: Mapping[str, Any], facts: Facts, code: str, grade: str) -> dict[str, Any] | None:
    """The largest smaller amount that earns a better grade, scored again to be sure; only where the amount is what hurt."""
    if code not in ACTIONABLE:
        return None
    for percent in STEPS:
        amount = facts.amount * percent // 100
        if amount < 1:
            return None
        inputs = _inputs(replace(facts, amount=amount))
        points = model["scale"]["base_points"] + sum(_points(feature, inputs) or 0 for feature in model["features"])
        better = _grade(model, probability(model, points))
        if better < grade:
            return {"amount": amount, "grade": better}
    return None
