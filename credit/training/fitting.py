"""Fitting: the champion (trees of three leaves, so two inputs at most, compiled to tables) and the challenger (LightGBM without limits)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from credit import glassbox, recipes
from credit.training import tables
from credit.training.reading import Rows
from credit.training.sets import DataSet, Input

Vector = NDArray[np.float64]
THREADS = int(os.environ.get("CREDIT_THREADS", "1"))
SMOOTHING = 60.0  # rows of average risk added to every level of a text
FOLDS = 5
BASE: Mapping[str, Any] = {"objective": "binary", "verbose": -1, "num_threads": THREADS, "bagging_freq": 1, "deterministic": True, "force_row_wise": True}


@dataclass(frozen=True)
class Plan:
    """How much to fit. `pairs`: how many pairs of inputs may have a table of their own."""

    rounds: int = 1500
    learning_rate: float = 0.03
    least_in_leaf: int = 80
    fraction: float = 0.5
    bins: int = 63
    penalty: float = 10.0
    pairs: int = 100
    seeds: int = 3
    trends: bool = True

    def parameters(self, *, leaves: int = 3, seed: int = 0) -> dict[str, Any]:
        return {
            **BASE,
            "num_leaves": leaves,
            "seed": seed,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.least_in_leaf,
            "feature_fraction": self.fraction,
            "bagging_fraction": 0.7,
            "max_bin": self.bins,
            "lambda_l2": self.penalty,
        }


@dataclass(frozen=True)
class Design:
    """A matrix for trees: columns in order, their trends, and the recipes that made them."""

    names: list[str]
    trends: list[int]
    recipes: list[dict[str, Any]]
    columns: dict[str, Vector]

    @property
    def matrix(self) -> NDArray[np.float64]:
        return np.column_stack([self.columns[name] for name in self.names])


def fields(of: DataSet, raw: Mapping[str, Sequence[Any]], names: Sequence[str] | None = None) -> dict[str, recipes.Column]:
    return {
        name: recipes.text(raw[name]) if kind["kind"] == "text" else recipes.without(recipes.number(raw[name]), kind)
        for name, kind in of.fields.items()
        if names is None or name in names
    }


def design(of: DataSet, rows: Rows, extra: Sequence[Input] = ()) -> Design:
    """The training matrix. A text's levels are placed by the risk of the other folds' rows, so no row tells on itself."""
    inputs = (*of.inputs, *extra)
    columns = glassbox.made([each.recipe() for each in inputs], fields(of, rows.raw))
    written = [each.recipe() for each in inputs]
    names = [each.name for each in inputs if each.name not in ("month_income", "installment_percent")]
    trends = [each.trend for each in inputs if each.name in names]
    for name in of.levels:
        written.append(_placed(name, columns[name], rows.bad))
        columns[f"{name}.level"] = _placed_by_others(name, columns[name], rows.bad)
        names.append(f"{name}.level")
        trends.append(0)
    return Design(names, trends, written, {name: columns[name] for name in names})


def _placed(name: str, values: recipes.Column, bad: Vector) -> dict[str, Any]:
    mean = float(bad.mean())
    levels = {}
    for level in sorted({value or "" for value in values}):
        mine = bad[np.array([(value or "") == level for value in values])]
        levels[level] = round((float(mine.sum()) + SMOOTHING * mean) / (len(mine) + SMOOTHING), 6)
    return {"name": f"{name}.level", "op": "levels", "of": [name], "levels": levels, "otherwise": round(mean, 6)}


def _placed_by_others(name: str, values: recipes.Column, bad: Vector) -> Vector:
    fold = folds(len(bad), seed=11)
    found = np.zeros(len(bad))
    for each in range(FOLDS):
        placed = _placed(name, values[fold != each], bad[fold != each])
        found[fold == each] = recipes.leveled(placed, {name: values[fold == each]})
    return found


def folds(size: int, seed: int = 3) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(size) % FOLDS


def champion(rows: Rows, plan: Plan, *, name: str = "", of: DataSet | None = None) -> dict[str, Any]:
    """The body of a model, not yet calibrated."""
    of = of or rows.of
    made = design(of, rows)
    data = lgb.Dataset(made.matrix, rows.bad, params={"max_bin": plan.bins}, free_raw_data=False)
    common = {"monotone_constraints": made.trends, "monotone_constraints_method": "advanced"} if plan.trends and any(made.trends) else {}
    allowed = [[place] for place in range(len(made.names))] + _pairs(data, plan, common)
    trees: list[Mapping[str, Any]] = []
    for seed in range(plan.seeds):
        booster = lgb.train(plan.parameters(seed=seed) | {**common, "interaction_constraints": allowed}, data, plan.rounds)
        trees += [info["tree_structure"] for info in booster.dump_model()["tree_info"]]
    found, intercept = tables.compiled(trees, made.names, made.columns, scale=1 / plan.seeds)
    return body(name or of.name, of, made, found, intercept)


def _pairs(data: lgb.Dataset, plan: Plan, common: Mapping[str, Any]) -> list[list[int]]:
    """The pairs that gain most in a first fit in which every pair is open."""
    scout = lgb.train(plan.parameters(seed=99) | dict(common), data, plan.rounds)
    gains: dict[tuple[int, ...], float] = {}
    for info in scout.dump_model()["tree_info"]:
        key = tables.inputs_of(info["tree_structure"])
        if len(key) == 2:
            gains[key] = gains.get(key, 0.0) + _second_gain(info["tree_structure"])
    return [list(key) for key in sorted(gains, key=lambda key: -gains[key])[: plan.pairs]]


def _second_gain(tree: Mapping[str, Any]) -> float:
    children = (tree["left_child"], tree["right_child"])
    return float(sum(child.get("split_gain", 0.0) for child in children))


def body(name: str, of: DataSet, made: Design, found: list[dict[str, Any]], intercept: float) -> dict[str, Any]:
    """A model's file as data: the tables, and of the recipes and fields those the tables need."""
    needed = _needed({each for table in found for each in table["of"]}, made.recipes)
    written = [recipe for recipe in made.recipes if recipe["name"] in needed]
    read = {each for recipe in written for each in recipe["of"]}
    kinds = {field: dict(kind) for field, kind in of.fields.items() if field in read}
    return {"schema": glassbox.SCHEMA, "name": name, "set": of.name, "fields": kinds, "inputs": written, "intercept": intercept, "tables": found}


def _needed(used: set[str], written: list[dict[str, Any]]) -> set[str]:
    for recipe in reversed(written):
        if recipe["name"] in used:
            used = used | set(recipe["of"])
    return used


def model(body: Mapping[str, Any]) -> glassbox.Model:
    return glassbox.parse(body, "")


def log_odds(body: Mapping[str, Any], rows: Rows) -> Vector:
    found = model(body)
    return glassbox.log_odds(found, glassbox.read(found, rows.raw))


def effects(body: Mapping[str, Any], rows: Rows) -> list[dict[str, Any]]:
    """How far each input, or pair, moves the log-odds: its standard deviation over the rows, largest first."""
    found_model = model(body)
    given = glassbox.contributions(found_model, glassbox.read(found_model, rows.raw))
    found = [{"of": list(table.of), "moves": float(given[:, column].std())} for column, table in enumerate(found_model.tables)]
    return sorted(found, key=lambda row: -row["moves"])


def cross_fitted(rows: Rows, plan: Plan, of: DataSet | None = None) -> Vector:
    """Log-odds of every row from a model that never saw it."""
    fold = folds(len(rows))
    found = np.zeros(len(rows))
    for each in range(FOLDS):
        found[fold == each] = log_odds(champion(rows.where(fold != each), replace(plan, seeds=1), of=of), rows.where(fold == each))
    return found


def recalibration(bad: Vector, odds: Vector) -> tuple[float, float]:
    """(intercept, slope) of the logistic regression of the outcome on the log-odds, by Newton's method."""
    design_matrix, beta = np.column_stack([np.ones_like(odds), odds]), np.array([0.0, 1.0])
    for _ in range(50):
        p = glassbox.probability(design_matrix @ beta)
        step = np.linalg.solve((design_matrix * (p * (1 - p))[:, None]).T @ design_matrix + 1e-9 * np.eye(2), design_matrix.T @ (bad - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def recalibrated(body: dict[str, Any], intercept: float, slope: float) -> dict[str, Any]:
    """The same model with its log-odds moved and stretched; the tables carry the slope, so they stay the whole explanation."""
    rows = [row | {"points": np.round(np.array(row["points"]) * slope, 6).tolist()} for row in body["tables"]]
    return body | {"tables": rows, "intercept": round(intercept + slope * body["intercept"], 9)}


def challenger(rows: Rows, test: Rows, plan: Plan, *, leaves: int = 12) -> Vector:
    """Log-odds for `test` from LightGBM with no limit on what a tree may read."""
    made = design(rows.of, rows)
    data = lgb.Dataset(made.matrix, rows.bad, params={"max_bin": 255}, free_raw_data=False)
    columns = glassbox.made(made.recipes, fields(rows.of, test.raw))
    matrix = np.column_stack([columns[name] for name in made.names])
    found = np.zeros(len(test))
    for seed in range(2):
        booster = lgb.train(plan.parameters(leaves=leaves, seed=seed) | {"max_bin": 255}, data, max(plan.rounds // 2, 100))
        found += np.asarray(booster.predict(matrix, raw_score=True)) / 2
    return found
