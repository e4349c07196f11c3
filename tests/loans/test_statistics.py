"""Public figures never speak of a few people; the tape's every description is shared, and nobody's line can be left in narrow words."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.cache import cache
from hypothesis import given, settings
from hypothesis import strategies as st

from core import business_day
from loans import statistics, tape
from loans.event import Entry, enter
from loans.replay import Kind
from loans.tape import Line
from tests.cast import alice, bob
from tests.loans.book import NOW, give, lend, rolled_back

DAY = timedelta(days=1)


def told(as_of: date) -> dict[str, statistics.Cohort]:
    return {one.name: one for one in statistics.published(as_of=as_of, currency="CNY")}


@pytest.mark.django_db
def test_between_two_looks_lie_ten_payouts_or_none():
    """The quarter turns in the middle of a ten: its first five loans are told with the last five, in the quarter of the last."""
    with rolled_back():
        looks, borrower, holder = [], alice().party, bob().party
        for number in range(31):
            day = date(2026, 3, 17) + number * DAY
            lend(borrower, {holder: 100_000 + number * 777}, disbursed_on=day)
            looks.append(told(day + DAY))
            assert told(day) == (looks[-2] if number else {})  # today's own payouts may still change their order
        assert [sum(one.loans for one in look.values()) for look in looks] == [(number + 1) // 10 * 10 for number in range(31)]
        assert {name: one.loans for name, one in looks[-1].items()} == {"2026-Q1": 10, "2026-Q2": 20}
        for before, after in pairwise(looks):
            assert all(one == before.get(name, one) or one.loans >= before[name].loans + 10 for name, one in after.items())
        exact = {one.name: (one.loans, one.originated) for one in statistics.cohorts(as_of=day, currency="CNY")}
        assert exact["2026-Q1"] == (15, sum(100_000 + number * 777 for number in range(15)))


@given(st.integers(10, 5_000), st.integers(1, 50_000_000), st.data())
def test_what_became_of_them_is_told_in_steps_of_an_average_loan(loans, average, data):
    lent = loans * average
    one = statistics.Cohort("2026-Q1", loans, lent, *[data.draw(st.integers(0, lent)) for _name in statistics.PARTS], 1, lent // 2, lent // 3, 0, 0, 0)
    seen, step = statistics.rounded(one), max(average, lent // statistics.FINEST)
    assert seen.loans == loans
    for name in statistics.MONEY:
        amount, shown = getattr(one, name), getattr(seen, name)
        assert shown == seen.originated or shown % step == 0
        assert abs(shown - amount) <= step + abs(seen.originated - lent)
    assert abs(seen.originated - lent) * 200 <= lent


lines = st.lists(
    st.builds(
        Line,
        st.tuples(st.sampled_from(["2026-Q1", "2026-Q2", "2027-Q1"]), st.sampled_from(["6", "12"]), st.sampled_from(["low", "high"]), st.sampled_from("789")),
        st.sampled_from(["active", "late", "repaid"]),
        st.integers(0, 10),
    ),
    max_size=120,
)


@settings(max_examples=200)
@given(lines, st.integers(2, 12))
def test_every_description_on_the_tape_is_shared_by_k_loans(rows, k):
    found = tape.anonymous(rows, as_of=date(2027, 1, 31), k=k)
    assert all(count >= k for count in Counter(line.keys for line in found.lines).values())
    assert len(found.lines) + found.left_out == len(rows)
    assert found.left_out < k
    assert all(one <= other for one, other in pairwise(found.lines))  # the order says nothing of the register
    assert Counter(line.state for line in found.lines) - Counter(row.state for row in rows) == Counter()


def test_the_tape_speaks_of_a_month_at_least_thirty_days_past():
    assert tape.latest(date(2027, 3, 1)) == date(2026, 12, 31)
    assert tape.latest(date(2027, 3, 2)) == date(2027, 1, 31)


@pytest.mark.parametrize(("rate", "told"), [("0.29", "29%"), ("0.0799", "7%"), ("0.57", "57%"), ("0", "0%")])
def test_a_rate_falls_into_its_own_per_cent(rate, told):
    """0.29 × 100 is less than 29 to a float."""
    assert tape._keys(date(2026, 1, 15), 12, 1_000_000, Decimal(rate))[3] == told


@pytest.mark.django_db
def test_the_tape_never_says_more_than_came_back_and_the_book_is_read_once_a_day(monkeypatch, client):
    with rolled_back():
        loan, today = lend(alice().party, {bob().party: 1_000_000}, disbursed_on=date(2026, 1, 15)), date(2026, 3, 20)
        give(alice().party, 290_000, key="in")
        enter(loan, Entry(Kind.PAYMENT, date(2026, 1, 20), 290_000, {"choice": "lower"}), by=None, key="p", as_of=date(2026, 1, 20), now=NOW)
        cache.delete("loan-tape:2026-01-31")
        read = []
        monkeypatch.setattr(tape, "anonymous", lambda rows, as_of: read.append(rows) or tape.Tape(as_of, (), len(rows)))
        business_day.advance(to=today, now=NOW)
        first, second = (client.get("/statistics/loan-tape.csv").content for _look in range(2))
        assert first == second
        ((line,),) = read
        assert loan.repayments.get().principal * 10 // 1_000_000 == line.repaid_tenths == 2
