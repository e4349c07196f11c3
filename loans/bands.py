"""Bands: how an exact amount becomes a range that many people share. Thresholds in whole currency units."""

from __future__ import annotations

from collections.abc import Sequence

INCOME_MONTHLY = (3_000, 5_000, 8_000, 12_000, 20_000, 35_000, 60_000, 120_000)
DEBT = (0, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
MONTHS_AT_WORK = (12, 24, 48, 84)


def band(value: int, thresholds: Sequence[int]) -> dict[str, int | None]:
    """The half-open range [from, to) that holds `value`; the last one has no upper end.

    >>> band(9_000, INCOME_MONTHLY)
    {'from': 8000, 'to': 12000}
    """
    low, high = None, None
    for threshold in thresholds:
        if value < threshold:
            high = threshold
            break
        low = threshold
    return {"from": low, "to": high}
