"""A loan's course from its events: figures by hand, and what holds for every history."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.replay import Contract, Event, Kind, UnableToReplay, quote, replay
from loans.replay.course import PARTS
from loans.waterfall import Split
from tests.counts import cases

START = date(2026, 1, 15)
CASES = cases(600, soak=10_000)


def contract(**changes):
    base = {
        "principal": 1_200_000,
        "annual_rate": Decimal("0.12"),
        "penalty_rate": Decimal("0.06"),
        "grace_days": 3,
        "default_after_days": 90,
        "method": "equal_installment",
        "periods": 12,
        "currency_digits": 2,
        "disbursed_on": START,
    }
    return Contract(**(base | changes))


def paid(number, on, amount, **data):
    return Event(number, Kind.PAYMENT, on, amount, data)


def course(*events, to, **changes):
    return replay(contract(**changes), events, closed_to=to)


def test_nothing_happens_until_a_due_date_passes():
    """12,000 at 12 % over 12 months: 1,066.19 a month, 120.00 of it interest at first."""
    found = course(to=date(2026, 2, 14))
    assert (found.state, found.days_late, found.outstanding) == ("active", 0, 1_200_000)
    assert found.rows[0].owed == Split(106_619 - 12_000, 12_000)
    assert found.accrued == 12_000  # 31 of 31 days by the morning of 15 February
    assert course(to=date(2026, 1, 30)).accrued == 12_000 * 16 // 31


def test_late_after_the_grace_days_and_charged_from_then_on():
    """Due 15 February, grace to the 18th. The 19th is the first day charged: 1,066.19 × 6 % ÷ 365 = 0.17 a night."""
    still = course(to=date(2026, 2, 18))
    assert (still.state, still.days_late) == ("late", 4)
    assert still.rows[1].owed.penalties == 0
    later = course(to=date(2026, 2, 28))
    assert later.days_late == 14
    assert later.rows[1].owed.penalties == 10 * 17


def test_default_freezes_late_charges():
    first = course(to=START + timedelta(days=31 + 91))
    assert (first.state, first.days_late) == ("defaulted", 92)
    assert [row.owed.penalties for row in course(to=date(2026, 12, 1)).rows] == [row.owed.penalties for row in first.rows]


def test_a_backdated_payment_takes_back_the_charges_it_would_have_spared():
    late = paid(1, date(2026, 3, 10), 106_619)
    seen = course(late, to=date(2026, 3, 20))
    assert seen.paid_by[1] == [(1, Split(94_619, 12_000))]
    assert seen.rows[1].owed.penalties == 19 * 17  # the nights after 19 February to 9 March
    found = course(late, paid(2, date(2026, 2, 15), 106_619), to=date(2026, 3, 20))
    assert found.rows[1].owed.penalties == 0
    assert found.rows[1].paid.total == 106_619
    assert found.days_late == 0


def test_a_returned_debit_is_as_if_it_had_never_been():
    events = [paid(1, date(2026, 2, 15), 106_619), Event(2, Kind.VOID, date(2026, 2, 20), undoes=1)]
    assert course(*events, to=date(2026, 2, 28)).rows == course(to=date(2026, 2, 28)).rows


def test_a_chargeback_is_owed_again_from_its_own_day():
    events = [paid(1, date(2026, 2, 15), 106_619), Event(2, Kind.CHARGEBACK, date(2026, 3, 1), 50_000, undoes=1)]
    found = course(*events, to=date(2026, 3, 1))
    again = found.rows[1]
    assert (again.number, again.due_on, again.owed) == (13, date(2026, 3, 1), Split(50_000))
    assert found.outstanding == 1_200_000 - 94_619 + 50_000
    assert found.days_late == 1
    with pytest.raises(UnableToReplay, match="more_than_paid"):
        course(events[0], replace(events[1], amount=106_620), to=date(2026, 3, 1))


def test_settling_early_pays_what_is_earned_and_waives_the_rest():
    day = date(2026, 3, 1)
    first = paid(1, date(2026, 2, 15), 106_619)
    owed = quote(course(first, to=day - timedelta(days=1)), day)
    assert owed.principal == 1_200_000 - 94_619
    assert owed.interest == round(11_054 * 14 / 28)
    found = course(first, Event(2, Kind.SETTLEMENT, day, owed.total), to=day)
    assert (found.state, found.closed_on, found.outstanding, found.overpaid) == ("repaid", day, 0, 0)
    assert found.accrued == 12_000 + owed.interest


@pytest.mark.parametrize("choice", ["shorten", "lower"])
def test_principal_repaid_early(choice):
    """On the second due date 3,000 more than due: the balance is 3,000 lower from that day on."""
    second = date(2026, 3, 15)
    events = [paid(1, date(2026, 2, 15), 106_619), paid(2, second, 106_619 + 300_000, choice=choice)]
    found, plain = course(*events, to=second), course(*events[:1], to=second)
    left = [row for row in found.rows if row.due_on > second]
    assert found.outstanding == plain.outstanding - (106_619 - plain.rows[1].owed.interest) - 300_000
    assert left[0].open.interest == round(found.outstanding * 0.01)
    if choice == "lower":
        assert len(left) == 10
        assert max(row.open.total for row in left) < 80_000
    else:
        assert len(left) == 7
        assert {row.open.total for row in left[:-1]} == {106_619}
    assert left[-1].open.total <= 106_619


def test_rescheduling_moves_what_is_open_into_new_installments():
    day = date(2026, 5, 2)
    terms = {"first_due_on": "2026-08-15", "periods": 18, "charges": "spread", "reason": "hardship"}
    before = course(to=day - timedelta(days=1))
    found = course(Event(1, Kind.RESCHEDULE, day, data=terms), to=day)
    new = [row for row in found.rows if row.moved_on is None]
    assert (found.state, found.days_late, len(new), new[0].due_on) == ("active", 0, 18, date(2026, 8, 15))
    assert found.outstanding == 1_200_000 == sum(row.owed.principal for row in new)
    assert sum(row.owed.penalties for row in new) == sum(row.owed.penalties for row in before.rows)
    assert found.accrued >= before.accrued


SPREAD = {"first_due_on": "2026-03-15", "periods": 10, "charges": "spread"}


def test_charges_a_new_schedule_spread_are_due_with_their_installments():
    """A fee of 50.00 and nine nights of 0.17 (51.53) over ten installments: 5.15 each, one cent more in three of them; none is due before its day."""
    day = date(2026, 2, 28)
    events = [Event(1, Kind.FEE, date(2026, 2, 10), 5_000), Event(2, Kind.RESCHEDULE, day, data=SPREAD)]
    before = course(*events, to=day)
    asked = [(row.spread.fees, row.spread.penalties) for row in before.rows if row.moved_on is None]
    assert (len(asked), {fees for fees, _penalties in asked}, sum(penalties for _fees, penalties in asked)) == (10, {500}, 9 * 17)
    first = before.rows[-10].open.total
    found = course(*events, paid(3, date(2026, 3, 15), first), to=date(2026, 3, 20))
    assert [row.paid_on for row in found.rows[-10:]] == [date(2026, 3, 15), *[None] * 9]
    assert [(row.open.fees, row.open.penalties) for row in found.rows[-9:]] == asked[1:]
    assert found.days_late == 0


@pytest.mark.parametrize("choice", ["shorten", "lower"])
def test_spread_charges_wait_while_principal_is_repaid_early(choice):
    """All that is not due goes to principal; finishing sooner asks the charges with the installments that stay."""
    day = date(2026, 2, 28)
    events = [Event(1, Kind.FEE, date(2026, 2, 10), 5_000), Event(2, Kind.RESCHEDULE, day, data=SPREAD)]
    found = course(*events, paid(3, day + timedelta(1), 500_000, choice=choice), to=day + timedelta(1))
    assert found.received == Split(500_000)
    new = [row for row in found.rows if row.moved_on is None]
    assert sum(row.open.fees for row in new) == sum(row.spread.fees for row in new) == 5_000
    assert len(new) == (10 if choice == "lower" else 6)
    assert all(row.open.principal for row in new)


def test_a_fee_made_after_a_new_schedule_is_due_at_once_and_paid_first():
    day = date(2026, 2, 28)
    events = [
        Event(1, Kind.FEE, date(2026, 2, 10), 5_000),
        Event(2, Kind.RESCHEDULE, day, data=SPREAD),
        paid(3, day, 300),
        Event(4, Kind.FEE, day, 200),
    ]
    found = course(*events, paid(5, day, 200), to=day)
    row = found.rows[-10]
    assert row.paid == Split(fees=300 - 16 + 200, penalties=16)  # ahead of its day, late charges first; then the new fee
    assert row.spread == Split(fees=500 - 284) == Split(fees=row.open.fees)
    assert found.paid_by[5] == [(row.number, Split(fees=200))]


def test_a_pause_charges_nothing_and_counts_no_day():
    pause = Event(1, Kind.PAUSE, date(2026, 2, 20), data={"until": "2026-03-05"})
    found = course(pause, to=date(2026, 3, 10))
    assert found.days_late == 24 - 14
    assert found.rows[1].owed.penalties + found.rows[2].owed.penalties == (1 + 5) * 17


def test_write_off_and_recovery():
    events = [Event(1, Kind.WRITE_OFF, date(2026, 8, 1)), Event(2, Kind.RECOVERY, date(2026, 10, 1), 400_000)]
    found = course(*events, to=date(2026, 12, 1))
    assert (found.state, found.outstanding) == ("written_off", 800_000)
    assert found.paid_by[2][0] == (1, Split(94_619))
    with pytest.raises(UnableToReplay, match="not_living"):
        course(*events, Event(3, Kind.WRITE_OFF, date(2026, 11, 1)), to=date(2026, 12, 1))


def test_what_cannot_be():
    with pytest.raises(UnableToReplay, match="before_disbursement"):
        course(paid(1, START - timedelta(days=1), 5), to=START)
    with pytest.raises(UnableToReplay, match="nothing_to_undo"):
        course(Event(1, Kind.VOID, START, undoes=7), to=START)
    with pytest.raises(UnableToReplay, match="already_undone"):
        course(paid(1, START, 5), Event(2, Kind.VOID, START, undoes=1), Event(3, Kind.VOID, START, undoes=1), to=START)
    with pytest.raises(UnableToReplay, match="returned_too_much"):
        course(Event(1, Kind.RETURNED, START, 1), to=START)


days = st.integers(0, 500).map(lambda n: START + timedelta(days=n))
payments = st.builds(
    lambda on, amount, choice: (Kind.PAYMENT, on, amount, {"choice": choice}, None),
    days,
    st.integers(1, 400_000),
    st.sampled_from(["next", "last", "shorten", "lower"]),
)
fees = st.builds(lambda on, amount: (Kind.FEE, on, amount, {}, None), days, st.integers(1, 5000))
waivers = st.builds(
    lambda on, amount, part: (Kind.WAIVER, on, amount, {"part": part}, None), days, st.integers(1, 50_000), st.sampled_from(["interest", "fees", "penalties"])
)
pauses = st.builds(lambda on, length: (Kind.PAUSE, on, 0, {"until": (on + timedelta(days=length)).isoformat()}, None), days, st.integers(0, 90))
goodwill = st.builds(lambda on, amount: (Kind.GOODWILL, on, amount, {}, None), days, st.integers(1, 50_000))
undoing = st.builds(lambda on, target: (Kind.VOID, on, 0, {}, target), days, st.integers(1, 8))
anew = st.builds(
    lambda on, wait, periods, charges: (
        Kind.RESCHEDULE,
        on,
        0,
        {"first_due_on": (on + timedelta(days=wait)).isoformat(), "periods": periods, "charges": charges},
        None,
    ),
    days,
    st.integers(1, 90),
    st.integers(1, 12),
    st.sampled_from(["spread", "waive"]),
)
histories = st.lists(st.one_of(payments, payments, payments, fees, waivers, pauses, goodwill, undoing, anew), max_size=10)
contracts = st.builds(
    lambda method, rate, principal, periods: contract(method=method, annual_rate=rate, principal=principal, periods=periods),
    st.sampled_from(["equal_installment", "equal_principal", "interest_only", "bullet", "flat"]),
    st.sampled_from([Decimal(0), Decimal("0.08"), Decimal("0.155"), Decimal("0.36")]),
    st.integers(1000, 3_000_000),
    st.integers(1, 18),
)


def numbered(drawn):
    return [Event(number, kind, on, amount, data, undoes) for number, (kind, on, amount, data, undoes) in enumerate(drawn, start=1)]


def replayed(terms, events, to):
    """The course, leaving out undo events that undo nothing: they are another test's."""
    while True:
        try:
            return replay(terms, events, closed_to=to), events
        except UnableToReplay as error:
            events = [event for event in events if event.number != error.event]


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(contracts, histories, days)
def test_nothing_is_lost_and_nothing_is_negative(terms, drawn, to):
    found, events = replayed(terms, numbered(drawn), to)
    undone = {event.undoes for event in events if event.kind is Kind.VOID}
    brought = sum(event.amount for event in events if event.kind in (Kind.PAYMENT, Kind.GOODWILL) and event.number not in undone)
    assert found.received.total + found.overpaid == brought
    assert sum(row.owed.principal for row in found.rows) == terms.principal
    assert found.outstanding == terms.principal - found.received.principal >= 0
    for row in found.rows:
        assert all(getattr(row.open, part) >= 0 and getattr(row.paid, part) >= 0 and getattr(row.waived, part) >= 0 for part in PARTS)
        assert (row.paid_on is not None) == (row.open.total == 0)
        assert all(0 <= getattr(row.spread, part) <= getattr(row.open, part) for part in PARTS)
    assert [(row.due_on, row.number) for row in found.rows] == sorted((row.due_on, row.number) for row in found.rows)
    assert (found.state == "repaid") == (not any(found.unpaid()))
    assert (found.closed_on is not None) == (found.state == "repaid")
    assert found.days_late >= 0


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(contracts, st.lists(st.tuples(days, st.integers(1, 200_000)), max_size=5), days, st.lists(st.integers(1, 200_000), min_size=2, max_size=4), days)
def test_order_of_same_day_arrivals_changes_nothing_but_who_paid_which_part(terms, earlier, day, amounts, to):
    before = [(Kind.PAYMENT, on, amount, {}, None) for on, amount in earlier]
    one, other = ([*before, *((Kind.PAYMENT, day, amount, {}, None) for amount in order)] for order in (amounts, amounts[::-1]))
    first, second = replay(terms, numbered(one), closed_to=to), replay(terms, numbered(other), closed_to=to)
    assert (first.rows, first.state, first.days_late, first.overpaid) == (second.rows, second.state, second.days_late, second.overpaid)


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(contracts, st.lists(st.tuples(days, st.integers(1, 200_000)), max_size=6), st.randoms())
def test_order_of_entry_changes_nothing(terms, payments_, shuffle):
    """The same payments, entered in another order, are the same history: a backdated entry equals one made in time."""
    entered = list(payments_)
    shuffle.shuffle(entered)
    courses = [
        replay(terms, numbered([(Kind.PAYMENT, on, amount, {}, None) for on, amount in one]), closed_to=START + timedelta(500))
        for one in (sorted(payments_), entered)
    ]
    assert courses[0].rows == courses[1].rows
    assert courses[0].state == courses[1].state


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(contracts, histories, days, st.integers(0, 120))
def test_a_later_close_never_forgets(terms, drawn, to, more):
    """Closing more days adds late charges and days; what was paid and who paid it stays."""
    events = [event for event in numbered(drawn) if event.on <= to]
    found, events = replayed(terms, events, to)
    later = replay(terms, events, closed_to=to + timedelta(days=more))
    assert later.paid_by == found.paid_by
    assert later.accrued >= found.accrued
    assert sum(row.owed.penalties for row in later.rows) >= sum(row.owed.penalties for row in found.rows)
