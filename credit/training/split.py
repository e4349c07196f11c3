"""Which rows are for what: decided by a hash of the row's identity, before any model is fitted.

A row's bucket is from 0 to 99. Below 30 it is held out by outsiders and never reaches us; from 30 to 52 we set it aside and look at it
once, for the model card; the rest is for fitting and for choosing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

HELD_OUT_BELOW = 30
ASIDE = range(HELD_OUT_BELOW, 53)


def bucket(set_name: str, row_id: object) -> int:
    """The published rule: the first eight hexadecimal digits of SHA-256 of "set:row", modulo 100."""
    return int(hashlib.sha256(f"{set_name}:{row_id}".encode()).hexdigest()[:8], 16) % 100


def aside(keys: Iterable[tuple[str, object]]) -> NDArray[np.bool_]:
    """True for the rows set aside for the final evaluation."""
    return np.array([bucket(set_name, row_id) in ASIDE for set_name, row_id in keys], dtype=bool)
