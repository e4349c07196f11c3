"""Reading a training file: the guard against leaked columns, and the rows of each part."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit import recipes, scorecard
from credit.score_dataset import is_plain
from credit.training import split
from credit.training.lendingclub import LENDINGCLUB_2007_2011, LENDINGCLUB_2018
from credit.training.others import GERMAN, TAIWAN_CARDS
from credit.training.prosper import PROSPER_AUCTION, PROSPER_FULL_COLUMNS, PROSPER_POSTED, THIN_FILE
from credit.training.sets import DataSet

SETTING = "CREDIT_DATA"
SETS = {
    each.name: each
    for each in (LENDINGCLUB_2018, PROSPER_AUCTION, PROSPER_POSTED, LENDINGCLUB_2007_2011, TAIWAN_CARDS, GERMAN, PROSPER_FULL_COLUMNS, THIN_FILE)
}
IDENTITY, TARGET = "row_id", "bad"
ROWS_LEAST = 200  # to fit and to show: of fewer no figure would mean anything


class UnableToTrain(Exception):
    """No data, an unknown set, or a file that must not be trained on."""


class LeakedColumn(UnableToTrain):
    """A column that nobody declared, or a declared one that no model may read."""


@dataclass(frozen=True)
class Rows:
    """Rows of a set: raw columns by name, the outcome, and the period of each row ("" where the set has no dates)."""

    of: DataSet
    raw: dict[str, list[Any]]
    bad: NDArray[np.float64]
    aside: NDArray[np.bool_]
    period: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.bad)

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        raw = {name: [value for value, kept in zip(values, keep, strict=True) if kept] for name, values in self.raw.items()}
        return Rows(self.of, raw, self.bad[keep], self.aside[keep], self.period[keep])

    def price(self, name: str) -> NDArray[np.float64]:
        """The platform's own judgement as a number that rises with risk; grades by their letters (no grade is the worst)."""
        values, sign = self.raw[name], self.of.price[name]
        if all(isinstance(value, (int, float)) or value is None for value in values):
            return sign * recipes.number(values)
        order = {grade: place for place, grade in enumerate(sorted({str(value) for value in values}, key=_grade_key))}
        return np.array([float(order[str(value)]) for value in values])


def _grade_key(grade: str) -> tuple[int, str]:
    return ({"AA": 0, "HR": 2, "NC": 3, "None": 4}.get(grade, 1), grade)


def known(name: str) -> DataSet:
    if name not in SETS:
        raise UnableToTrain(f"unknown set {name!r}; there are {', '.join(SETS)}")
    return SETS[name]


def folder() -> Path:
    named = os.environ.get(SETTING, "")
    if not named:
        raise UnableToTrain(f"{SETTING} is not set: it names the folder that holds the training files (*.parquet)")
    if not Path(named).is_dir():
        raise UnableToTrain(f"{SETTING} names {named}, which is no folder")
    return Path(named)


def read(of: DataSet, path: Path | None = None) -> Rows:
    """Every row of the set's file. Raises UnableToTrain, and LeakedColumn for a column the set does not declare."""
    table = _table(path or folder() / f"{of.file or of.name}.parquet")
    guard(of, table.column_names)
    _holds_values(of, table)
    raw = {name: table[name].to_pylist() for name in table.column_names}
    bad = outcomes(of, raw[TARGET])
    rows = [dict(zip(raw, values, strict=True)) for values in zip(*raw.values(), strict=True)]
    aside = split.aside(of.identity(of.name, row) for row in rows)
    period = np.array([of.period_of(row) if of.period_of else "" for row in rows])
    return Rows(of, raw, bad, aside, period)


def _table(path: Path) -> pa.Table:
    if not path.is_file():
        raise UnableToTrain(f"there is no file {path}")
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UnableToTrain(f"cannot read {path}: {' '.join(str(error).split())}") from None


def _holds_values(of: DataSet, table: pa.Table) -> None:
    """One value a row in every field; in a field of numbers something that reads as one."""
    if other := [f"{name} ({table.schema.field(name).type})" for name in of.fields if not is_plain(table.schema.field(name).type)]:
        raise UnableToTrain(f"{of.name}: neither numbers nor texts in {', '.join(other)}")
    for name, kind in of.fields.items():
        values = table[name].drop_null().to_pylist()
        if kind["kind"] == "number" and values and np.isnan(recipes.number(values)).all():
            raise UnableToTrain(f"{of.name}: {name} holds no numbers")


def outcomes(of: DataSet, values: list[Any]) -> NDArray[np.float64]:
    """0 or 1 for every row, both of them, and rows enough."""
    if wrong := [place for place, value in enumerate(values) if value not in (0, 1)]:
        raise UnableToTrain(f"{of.name}: {TARGET} is neither 0 nor 1 in {len(wrong)} rows, the first of them row {wrong[0]}")
    if len(values) < ROWS_LEAST or len(set(values)) < 2:
        raise UnableToTrain(f"{of.name}: {len(values)} rows, {sum(map(bool, values))} of them bad; at least {ROWS_LEAST} and both outcomes are needed")
    return np.array(values, dtype=float)


def guard(of: DataSet, columns: list[str]) -> None:
    """Nothing enters that was not declared as known at application; nothing declared as kept out is named as an input."""
    declared = {IDENTITY, TARGET, *of.fields, *of.kept_out}
    if unknown := [name for name in columns if name not in declared]:
        raise LeakedColumn(f"{of.name}: nobody declared {', '.join(unknown)} as known at application")
    if absent := [name for name in (IDENTITY, TARGET, *of.fields, *of.kept_out) if name not in columns]:
        raise UnableToTrain(f"{of.name}: the file lacks {', '.join(absent)}")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UnableToTrain(f"{of.name}: the file has more than one {', '.join(twice)}")
    check_inputs(of)


def check_inputs(of: DataSet) -> None:
    """The declaration itself: inputs are made of declared fields or of inputs before them, and no name is a refused one."""
    made = set(of.fields)
    for each in of.inputs:
        if wrong := [name for name in each.of if name not in made]:
            raise LeakedColumn(f"{of.name}: {each.name} reads {', '.join(wrong)}")
        made.add(each.name)
    forbidden = {IDENTITY, TARGET, *of.kept_out}
    if wrong := [name for name in (*of.fields, *of.levels) if name in forbidden or scorecard.refused(name)]:
        raise LeakedColumn(f"{of.name}: {', '.join(wrong)} must not be in a decision")
