"""What a model shows on rows it never saw: those set aside, and those of a later time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import glassbox
from credit.training import binning, fitting, measures
from credit.training.fitting import Plan
from credit.training.reading import Rows
from credit.training.sets import DataSet

Vector = NDArray[np.float64]


def compared(rows: Rows, odds: Vector, unrestricted: Vector) -> dict[str, Any]:
    """The champion on `rows`, beside the challenger and the platform's own price, each paired."""
    pd = glassbox.probability(odds)
    return {
        "champion": measures.report(rows.bad, pd),
        "challenger": {"auc": measures.auc(rows.bad, unrestricted), "ks": measures.ks(rows.bad, unrestricted)},
        "against_challenger": measures.paired(rows.bad, odds, unrestricted),
        "price": {name: _against_price(rows, odds, name) for name in rows.of.price if _mostly_known(rows, name)},
    }


def beside_scorecard(rows: Rows, odds: Vector, fitted: Rows) -> dict[str, Any]:
    """The plain scorecard of the same rows, paired with the champion."""
    plain = fitting.log_odds(binning.scorecard(fitted), rows)
    return {
        "scorecard": {"auc": measures.auc(rows.bad, plain), "ks": measures.ks(rows.bad, plain)},
        "against_scorecard": measures.paired(rows.bad, odds, plain),
    }


def _mostly_known(rows: Rows, name: str) -> bool:
    return sum(value is not None for value in rows.raw[name]) > 0.9 * len(rows)


def _against_price(rows: Rows, odds: Vector, name: str) -> dict[str, Any]:
    price = rows.price(name)
    return {"auc": measures.auc(rows.bad, price), "ks": measures.ks(rows.bad, price), "gain": measures.paired(rows.bad, odds, price)}


def out_of_time(rows: Rows, plan: Plan) -> list[dict[str, Any]]:
    """For each division by time that the set declares: fitted on what came before, shown on what came after."""
    return [_one_time(rows, plan, *division) for division in rows.of.by_time]


def _one_time(rows: Rows, plan: Plan, name: str, until: str, since: str, up_to: str) -> dict[str, Any]:
    before, after = rows.where(rows.period <= until), rows.where((rows.period >= since) & (rows.period <= up_to))
    body = calibrated(before, plan)
    odds = fitting.log_odds(body, after)
    found = {"period": name, "fitted_until": until, "fitted_rows": len(before)} | compared(after, odds, fitting.challenger(before, after, plan))
    return found | {"recalibrated": recalibrations(after, odds, _last(rows, body, until, since))}


def _last(rows: Rows, body: Mapping[str, Any], until: str, since: str) -> tuple[Vector, Vector] | None:
    """(outcomes, log-odds) of the months between fitting and showing, when the set has any."""
    between = rows.where((rows.period > until) & (rows.period < since))
    return (between.bad, fitting.log_odds(body, between)) if len(between) else None


def recalibrations(after: Rows, odds: Vector, last: tuple[Vector, Vector] | None) -> list[dict[str, Any]]:
    """Calibration after each way of moving intercept and slope that a live platform has."""
    found = []
    if last is not None:
        found.append({"how": "months_between"} | _calibration(after.bad, _moved(odds, *last)))
    months = sorted(set(after.period.tolist()))
    if len(months) > 1:
        later = after.period > months[0]
        found.append({"how": "month_before"} | _calibration(after.bad[later], _month_before(after, odds, months)[later]))
    found.append({"how": "other_half"} | _calibration(after.bad, _other_half(after.bad, odds)))
    return found


def _moved(odds: Vector, bad: Vector, known: Vector) -> Vector:
    intercept, slope = fitting.recalibration(bad, known)
    return intercept + slope * odds


def _month_before(after: Rows, odds: Vector, months: list[str]) -> Vector:
    """Every month's intercept comes from the outcomes of the month before."""
    found = odds.copy()
    for earlier, later in itertools.pairwise(months):
        past, now = after.period == earlier, after.period == later
        found[now] = odds[now] + shift(after.bad[past], odds[past])
    return found


def shift(bad: Vector, odds: Vector) -> float:
    """What to add to the log-odds so that expected bads equal observed ones."""
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if glassbox.probability(odds + middle).sum() < bad.sum() else (low, middle)
    return low


def _other_half(bad: Vector, odds: Vector) -> Vector:
    """Each half of the rows, moved by what the other half showed: what a recalibration on a new vintage gives."""
    half = fitting.folds(len(bad), seed=5) % 2 == 0
    found = odds.copy()
    found[half], found[~half] = _moved(odds[half], bad[~half], odds[~half]), _moved(odds[~half], bad[half], odds[half])
    return found


def _calibration(bad: Vector, odds: Vector) -> dict[str, Any]:
    report = measures.report(bad, glassbox.probability(odds))
    names = ("ece", "ece_interval", "ece_noise_floor", "ece_by_count", "ece_by_count_noise_floor", "observed_to_expected", "rows", "brier")
    return {name: report[name] for name in names}


def calibrated(rows: Rows, plan: Plan, of: DataSet | None = None) -> dict[str, Any]:
    """The champion of `rows`, calibrated on its cross-fitted log-odds of the same rows."""
    return fitting.recalibrated(fitting.champion(rows, plan, of=of), *fitting.recalibration(rows.bad, fitting.cross_fitted(rows, plan, of=of)))
