"""Principal repaid early on a loan that is no longer as it was agreed: after a new schedule, after an installment paid in advance, twice a month."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loans.replay import Event, Kind, replay
from loans.waterfall import Split
from tests.counts import cases
from tests.loans.test_replay import START, contract, course, paid

CASES = cases(300, soak=5_000)
DAY = timedelta(days=1)
LEVEL = 106_619


def interest_of(found):
    """All interest the contract asks for, paid or not."""
    return sum(row.owed.interest - row.waived.interest for row in found.rows)


def anew(number, on, *, periods=12, months_off=1, **data):
    """A new schedule, first due on the 15th some months on."""
    month = on.month - 1 + months_off
    first = date(on.year + month // 12, month % 12 + 1, 15)
    return Event(number, Kind.RESCHEDULE, on, data={"first_due_on": first.isoformat(), "periods": periods, "charges": "waive", **data})


def ahead(found, on):
    return [row for row in found.rows if row.due_on > on and row.open.principal]


@pytest.mark.parametrize("choice", ["shorten", "lower"])
def test_one_yuan_after_a_longer_term_takes_no_earned_interest_away(choice):
    """Nothing paid until June, then twelve new installments: the interest of five months stands in them whatever is repaid early."""
    june, july = date(2026, 6, 20), date(2026, 7, 1)
    events = [anew(1, june)]
    plain = course(*events, to=july - DAY)
    found = course(*events, paid(2, july, 100, choice=choice), to=july - DAY)
    assert found.accrued == plain.accrued
    assert 0 <= interest_of(plain) - interest_of(found) <= 20
    last = found.rows[-1].due_on
    everything = course(*events, paid(2, july, 1_200_000, choice=choice), to=july - DAY)
    assert (everything.outstanding, everything.accrued) == (0, plain.accrued)
    late = last - timedelta(days=3)
    course(*events, paid(2, july, 1_100_000, choice=choice), paid(3, late, 100_000, choice=choice), paid(4, late, 5, choice=choice), to=late)


@pytest.mark.parametrize("choice", ["shorten", "lower"])
def test_a_payment_holiday_bears_its_interest_though_something_is_repaid_in_it(choice):
    day = date(2026, 2, 20)
    events = [paid(1, date(2026, 2, 15), LEVEL), anew(2, day, months_off=4)]
    plain, found = course(*events, to=day), course(*events, paid(3, day, 100, choice=choice), to=day)
    assert 0 <= interest_of(plain) - interest_of(found) <= 20


@pytest.mark.parametrize("choice", ["shorten", "lower"])
def test_a_lowered_rate_stays_lowered(choice):
    """New terms without interest, then a plain spread that names no rate, then money ahead of time."""
    day = date(2026, 4, 1)
    events = [anew(1, day, annual_rate="0"), anew(2, day + DAY), paid(3, day + 2 * DAY, 50_000, choice=choice)]
    found = course(*events, to=day + 2 * DAY)
    assert found.rate == 0
    assert all(row.owed.interest == row.brought for row in ahead(found, day))


def test_finishing_sooner_after_paying_ahead_makes_no_balloon():
    """The next installment was paid in advance: the level is that of the untouched ones, and the loan ends one or more of them earlier."""
    day = date(2026, 2, 1)
    events = [paid(1, day, LEVEL)]
    plain, found = course(*events, to=day), course(*events, paid(2, day + DAY, 100_000, choice="shorten"), to=day + DAY)
    left = ahead(found, day)
    assert len(left) < len(ahead(plain, day))
    assert max(row.open.total for row in left) <= LEVEL + 1
    assert interest_of(found) < interest_of(plain)
    lower = course(*events, paid(2, day + DAY, 100_000, choice="lower"), to=day + DAY)
    assert lower.rows[0].paid_on == day
    assert len(ahead(lower, day)) == 11


def test_repaying_twice_in_a_month_costs_no_more_than_once():
    day = date(2026, 2, 1)
    once = course(paid(1, day, 100_000, choice="lower"), to=day)
    twice = course(paid(1, day, 50_000, choice="lower"), paid(2, day, 50_000, choice="lower"), to=day)
    assert abs(interest_of(once) - interest_of(twice)) <= 1


JULY = date(2026, 7, 15)
FLAT_START = [paid(n, date(2026, n + 1, 15), 112_000) for n in range(1, 6)]


def flat(amount, choice):
    """12,000 flat at 12 %: 1,000 and 120 a month. Six installments paid, and `amount` more on the sixth day."""
    found = course(*FLAT_START, paid(6, JULY, 112_000 + amount, choice=choice), to=JULY, method="flat")
    return [(row.open.principal, row.open.interest) for row in ahead(found, JULY)]


def test_flat_interest_falls_with_the_principal_repaid_and_by_no_more():
    """Of 6,000 to come half is repaid: half of each installment's 120 stays, or three installments of six stay as they are; a cent changes nothing."""
    assert flat(1, "lower") == [(100_000, 12_000)] * 5 + [(99_999, 12_000)]
    assert flat(300_000, "lower") == [(50_000, 6_000)] * 6
    assert flat(300_000, "shorten") == [(100_000, 12_000)] * 3
    assert flat(350_000, "shorten") == [(100_000, 12_000)] * 2 + [(50_000, 6_000)]
    assert flat(150_000, "lower") == [(75_000, 9_000)] * 6


def test_lower_installments_ask_nothing_again_that_was_paid_ahead():
    """500.00 of the first installment is paid ahead: its 120.00 interest, 380.00 of principal. With 3,000 repaid early the level is that of 9,000 over
    twelve: 799.64, of which 709.64 principal at first. The first asks 329.64 more; the second 82.90 on 8,290.36 and 716.74."""
    found = course(paid(1, START, 50_000), paid(2, START, 300_000, choice="lower"), to=START)
    left = ahead(found, START)
    assert left[0].open == Split(32_964)
    assert left[1].open == Split(71_674, 8_290)
    assert {row.open.total for row in left[1:-1]} == {79_964}


def test_lowered_far_below_what_was_paid_ahead_the_next_asks_nothing_and_the_others_are_level():
    """900.00 ahead is 780.00 of principal; 8,000 early leaves 3,220 over the other eleven: 310.58 each, 32.20 of it interest at first."""
    events = [paid(1, START, 90_000), paid(2, START, 800_000, choice="lower")]
    found = course(*events, to=START)
    first, *others = [row for row in found.rows if row.due_on > START]
    assert first.open == Split()
    assert others[0].open == Split(27_838, 3_220)
    assert {row.open.total for row in others[:-1]} == {31_058}
    again = course(*events, paid(3, START, 10_000, choice="shorten"), to=START)
    assert again.rows[0].open == Split()
    assert max(row.open.total for row in ahead(again, START)) <= 31_060  # the level with the last row's remainder


amounts = st.integers(1, 400_000)
offsets = st.integers(0, 420)
methods = st.sampled_from(["equal_installment", "equal_principal", "flat"])
rates = st.sampled_from([Decimal(0), Decimal("0.08"), Decimal("0.155"), Decimal("0.36")])
before = st.lists(st.tuples(offsets, amounts, st.sampled_from(["next", "last"])), max_size=4)


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(st.sampled_from(["equal_installment", "equal_principal", "interest_only", "bullet", "flat"]), rates, before, offsets, st.data())
def test_after_a_new_schedule_nothing_earned_is_lost(method, rate, earlier, moved, data):
    terms = contract(method=method, annual_rate=rate)
    on = START + timedelta(days=moved)
    events = [Event(n, Kind.PAYMENT, START + timedelta(days=day), amount, {"choice": how}) for n, (day, amount, how) in enumerate(earlier, start=1)]
    if replay(terms, events, closed_to=on).outstanding == 0:
        return
    lower = data.draw(st.sampled_from([None, "0", "0.05"])) if rate >= Decimal("0.05") else None
    events.append(anew(9, on, periods=data.draw(st.integers(1, 24)), months_off=data.draw(st.integers(1, 4)), **({"annual_rate": lower} if lower else {})))
    for number in (10, 11, 12):
        on += timedelta(days=data.draw(st.integers(0, 90)))
        plain = replay(terms, events, closed_to=on - DAY)
        if plain.state == "repaid":
            return
        due = sum(row.open.total for row in plain.rows if row.due_on <= on)
        events.append(paid(number, on, due + data.draw(amounts), choice=data.draw(st.sampled_from(["shorten", "lower"]))))
        found = replay(terms, events, closed_to=on - DAY)
        assert sum(row.owed.principal for row in found.rows) == terms.principal
        assert all(0 <= row.carried <= row.owed.interest for row in found.rows)
        assert earned(found, on) == earned(plain, on)


def earned(found, on):
    return sum(row.earned(on) for row in found.rows)


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(methods, rates, before, offsets, st.integers(1, 1_200_000))
def test_finishing_sooner_never_costs_more_nor_lasts_longer_nor_asks_more_at_once(method, rate, earlier, day, amount):
    terms, on = contract(method=method, annual_rate=rate), START + timedelta(days=day)
    events = [Event(n, Kind.PAYMENT, START + timedelta(days=at), sum_, {"choice": how}) for n, (at, sum_, how) in enumerate(earlier, start=1)]
    plain = replay(terms, events, closed_to=on - DAY)
    known = [row for row in ahead(plain, on) if row.due_on > on]
    found = replay(terms, [*events, paid(9, on, amount, choice="shorten")], closed_to=on - DAY)
    left = ahead(found, on)
    assert interest_of(found) <= interest_of(plain) + len(known)
    assert len(left) <= len(known)
    highest = max((row.owed.principal + row.owed.interest for row in known), default=0)
    assert all(row.owed.principal - row.early + row.owed.interest <= highest + 12 for row in left)


@pytest.mark.soak
@settings(max_examples=cases(150, soak=5_000), deadline=None)
@given(methods, rates, st.lists(st.tuples(offsets, amounts, st.sampled_from(["next", "lower"])), max_size=3), offsets, st.integers(1, 1_200_000))
@example("equal_installment", Decimal(0), [(123, 1, "next")], 31, 100_000)  # paid, it falls into default a month later, and bears late charges until then
def test_lower_installments_raise_none_and_end_no_later(method, rate, earlier, day, amount):
    """Late charges aside: default ends them, so whom a payment keeps out of default for longer may bear more of them."""
    terms, on = contract(method=method, annual_rate=rate), START + timedelta(days=day)
    events = [Event(n, Kind.PAYMENT, START + timedelta(days=at), sum_, {"choice": how}) for n, (at, sum_, how) in enumerate(earlier, start=1)]
    known = {row.number: asked(row) for row in replay(terms, events, closed_to=on - DAY).rows}
    found = replay(terms, [*events, paid(9, on, amount, choice="lower")], closed_to=on - DAY)
    for row in found.rows:
        assert asked(row) <= known[row.number] + 12


def asked(row):
    return row.open.total - row.open.penalties
