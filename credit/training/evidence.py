"""What the people around a borrower would have told us: the same model with and without their columns, on the same rows.

Pre-registered: the circle is not needed where the upper end of the 95 % interval of its gain stays below MARGIN.
These columns enter here and nowhere else; no model made here is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from credit import glassbox
from credit.training import fitting, measures, reading
from credit.training.fitting import Plan
from credit.training.reading import Rows
from credit.training.sets import NUMBER, TEXT, DataSet, Input, restricted, without
from credit.training.train import rounded

Vector = NDArray[np.float64]
MARGIN = 0.005
SEEDS = 4
SMALL = 2_000  # fewer rows than this: five folds of all rows instead of those set aside
PLAN = Plan(rounds=350, learning_rate=0.05)
SMALL_PLAN = Plan(rounds=120, learning_rate=0.05, least_in_leaf=20)
FILE = glassbox.MODELS.parent / "evidence.json"
STUDIED = ("prosper1_2006_2008", "prosper2_2009_2014", "prosper_full_columns_sample", "german_1994", "lendingclub_2018")
TEXT_COLUMNS = ("other_debtors_or_guarantors",)
NOT_A_CIRCLE = ("number_of_people_being_liable_to_provide_maintenance_for",)  # dependants: refused all the same, but not people around a loan


def regenerate(target: Path = FILE, names: Iterable[str] = STUDIED) -> dict[str, Any]:
    """Measure every set again and write the table."""
    found = {"schema": "circle-evidence/1", "margin": MARGIN, "seeds": SEEDS, "draws": measures.DRAWS, "sets": [_set(name) for name in names]}
    target.write_text(json.dumps(rounded(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return found


def _set(name: str) -> dict[str, Any]:
    rows = reading.read(reading.known(name))
    of = rows.of
    columns = tuple(each for each in of.circle if each not in NOT_A_CIRCLE)
    studied = [("circle", columns, without(of, ()), with_columns(of, columns))] if columns else []
    if of.cosigner:
        studied.append(("cosigner", of.cosigner, without(of, of.cosigner), of))
    thin = restricted(without(of, of.cosigner), of.thin)
    return {
        "name": name,
        "title": dict(of.title),
        "rows": len(rows),
        "measured": [_measured(kind, columns, rows, base, more, thin) for kind, columns, base, more in studied],
        "own_data": {"set_aside": _gain(rows, thin, without(of, of.cosigner), None)},
    }


def _measured(kind: str, columns: tuple[str, ...], rows: Rows, base: DataSet, more: DataSet, thin: DataSet) -> dict[str, Any]:
    told = np.array([any(_says_something(rows.raw[name][row]) for name in columns) for row in range(len(rows))])
    thin_more = with_columns(thin, columns)
    found: dict[str, Any] = {
        "kind": kind,
        "columns": list(columns),
        "share_with_any": float(told.mean()),
        "bad_rate_with": float(rows.bad[told].mean()),
        "bad_rate_without": float(rows.bad[~told].mean()),
        "set_aside": _gain(rows, base, more, None),
        "thin_file": _gain(rows, thin, thin_more, None),
    }
    return found | {"out_of_time": [_gain(rows, base, more, division) for division in rows.of.by_time]}


def _says_something(value: Any) -> bool:
    return value is not None and value == value and value not in (0, False, "", "none")


def with_columns(of: DataSet, columns: tuple[str, ...]) -> DataSet:
    """The set with columns that no shipped model may read: for this comparison alone."""
    texts = tuple(name for name in columns if name in TEXT_COLUMNS or name.startswith("verification"))
    numbers = tuple(name for name in columns if name not in texts)
    fields = {**of.fields, **dict.fromkeys(texts, TEXT), **dict.fromkeys(numbers, NUMBER)}
    inputs = (*of.inputs, *(Input(f"{name}.value", "value", (name,)) for name in numbers))
    return replace(of, fields=fields, inputs=inputs, levels=(*of.levels, *texts))


def _gain(rows: Rows, base: DataSet, more: DataSet, division: tuple[str, str, str, str] | None) -> dict[str, Any]:
    """AUC of `more` less AUC of `base`, on rows neither was fitted on."""
    test, (low, high) = _both(rows, base, more, division)
    found = measures.paired(test, high, low)
    return {
        "rows": len(test),
        "auc_without": measures.auc(test, low),
        "auc_with": measures.auc(test, high),
        **found,
        "within_margin": found["interval"][1] < MARGIN,
    } | ({"period": division[0]} if division else {})


def _both(rows: Rows, base: DataSet, more: DataSet, division: tuple[str, str, str, str] | None) -> tuple[Vector, list[Vector]]:
    if division is not None:
        _, until, since, up_to = division
        fit, test = rows.where(rows.period <= until), rows.where((rows.period >= since) & (rows.period <= up_to))
    elif len(rows) < SMALL:
        return rows.bad, [_folded(of, rows) for of in (base, more)]
    else:
        fit, test = rows.where(~rows.aside), rows.where(rows.aside)
    return test.bad, [_scored(of, fit, test, PLAN) for of in (base, more)]


def _folded(of: DataSet, rows: Rows) -> Vector:
    """Every row by models of other rows, over several ways of folding."""
    found = np.zeros(len(rows))
    for again in range(SEEDS):
        fold = fitting.folds(len(rows), seed=again)
        for each in range(fitting.FOLDS):
            found[fold == each] += _scored(of, rows.where(fold != each), rows.where(fold == each), SMALL_PLAN, seeds=1)
    return found / SEEDS


def _scored(of: DataSet, fit: Rows, test: Rows, plan: Plan, seeds: int = SEEDS) -> Vector:
    made = fitting.design(of, replace(fit, of=of))
    columns = glassbox.made(made.recipes, fitting.fields(of, test.raw))
    matrix = np.column_stack([columns[name] for name in made.names])
    data = lgb.Dataset(made.matrix, fit.bad, params={"max_bin": 127}, free_raw_data=False)
    found = np.zeros(len(test))
    for seed in range(seeds):
        parameters = plan.parameters(leaves=8, seed=seed) | {"max_bin": 127}
        found += np.asarray(lgb.train(parameters, data, plan.rounds).predict(matrix, raw_score=True)) / seeds
    return found
