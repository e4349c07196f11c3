"""The trained model as data: log-odds are a sum of tables over one input or over two, read with numpy alone.

A table's first cell of each axis is for "not known"; the cell after it reaches up to and including the first edge. What a table gives is
exactly what that input, or that pair of inputs, contributes, so the contributions are the explanation and need no approximation.

A model's file is sealed: it begins with the SHA-256 of the bytes of the model in it, and one altered byte makes it unreadable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import recipes

MODELS = Path(__file__).with_name("models")
SCHEMA = "glassbox/1"
HEAD, MIDDLE, TAIL = b'{"sha256":"', b'","model":', b"}\n"
DIGEST_LENGTH = 64


class AlteredModel(Exception):
    """The file of a model is not the one that was sealed."""


class UnknownModel(Exception):
    """There is no model of that name."""


@dataclass(frozen=True)
class Table:
    """What an input (or two) adds to the log-odds, by cell."""

    of: tuple[str, ...]
    edges: tuple[NDArray[np.float64], ...]
    points: NDArray[np.float64]

    @property
    def name(self) -> str:
        return " × ".join(self.of)

    def at(self, made: recipes.Columns) -> NDArray[np.float64]:
        return np.asarray(self.points[tuple(cells(edges, made[name]) for edges, name in zip(self.edges, self.of, strict=True))])


@dataclass(frozen=True)
class Model:
    """`fields` are read from the application, `inputs` are made of them in order, `tables` are summed."""

    name: str
    fields: Mapping[str, Mapping[str, Any]]
    inputs: tuple[Mapping[str, Any], ...]
    tables: tuple[Table, ...]
    intercept: float
    digest: str

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.digest}"


def cells(edges: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.intp]:
    """The cell of each value: 0 when not known, else one more than the number of edges below it."""
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(edges, values, side="left"))


@cache
def load(name: str) -> Model:
    """The shipped model of that name. Raises UnknownModel, AlteredModel."""
    path = MODELS / f"{name}.json"
    if not name.replace("_", "").isalnum() or not path.is_file():
        raise UnknownModel(f"there is no model {name!r}; there are {', '.join(names())}")
    return parse(*opened(path.read_bytes()))


def names() -> list[str]:
    """The shipped models of this kind."""
    return sorted(path.stem for path in MODELS.glob("*.json") if path.read_bytes().startswith(HEAD))


def sealed(body: Mapping[str, Any]) -> bytes:
    """The file of a model."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return HEAD + hashlib.sha256(raw).hexdigest().encode() + MIDDLE + raw + TAIL


def opened(raw: bytes) -> tuple[dict[str, Any], str]:
    """(model, its hash) of a sealed file. Raises AlteredModel unless every byte is the one that was sealed."""
    start = len(HEAD) + DIGEST_LENGTH
    inside = raw[start + len(MIDDLE) : -len(TAIL)]
    digest = hashlib.sha256(inside).hexdigest()
    if raw != HEAD + digest.encode() + MIDDLE + inside + TAIL:
        raise AlteredModel("the model's file was altered after it was sealed")
    return json.loads(inside), digest


def parse(body: Mapping[str, Any], digest: str) -> Model:
    """The model that `body` describes. Raises AlteredModel when it is of another kind or does not fit together."""
    if body.get("schema") != SCHEMA:
        raise AlteredModel(f"the model is not of the kind {SCHEMA}")
    tables = tuple(_table(row) for row in body["tables"])
    made = {recipe["name"] for recipe in body["inputs"]}
    if any(name not in made for table in tables for name in table.of):
        raise AlteredModel("a table is over an input that is not made")
    return Model(body["name"], body["fields"], tuple(body["inputs"]), tables, float(body["intercept"]), digest)


def _table(row: Mapping[str, Any]) -> Table:
    edges = tuple(np.array(each, dtype=float) for each in row["edges"])
    points = np.array(row["points"], dtype=float)
    if points.shape != tuple(len(each) + 2 for each in edges) or not np.isfinite(points).all():
        raise AlteredModel(f"the table over {' × '.join(row['of'])} has not the cells its edges make")
    return Table(tuple(row["of"]), edges, points)


def read(model: Model, raw: Mapping[str, Sequence[Any]]) -> dict[str, recipes.Column]:
    """The model's inputs from raw fields, whatever their types. What cannot be read is not known."""
    fields = {name: _field(kind, raw[name]) for name, kind in model.fields.items()}
    return made(model.inputs, fields)


def made(inputs: Sequence[Mapping[str, Any]], fields: Mapping[str, recipes.Column]) -> dict[str, recipes.Column]:
    columns = dict(fields)
    for recipe in inputs:
        columns[recipe["name"]] = recipes.leveled(recipe, columns) if "levels" in recipe else recipes.make(recipe, columns)
    return columns


def _field(kind: Mapping[str, Any], values: Sequence[Any]) -> recipes.Column:
    if kind["kind"] == "text":
        return recipes.text(values)
    return recipes.without(recipes.number(values), kind)


def contributions(model: Model, columns: recipes.Columns) -> NDArray[np.float64]:
    """Rows by tables: what each adds to the log-odds."""
    return np.column_stack([table.at(columns) for table in model.tables])


def log_odds(model: Model, columns: recipes.Columns) -> NDArray[np.float64]:
    return np.asarray(model.intercept + contributions(model, columns).sum(axis=1))


def probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-odds)))


def predict(model: Model, raw: Mapping[str, Sequence[Any]]) -> NDArray[np.float64]:
    """The probability of the bad outcome, for each row of raw fields."""
    return probability(log_odds(model, read(model, raw)))
