"""Public figures never speak of a few people; the tape's every description is shared, and nobody's line can be left in narrow words."""

from collections import Counter
from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from loans import statistics, tape
from loans.tape import Line

AMOUNTS = len(statistics.AMOUNTS)


def cohort(name: str, loans: int) -> statistics.Cohort:
    return statistics.Cohort(name, loans, *[loans] * (AMOUNTS - 1))


def test_small_quarters_are_told_with_their_neighbors_and_nothing_is_lost():
    told = statistics.published([cohort("2026-Q1", 12), cohort("2026-Q2", 3), cohort("2026-Q3", 8), cohort("2026-Q4", 2)])
    assert [(one.name, one.loans) for one in told] == [("2026-Q1", 12), ("2026-Q2 – 2026-Q4", 13)]
    assert statistics.published([cohort("2026-Q1", 4), cohort("2026-Q2", 5)]) == []
    assert statistics.published([]) == []


@given(st.lists(st.integers(1, 25), max_size=12))
def test_no_figure_is_about_fewer_than_ten_loans(sizes):
    told = statistics.published([cohort(f"{2020 + k}-Q1", size) for k, size in enumerate(sizes)])
    assert all(one.loans >= statistics.SMALLEST for one in told)
    assert sum(one.loans for one in told) == (sum(sizes) if sum(sizes) >= statistics.SMALLEST else 0)


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
