"""Schedules of 36 months: in memory against numpy-financial's broadcast in floats, stored against a bare keyed COPY of the same rows.

In memory both compute principal and interest of every installment; ours are whole cents that add up. Stored, the bare side copies rows that are
computed and encoded beforehand into a table with a key and nothing else; ours computes, encodes and copies into the product's table, with its checks.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import numpy_financial as npf
from django.db import connection

from benchmarks.report import Figure
from benchmarks.rounds import Clock, once
from loans import takeover
from loans.models import Loan
from loans.schedule import bulk

PERIODS, LOANS, STORED = 36, 100_000, 20_000
BROADCAST = 20_000  # loans in one pass of theirs: more does not fit a cache and would only slow it
START = date(2026, 1, 1)
BARE = """
    DROP TABLE IF EXISTS bare_installment;
    CREATE TABLE bare_installment (loan_id bigint NOT NULL, number int NOT NULL, starts_on date NOT NULL, due_on date NOT NULL, principal bigint NOT NULL,
                                   interest bigint NOT NULL, balance_after bigint NOT NULL, PRIMARY KEY (loan_id, number))"""


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    return draw.integers(1_000_00, 5_000_000_00, count), draw.integers(30_000, 250_000, count)


def floats(principals: np.ndarray, rates: np.ndarray) -> None:
    monthly, rows = rates / 12e6, np.arange(1, PERIODS + 1)[:, None]
    npf.ppmt(monthly[None, :], rows, PERIODS, -principals[None, :] / 100)
    npf.ipmt(monthly[None, :], rows, PERIODS, -principals[None, :] / 100)


def in_memory(clock: Clock) -> Iterator[Figure]:
    principals, rates = drawn(LOANS)
    works = {
        "theirs": lambda: floats(principals[:BROADCAST], rates[:BROADCAST]),
        "ours": lambda: bulk.level(principals=principals, rates=rates, periods=PERIODS),
    }
    once(works, rounds=1)
    found = once(works, rounds=clock.rounds)
    ratios = [their / BROADCAST / (our / LOANS) for our, their in zip(found["ours"], found["theirs"], strict=True)]
    yield Figure("schedules in memory ÷ numpy-financial", ratios, at_least=5, notes={"schedules a second": LOANS / sorted(found["ours"])[clock.rounds // 2]})


def book() -> list[Loan]:
    """Loans that exist in memory only; the installments ask for no more."""
    principals, rates = drawn(STORED)
    return [
        Loan(
            pk=k + 1,
            principal=int(principals[k]),
            annual_rate=Decimal(int(rates[k])).scaleb(-6),
            term_months=PERIODS,
            method="equal_installment",
            disbursed_on=START + timedelta(days=k % 28),
        )
        for k in range(STORED)
    ]


def stored(clock: Clock) -> Iterator[Figure]:
    loans = book()
    ids, principals = (np.array(column, np.int64) for column in zip(*((loan.pk, loan.principal) for loan in loans), strict=True))
    rates = np.array([int(loan.annual_rate.scaleb(6)) for loan in loans], np.int64)
    rows = takeover.encode(ids=ids, principals=principals, rates=rates, paid_out=np.array([loan.disbursed_on for loan in loans], "M8[D]"), periods=PERIODS)
    _run(BARE)
    ratios, seconds = [], []
    for _round in range(clock.rounds + 1):  # the first one warms up
        _run("TRUNCATE bare_installment; TRUNCATE loans_installment")
        found = once({"bare": lambda: takeover.copy_into("bare_installment", rows), "ours": lambda: takeover.write_schedules(loans)}, rounds=1)
        ratios.append(found["bare"][0] / found["ours"][0])
        seconds.append(found["ours"][0])
    yield Figure(
        "schedules stored ÷ bare keyed COPY", ratios[1:], at_least=0.75, notes={"rows a second": STORED * PERIODS / sorted(seconds[1:])[clock.rounds // 2]}
    )
    _run("TRUNCATE loans_installment; DROP TABLE bare_installment")


def _run(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def run(clock: Clock) -> Iterator[Figure]:
    yield from in_memory(clock)
    yield from stored(clock)
