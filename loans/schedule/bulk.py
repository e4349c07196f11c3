"""Many level schedules at once: one numpy pass for each installment over all loans, the same cents as `build`.

For monthly level loans without dates, grace or multiples, which is what a book of thousands consists of; everything else goes through `build`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loans.schedule.build import build
from loans.schedule.terms import Terms

MILLIONTHS = 1_000_000
MONTHS = 12
INT64_SAFE = 2**62
CHUNK = 4096
DOUBTFUL = 1e-3  # a level payment this near to half a unit is settled by the exact engine
Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Schedules:
    """Row k of each matrix is installment k + 1 of every loan, in minor units."""

    principal: Cents
    interest: Cents


def level(*, principals: Cents, rates: Cents, periods: int) -> Schedules:
    """Monthly level schedules of `periods` installments; `rates` are yearly, in millionths. Equal to `build`, cent for cent.

    Raises OverflowError where a balance times its rate would not fit 62 bits.
    """
    if len(principals) and int(principals.max()) * max(int(rates.max()), 1) >= INT64_SAFE:
        raise OverflowError("a balance times its rate does not fit; use the exact engine")
    payments = _payments(principals, rates, periods)
    found = Schedules(*(np.empty((periods, len(principals)), np.int64) for _ in range(2)))
    for start in range(0, len(principals), CHUNK):
        part = slice(start, start + CHUNK)
        _fill(found, part, principals[part].copy(), rates[part], payments[part])
    return found


def _fill(found: Schedules, part: slice, balance: Cents, rates: Cents, payments: Cents) -> None:
    """The rows of a stretch of loans small enough to stay in the processor's cache."""
    last = len(found.principal) - 1
    for k in range(last + 1):
        interest = _half_even(balance * rates, MONTHS * MILLIONTHS)
        paid = balance if k == last else np.minimum(payments - interest, balance)
        found.principal[k, part], found.interest[k, part] = paid, interest
        balance = balance - paid


def _payments(principals: Cents, rates: Cents, periods: int) -> Cents:
    """Level payments; those too near to a tie for a float are computed exactly."""
    monthly = rates / (MONTHS * MILLIONTHS)
    with np.errstate(divide="ignore", invalid="ignore"):
        annuity = np.where(rates == 0, float(periods), -np.expm1(-periods * np.log1p(monthly)) / monthly)
    exact = principals / annuity
    payments = np.rint(exact).astype(np.int64)
    spread = DOUBTFUL + exact * 1e-12
    for index in np.flatnonzero((np.abs(exact - np.floor(exact) - 0.5) < spread) | (payments == 0)):
        payments[index] = _exactly(int(principals[index]), int(rates[index]), periods)
    return payments


def _exactly(principal: int, rate: int, periods: int) -> int:
    """The exact engine's level: its first installment."""
    terms: dict[str, Any] = {"method": "equal_installment", "principal": principal, "annual_rate": Decimal(rate).scaleb(-6), "periods": periods}
    return build(Terms(**terms)).installments[0].total


def _half_even(top: Cents, bottom: int) -> Cents:
    """top / bottom to the nearest whole; `bottom` is even, so a tie is a remainder of exactly half."""
    half = bottom // 2
    top += half
    whole: Cents = top // bottom
    tied = np.flatnonzero(whole * bottom == top)
    whole[tied] -= whole[tied] & 1
    return whole
