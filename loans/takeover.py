"""The schedules of a whole book at once: computed by columns, written by COPY. For taking over loans, not for one new contract.

Rows are the ones `loans.begin` writes for each loan, cent for cent and day for day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from loans.models import Loan
from loans.schedule import bulk

EPOCH = np.datetime64("2000-01-01", "D")  # PostgreSQL counts its days from here
COLUMNS = ("loan_id", "number", "starts_on", "due_on", "principal", "interest", "balance_after")
SIZES = (8, 4, 4, 4, 8, 8, 8)
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
STRETCH = 2_000  # loans computed while those before are written
Days = NDArray[Any]


def write_schedules(loans: Iterable[Loan]) -> int:
    """Write the installments of monthly level loans that have none yet. Returns how many rows."""
    listed = sorted(loans, key=lambda loan: loan.term_months)
    if any(loan.method != "equal_installment" or loan.disbursed_on is None for loan in listed):
        raise ValueError("only level loans that were paid out")
    return sum(_write(list(same)) for _term, same in groupby(listed, key=lambda loan: loan.term_months))


def _write(loans: list[Loan]) -> int:
    """While one stretch of loans is written the next is computed: the database is a process of its own, and numbers in columns leave Python free."""
    stretches = [loans[start : start + STRETCH] for start in range(0, len(loans), STRETCH)]
    count = 0
    with ThreadPoolExecutor(1) as beside, _copying("loans_installment") as copy:
        coming = beside.submit(_encoded, stretches[0])
        for following in [*stretches[1:], None]:
            rows = coming.result()
            if following is not None:
                coming = beside.submit(_encoded, following)
            for chunk in _chunks(rows):
                copy.write(chunk)
            count += len(rows)
    return count


def _encoded(loans: list[Loan]) -> NDArray[Any]:
    ids, principals = (np.array(column, np.int64) for column in zip(*((loan.pk, loan.principal) for loan in loans), strict=True))
    rates = np.array([int(loan.annual_rate.scaleb(6).to_integral_exact()) for loan in loans], np.int64)
    paid_out = np.array([loan.disbursed_on for loan in loans], "M8[D]")
    return encode(ids=ids, principals=principals, rates=rates, paid_out=paid_out, periods=loans[0].term_months)


def encode(*, ids: Days, principals: bulk.Cents, rates: bulk.Cents, paid_out: Days, periods: int) -> NDArray[Any]:
    """The rows in PostgreSQL's binary form, one structure a row, loan after loan."""
    plan = bulk.level(principals=principals, rates=rates, periods=periods)
    due = due_days(paid_out, periods)
    starts = np.concatenate([paid_out[None, :], due[:-1]])
    rows = np.empty((len(ids), periods), _row())
    rows["fields"] = len(COLUMNS)
    values = (
        np.broadcast_to(ids[:, None], rows.shape),
        np.broadcast_to(np.arange(1, periods + 1)[None, :], rows.shape),
        (starts - EPOCH).astype(np.int64).T,
        (due - EPOCH).astype(np.int64).T,
        plan.principal.T,
        plan.interest.T,
        (principals[:, None] - plan.principal.T.cumsum(axis=1)),
    )
    for name, size, value in zip(COLUMNS, SIZES, values, strict=True):
        rows[f"{name}_size"] = size
        rows[name] = value
    return rows.reshape(-1)


def _row() -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, size in zip(COLUMNS, SIZES, strict=True):
        fields += [(f"{name}_size", ">i4"), (name, f">i{size}")]
    return np.dtype(fields)


def due_days(paid_out: Days, periods: int) -> Days:
    """Monthly due dates counted from the day of the payout; a day a month lacks is its last day. Row k is installment k + 1."""
    month, day = paid_out.astype("M8[M]"), (paid_out - paid_out.astype("M8[M]").astype("M8[D]")).astype(np.int64)
    due = np.empty((periods, len(paid_out)), "M8[D]")
    for k in range(periods):
        that = month + (k + 1)
        last = (that + 1).astype("M8[D]") - 1
        due[k] = np.minimum(that.astype("M8[D]") + day, last)
    return due


@contextmanager
def _copying(table: str) -> Iterator[Any]:
    """One COPY of encoded rows."""
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(HEADER)
        yield copy
        copy.write(TRAILER)


def copy_into(table: str, rows: NDArray[Any]) -> None:
    """Rows that are encoded already, in one COPY."""
    with _copying(table) as copy:
        for chunk in _chunks(rows):
            copy.write(chunk)


def _chunks(rows: NDArray[Any], size: int = 65_536) -> Iterator[bytes]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size].tobytes()
