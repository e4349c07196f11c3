"""How a model's inputs are made from the fields of an application: a closed list of operations, written into the model as data.

Numbers become float arrays in which NaN is "not known"; texts become object arrays in which None is "not known".
Nothing here raises for odd values: what cannot be read as what the field should be is not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Columns = Mapping[str, Column]
FIRST_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
REFERENCE_RATE = 0.01  # a month: the price is not known when affordability is judged


def _ratio(part: Column, whole: Column) -> Column:
    """Part of whole; of nothing at all, it is as large as it gets."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(whole > 0, part / whole, np.where(part > 0, np.inf, 0.0))
    return np.where(np.isnan(part) | np.isnan(whole), np.nan, found)


def _sum(*parts: Column) -> Column:
    return np.asarray(np.sum(parts, axis=0))


def _difference(one: Column, other: Column) -> Column:
    return one - other


def _least(*parts: Column) -> Column:
    return np.asarray(np.fmin.reduce(parts))


def _most(*parts: Column) -> Column:
    return np.asarray(np.fmax.reduce(parts))


def _first_known(*parts: Column) -> Column:
    found = parts[0]
    for part in parts[1:]:
        found = np.where(np.isnan(found), part, found)
    return found


def _installment(amount: Column, months: Column) -> Column:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(months > 0, amount * REFERENCE_RATE / (1 - (1 + REFERENCE_RATE) ** -months), np.nan)


def _installment_share(amount: Column, months: Column, income: Column) -> Column:
    """The level installment at the reference rate, of a month's income."""
    return _ratio(_installment(amount, months), income)


def _product(one: Column, other: Column) -> Column:
    return one * other


OPERATIONS: Mapping[str, Callable[..., Column]] = {
    "value": lambda one: one,
    "ratio": _ratio,
    "sum": _sum,
    "difference": _difference,
    "least": _least,
    "most": _most,
    "first_known": _first_known,
    "product": _product,
    "part": lambda year: year / 12,
    "percent": lambda share: share * 100,
    "residue_500": lambda amount: np.mod(amount, 500),
    "installment_share": _installment_share,
    "installment_share_36": lambda amount, income: _installment_share(amount, np.full_like(amount, 36.0), income),
}


def make(recipe: Mapping[str, Any], made: Columns) -> Column:
    """The input that `recipe` names, from columns already made."""
    return OPERATIONS[recipe["op"]](*(made[name] for name in recipe["of"]))


def leveled(recipe: Mapping[str, Any], made: Columns) -> Column:
    """A text as a number: each level's place on the scale the training found; an unseen level stands in the middle."""
    levels, otherwise = recipe["levels"], recipe["otherwise"]
    return np.array([levels.get("" if value is None else value, otherwise) for value in made[recipe["of"][0]]], dtype=float)


def without(values: Column, kind: Mapping[str, Any]) -> Column:
    """Numbers a source writes when it does not know, taken as not known; and those that cannot be."""
    found = values.copy()
    for code in kind.get("not_known", ()):
        found[np.isclose(found, code, rtol=0, atol=1e-6)] = np.nan
    with np.errstate(invalid="ignore"):
        found[(found < kind.get("least", -np.inf)) | (found > kind.get("most", np.inf))] = np.nan
    return found


def number(values: Sequence[Any]) -> Column:
    """Floats of numbers, flags and texts that hold one ("36 months", "10+ years"); "< 1 year" is half of one."""
    return np.array([one_number(value) for value in values], dtype=float)


def one_number(value: Any) -> float:
    if value is None:
        return np.nan
    if isinstance(value, str):
        found = FIRST_NUMBER.search(value.replace(",", ""))
        return np.nan if found is None else float(found[0]) - (0.5 if value.lstrip().startswith("<") else 0.0)
    try:
        found_number = float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan
    return found_number if math.isfinite(found_number) else np.nan


def text(values: Sequence[Any]) -> Column:
    """Trimmed texts; an empty one is not known. Whole numbers written as floats lose their point (codes read back from a file with gaps)."""
    return np.array([one_text(value) for value in values], dtype=object)


def one_text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
