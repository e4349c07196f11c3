"""Shares of a repayment for one to ten thousand holders: they sum to it by part, nobody is a full minor unit off or gives back, and all end whole."""

from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loans import distribution
from loans.models import Loan, Repayment
from loans.participation import PARTS
from tests.cast import alice
from tests.counts import cases
from tests.loans.book import NOW, lend, rolled_back

pytestmark = pytest.mark.django_db
MOST = cases(300, soak=10_000)
ROWS = "SELECT id, amount, received_principal, received_interest, received_fees, received_penalties FROM loans_participation WHERE loan_id = %s ORDER BY id"
HOLD = """
INSERT INTO loans_participation (loan_id, party_id, amount, received_principal, received_interest, received_fees, received_penalties, originated_at)
SELECT %s, 900000000 + n, amount, 0, 0, 0, 0, %s FROM unnest(%s::bigint[]) WITH ORDINALITY AS held (amount, n)"""


def held_by(amounts: list[int]) -> Loan:
    loan = lend(alice().party, {}, principal=sum(amounts))
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [loan.pk, NOW, amounts])
    return loan


def received(loan: Loan) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [loan.pk])
        return cursor.fetchall()


def pay(loan: Loan, number: int, parts: tuple[int, ...]) -> None:
    made = Repayment(pk=900_000_000 + number, loan=loan, **dict(zip(PARTS, parts, strict=True)))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {distribution.arms(made)} SELECT count(*) FROM paid", distribution.values(made))


def check(loan: Loan, before: list[tuple[int, ...]], parts: tuple[int, ...]) -> list[tuple[int, ...]]:
    after = received(loan)
    for place, part in enumerate(parts, start=2):
        shares = [row[place] - was[place] for row, was in zip(after, before, strict=True)]
        assert sum(shares) == part
        assert min(shares) >= 0
        total = sum(row[place] for row in after)
        assert all(abs(row[place] * loan.principal - total * row[1]) < loan.principal for row in after)  # less than one off the exact share
    return after


@pytest.mark.soak
@settings(max_examples=cases(25, soak=2_000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.integers(1, MOST), st.integers(1, 10**9), st.lists(st.integers(0, 1000), max_size=4), st.lists(st.integers(0, 10**6), min_size=6, max_size=6))
@example(1, 1, [], [1] * 6)
@example(10_000, 7, [1, 500], [99_999, 1, 0, 12, 34, 5])
def test_shares_sum_to_the_payment_and_everybody_ends_whole(holders: int, seed: int, cuts: list[int], others: list[int]) -> None:
    amounts = [1 + (seed * (n + 1) * 7919) % 99_991 for n in range(holders)]
    with rolled_back():
        loan = held_by(amounts)
        bounds = [0, *sorted(loan.principal * cut // 1000 for cut in cuts), loan.principal]
        rows = received(loan)
        for number, (low, high) in enumerate(pairwise(bounds)):
            parts = (high - low, others[number % 6], others[(number + 1) % 6] % 100, others[(number + 2) % 6] % 1000)
            if sum(parts):
                pay(loan, number, parts)
                rows = check(loan, rows, parts)
        assert all(row[1] == row[2] for row in rows)
