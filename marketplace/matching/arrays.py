"""Kinds of arrays, and totals by group."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Units = NDArray[np.int64]  # whole note units
Index = NDArray[np.integer[Any]]  # places in another array
Mask = NDArray[np.bool_]
Doubles = NDArray[np.floating[Any]]

NONE = np.int32(-1)


def sums(of: Index, amounts: Units, count: int) -> Units:
    """Exact totals of `amounts` by `of`. bincount adds doubles, exact below 2^53: UNITS_MAX over a few thousand arcs to one place stays far below."""
    return np.bincount(of, amounts, count).astype(np.int64)


def totals(of: Index, amounts: Doubles, count: int) -> Doubles:
    """Totals of doubles by `of`, added one by one in order: the same bits everywhere. (Of nothing, bincount makes whole numbers.)"""
    return np.bincount(of, amounts, count).astype(np.float64, copy=False)
