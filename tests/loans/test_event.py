"""What happens to a loan, entered and booked: money to the cent, corrections as new transfers, and the tables equal to the events."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import event as events
from loans import repayment
from loans.day import prove
from loans.event import Entry, UnableToEnter, enter
from loans.models import Clawback, Repayment
from loans.replay import Kind
from tests.cast import alice, bob, carol, eve
from tests.counts import cases
from tests.loans.book import NOW, START, assert_stored_is_replayed, cash, give, lend, platform, rolled_back
from tests.loans.spending import fund_platform, spend

pytestmark = pytest.mark.django_db
FEB, MAR = date(2026, 2, 15), date(2026, 3, 15)
LEVEL = 106_619


@pytest.fixture
def people():
    with rolled_back():
        borrower, *holders = (who(now=NOW).party for who in (alice, bob, carol, eve))
        give(borrower, 2_000_000, key="alice")
        yield borrower, holders


@pytest.fixture
def loan(people):
    borrower, holders = people
    return lend(borrower, dict(zip(holders, (600_000, 400_000, 200_000), strict=True)))


def put(loan, kind, on, amount=0, *, as_of=None, undoes=None, key=None, **data):
    return enter(loan, Entry(kind, on, amount, data, undoes), by=None, key=key or f"{kind}-{on}-{amount}-{undoes}", as_of=as_of or on, now=NOW)


def sound(loan):
    loan.refresh_from_db()
    assert_stored_is_replayed(loan)
    assert prove.prove(as_of=START) == []
    assert check_books().is_clean


def test_a_payment_reaches_every_holder_and_the_platform(loan, people):
    borrower, holders = people
    made = events.repayment_of(put(loan, Kind.PAYMENT, FEB, LEVEL))
    assert (made.principal, made.interest) == (94_619, 12_000)
    fees = [300, 200, 100]  # a twentieth of 6,000, 4,000 and 2,000 of interest
    assert [cash(holder) for holder in holders] == [47_309 + 5_700, 31_540 + 3_800, 15_770 + 1_900]
    assert platform(AccountCode.SERVICING_FEES) == sum(fees)
    assert cash(borrower) == 2_000_000 - LEVEL
    sound(loan)


def test_a_backdated_payment_is_previewed_then_corrects_with_new_transfers(loan, people):
    _borrower, holders = people
    put(loan, Kind.PAYMENT, date(2026, 3, 10), LEVEL)
    put(loan, Kind.PAYMENT, date(2026, 3, 20), 50_000)
    late = loan.repayments.get(kind="payment", paid_on=date(2026, 3, 20))
    assert late.penalties == 19 * 17  # the nights of 19 February to 9 March; by the 20th the grace of the next one has not passed long
    entry = Entry(Kind.PAYMENT, FEB, LEVEL)
    seen = events.preview(loan, entry, as_of=date(2026, 3, 21))
    assert (seen.state_before, seen.state_after, seen.days_after) == ("active", "active", 0)
    assert seen.holders.penalties == -late.penalties
    assert seen.corrects
    assert Repayment.objects.filter(kind="correction").count() == 0
    before = [cash(holder) for holder in holders]
    put(loan, Kind.PAYMENT, FEB, LEVEL, as_of=date(2026, 3, 21), key="backdated")
    correction = loan.repayments.get(kind="correction")
    assert (correction.amount, correction.penalties) == (0, -late.penalties)
    assert sum(cash(holder) for holder in holders) - sum(before) + 0 <= LEVEL
    sound(loan)


def test_a_returned_debit_takes_the_money_back_from_the_holders(loan, people):
    borrower, holders = people
    paid = put(loan, Kind.PAYMENT, FEB, LEVEL)
    events.undo(loan, paid, by=None, why="returned_debit", as_of=date(2026, 2, 20), now=NOW)
    assert cash(borrower) == 2_000_000
    assert [cash(holder) for holder in holders] == [0, 0, 0]
    assert platform(AccountCode.SERVICING_FEES) == 0
    loan.refresh_from_db()
    assert (loan.days_late, loan.state) == (5, "late")
    sound(loan)


def test_a_holder_who_spent_it_owes_the_platform_which_advances_it(loan, people):
    borrower, holders = people
    paid = put(loan, Kind.PAYMENT, FEB, LEVEL)
    spend(holders[0], 50_000, key="spent")
    fund_platform(30_000, key="own")
    with pytest.raises(UnableToEnter, match="platform_short"):
        events.undo(loan, paid, by=None, why="returned_debit", as_of=date(2026, 2, 20), now=NOW)
    fund_platform(30_000, key="fees", code=AccountCode.ORIGINATION_FEES)  # neither covers 50,000, both together do
    events.undo(loan, paid, by=None, why="returned_debit", as_of=date(2026, 2, 20), now=NOW)
    owed = Clawback.objects.get()
    assert (owed.amount, owed.participation.party) == (50_000, holders[0])
    assert cash(borrower) == 2_000_000
    assert (platform(AccountCode.OPERATOR_FUNDS), platform(AccountCode.ORIGINATION_FEES)) == (0, 10_000)
    put(loan, Kind.PAYMENT, date(2026, 2, 21), LEVEL, key="again")
    owed.refresh_from_db()
    assert owed.recovered == 50_000
    assert platform(AccountCode.OPERATOR_FUNDS) == 50_000
    assert cash(holders[0]) > 0
    sound(loan)


def test_a_chargeback_is_owed_again_and_the_holders_give_it_back(loan, people):
    borrower, holders = people
    paid = put(loan, Kind.PAYMENT, FEB, LEVEL)
    put(loan, Kind.CHARGEBACK, date(2026, 2, 20), 60_000, undoes=paid.number)
    assert cash(borrower) == 2_000_000 - LEVEL + 60_000
    assert sum(cash(holder) for holder in holders) + platform(AccountCode.SERVICING_FEES) == LEVEL - 60_000
    assert repayment.owed(loan, as_of=date(2026, 2, 20)).due == 60_000
    sound(loan)


def test_goodwill_is_the_platforms_own_money(loan, people):
    borrower, holders = people
    with pytest.raises(UnableToEnter, match="platform_short"):
        put(loan, Kind.GOODWILL, FEB, 10_000)
    fund_platform(10_000, key="own")
    put(loan, Kind.GOODWILL, FEB, 10_000)
    assert platform(AccountCode.OPERATOR_FUNDS) == 0
    assert cash(borrower) == 2_000_000
    assert sum(cash(holder) for holder in holders) + platform(AccountCode.SERVICING_FEES) == 10_000
    sound(loan)


def test_what_was_overpaid_stands_apart_and_is_returned(loan, people):
    """The last payment pays late charges; a backdated payment makes them vanish, and the loan is overpaid by as much."""
    borrower, _holders = people
    last = date(2026, 3, 1)
    put(loan, Kind.SETTLEMENT, last, repayment.quote_settlement(loan, as_of=last).total)
    loan.refresh_from_db()
    assert loan.state == "repaid"
    put(loan, Kind.PAYMENT, FEB, 20_000, as_of=date(2026, 3, 5), key="found later")
    loan.refresh_from_db()
    over = loan.standing.overpaid
    assert over > 20_000
    with pytest.raises(UnableToEnter, match="returned_too_much"):
        put(loan, Kind.RETURNED, date(2026, 3, 6), over + 1)
    had = cash(borrower)
    put(loan, Kind.RETURNED, date(2026, 3, 6), over)
    assert cash(borrower) == had + over
    sound(loan)


def test_write_off_recovery_and_undoing_it(loan, people):
    put(loan, Kind.WRITE_OFF, date(2026, 8, 1))
    loan.refresh_from_db()
    assert loan.state == "written_off"
    made = events.repayment_of(put(loan, Kind.RECOVERY, date(2026, 9, 1), 300_000))
    assert (made.principal, made.interest) == (300_000, 0)
    sound(loan)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (Entry(Kind.PAYMENT, FEB, 0), "not_positive"),
        (Entry(Kind.PAYMENT, FEB, -5), "not_positive"),
        (Entry(Kind.PAYMENT, date(2026, 2, 17), 5), "in_future"),
        (Entry(Kind.PAYMENT, START - timedelta(days=1), 5), "before_disbursement"),
        (Entry(Kind.PAYMENT, FEB, 9_000_000), "more_than_owed"),
        (Entry(Kind.RECOVERY, FEB, 5), "not_written_off"),
        (Entry(Kind.VOID, FEB, undoes=9), "nothing_to_undo"),
        (Entry(Kind.VOID, FEB), "nothing_to_undo"),
        (Entry(Kind.CHARGEBACK, FEB, 5), "more_than_paid"),
        (Entry(Kind.PAUSE, FEB, -1, {"until": "2026-03-01"}), "not_positive"),
        (Entry(Kind.RESCHEDULE, FEB, data={"first_due_on": "2026-02-10", "periods": 6}), "no_such_schedule"),
        (Entry(Kind.RESCHEDULE, FEB, data={"first_due_on": "2026-03-10", "periods": 0}), "no_such_schedule"),
    ],
)
def test_what_cannot_be_entered_is_refused_and_nothing_is_written(loan, entry, code):
    with pytest.raises(UnableToEnter) as caught:
        enter(loan, entry, by=None, key="x", as_of=date(2026, 2, 16), now=NOW)
    assert caught.value.code == code
    assert not loan.events.exists()
    assert not loan.repayments.exists()


def test_the_same_key_is_the_same_event_and_another_use_of_it_is_refused(loan):
    first = put(loan, Kind.PAYMENT, FEB, 5000, key="form-1")
    assert put(loan, Kind.PAYMENT, FEB, 5000, key="form-1") == first
    assert loan.repayments.count() == 1
    with pytest.raises(UnableToEnter, match="key_conflict"):
        put(loan, Kind.PAYMENT, FEB, 5001, key="form-1")


def test_a_closed_loan_takes_nothing(loan):
    put(loan, Kind.SETTLEMENT, FEB, repayment.quote_settlement(loan, as_of=FEB).total)
    loan.refresh_from_db()
    with pytest.raises(UnableToEnter, match="not_living"):
        put(loan, Kind.PAYMENT, MAR, 5)
    with pytest.raises(UnableToEnter, match="not_living"):
        put(loan, Kind.FEE, MAR, 5)


def test_events_are_never_edited(loan):
    made = put(loan, Kind.PAYMENT, FEB, 5000)
    with rolled_back(), pytest.raises(Exception, match="Cannot update"):
        connection.cursor().execute("UPDATE loans_loanevent SET amount = 1 WHERE id = %s", [made.pk])


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["payment", "payment", "payment", "settle", "fee", "waive", "void", "pause", "reschedule", "chargeback", "goodwill", "write_off", "recovery"]
        ),
        st.integers(0, 60),
        st.integers(0, 40),
        st.integers(1, 200_000),
        st.sampled_from(["next", "shorten", "lower", "last"]),
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.soak
@settings(max_examples=cases(12, soak=2000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.sampled_from(["equal_installment", "equal_principal"]), st.sampled_from([Decimal(0), Decimal("0.12"), Decimal("0.36")]))
def test_replay_of_events_is_the_stored_state(people, drawn, method, rate):
    borrower, holders = people
    with rolled_back():
        fund_platform(10_000_000, key="own")
        give(borrower, 8_000_000, key="more")
        loan = lend(borrower, dict(zip(holders, (7, 400_001, 199_993), strict=True)), method=method, annual_rate=rate, term_months=6)
        today = START
        for number, (what, ahead, back, amount, choice) in enumerate(drawn):
            today += timedelta(days=ahead)
            entry = made_of(loan, what, max(today - timedelta(days=back), START), amount, choice, today)
            if entry is None:
                continue
            try:
                enter(loan, entry, by=None, key=f"step-{number}", as_of=today, now=NOW)
            except UnableToEnter:
                continue
            loan.refresh_from_db()
            assert_stored_is_replayed(loan)
            brought = events.booked(loan)
            assert brought.principal == loan.principal - loan.standing.outstanding
            assert sum(loan.participations.values_list("received_principal", flat=True)) == brought.principal
        assert prove.prove(as_of=START) == []
        assert check_books().is_clean


def made_of(loan, what, on, amount, choice, today):
    """An entry of that kind, or None where there is nothing to undo."""
    paid = loan.events.filter(kind="payment").order_by("-number").first()
    kinds = {
        "payment": Entry(Kind.PAYMENT, on, amount, {"choice": choice}),
        "settle": Entry(Kind.SETTLEMENT, today, max(repayment.quote_settlement(loan, as_of=today).total, 1)),
        "fee": Entry(Kind.FEE, on, amount % 5000 + 1),
        "waive": Entry(Kind.WAIVER, on, amount, {"part": ("interest", "fees", "penalties")[amount % 3]}),
        "void": paid and Entry(Kind.VOID, today, undoes=paid.number),
        "pause": Entry(Kind.PAUSE, on, data={"until": (on + timedelta(days=amount % 90)).isoformat()}),
        "reschedule": Entry(Kind.RESCHEDULE, today, data={"first_due_on": (today + timedelta(days=30)).isoformat(), "periods": amount % 12 + 1}),
        "chargeback": paid and Entry(Kind.CHARGEBACK, today, min(amount, paid.amount), undoes=paid.number),
        "goodwill": Entry(Kind.GOODWILL, today, amount % 10_000 + 1),
        "write_off": Entry(Kind.WRITE_OFF, today),
        "recovery": Entry(Kind.RECOVERY, today, amount),
    }
    return kinds[what]
