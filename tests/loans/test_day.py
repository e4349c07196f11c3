"""Closing days over the whole book: the same figures as the replay of each loan, once a day, in any number of hands."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core import business_day
from ledger.checks import check_books
from loans import day, repayment
from loans import event as events
from loans.day import close, collect, prove, run
from loans.event import Entry, UnableToEnter, enter
from loans.models import AutopayOrder, DayBook, DayRun, Loan, ParkedLoan, Standing
from loans.replay import Kind
from tests.cast import alice, bob, carol, eve
from tests.counts import cases
from tests.loans.book import NOW, START, assert_stored_is_replayed, cash, give, lend, rolled_back
from tests.loans.spending import fund_platform

pytestmark = pytest.mark.django_db
FEB = date(2026, 2, 15)
LEVEL = 106_619


@pytest.fixture
def people():
    with rolled_back():
        business_day.advance(to=START, now=NOW)
        borrower, *holders = (who(now=NOW).party for who in (alice, bob, carol, eve))
        yield borrower, holders


@pytest.fixture
def loan(people):
    borrower, holders = people
    return lend(borrower, dict(zip(holders, (600_000, 400_000, 200_000), strict=True)))


def close_to(last: date) -> None:
    """Morning of the day after `last`: most nights loan by loan, the last ones as whole runs."""
    first = Standing.objects.earliest("closed_to").closed_to
    if DayRun.objects.exists() or first >= last - timedelta(days=1):
        day.close_day(to=last + timedelta(days=1), now=NOW)
        return
    while first < last - timedelta(days=1):
        first += timedelta(days=1)
        close.close(0, 2**62, day=first, now=NOW)
    business_day.advance(to=last, now=NOW)
    close_to(last)


def test_a_month_of_nights(loan):
    """Interest by days, the due date, the grace days, one late charge a night from the fourth on."""
    close_to(FEB - timedelta(days=1))
    loan.refresh_from_db()
    assert (loan.days_late, loan.standing.accrued, loan.standing.period_due) == (0, 12_000, date(2026, 3, 15))
    close_to(FEB + timedelta(days=3))
    loan.refresh_from_db()
    assert (loan.state, loan.days_late) == ("late", 4)
    assert not loan.charges.exists()
    close_to(date(2026, 2, 28))
    assert list(loan.charges.values_list("charged_on__day", "amount")) == [(number, 17) for number in range(19, 29)]
    assert_stored_is_replayed(loan)


def test_default_and_the_book_by_bucket(loan, people):
    borrower, holders = people
    lend(borrower, {holders[0]: 500_000})
    events.enter(loan, Entry(Kind.NOTE, START, data={"what": "nothing"}), by=None, key="n", as_of=START, now=NOW)
    close_to(FEB - timedelta(days=1))
    close_to(FEB)
    assert DayBook.objects.get(on=FEB - timedelta(days=1)).bucket == "current"
    assert DayBook.objects.get(on=FEB).bucket == "1-30"
    DayRun.objects.all().delete()
    close_to(FEB + timedelta(days=91))
    loan.refresh_from_db()
    assert (loan.state, loan.days_late) == ("defaulted", 92)
    assert_stored_is_replayed(loan)
    last = DayBook.objects.filter(on=FEB + timedelta(days=91))
    assert list(last.values_list("bucket", "loans", "outstanding", "provision")) == [("90+", 2, 1_700_000, 1_020_000)]


def test_a_finished_day_does_nothing_again(loan):
    close_to(FEB)
    with connection.execute_wrapper(refuse_writes):
        assert day.run_day(on=FEB, now=NOW).phase == DayRun.Phase.FINISHED
        day.close_day(to=FEB + timedelta(days=1), now=NOW)


def refuse_writes(execute, sql, params, many, context):
    assert not sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH")), sql
    return execute(sql, params, many, context)


def test_days_are_neither_skipped_nor_taken_back(loan):
    close_to(FEB)
    with pytest.raises(day.UnableToClose, match="day_skipped"):
        day.run_day(on=FEB + timedelta(days=2), now=NOW)
    DayRun.objects.filter(on=START).delete()
    with pytest.raises(day.UnableToClose, match="day_past"):
        day.run_day(on=START, now=NOW)


def test_a_clock_that_goes_back_closes_nothing(loan):
    close_to(FEB)
    day.close_day(to=START, now=NOW)
    assert business_day.current() == FEB + timedelta(days=1)


def test_two_that_close_the_same_day_at_once_work_on_one_run(loan, monkeypatch):
    """Between reading the day and turning it another process turns it: its run is joined, nobody is refused."""
    close_to(FEB)
    faster, today = [], business_day.current()

    def read():
        if not faster:
            faster.append(run._turn(today, now=NOW, queue=False))
            return today
        return known()

    known = business_day.current
    monkeypatch.setattr(business_day, "current", read)
    day.close_day(to=today + timedelta(days=1), now=NOW)
    assert [(one.pk, one.phase) for one in DayRun.objects.filter(on=today)] == [(faster.pop().pk, DayRun.Phase.FINISHED)]
    monkeypatch.setattr(business_day, "current", lambda: today)
    begun = day.begin(to=today + timedelta(days=1), now=NOW)
    assert begun is not None
    assert begun.on == today
    assert_stored_is_replayed(Loan.objects.get(pk=loan.pk))


def test_a_payment_between_two_nights_is_not_charged_twice(loan, people):
    """The wallet pays in the morning before the night was closed for this loan: the payment closes it, the run passes it by."""
    borrower, _holders = people
    give(borrower, 500_000, key="alice")
    close_to(date(2026, 2, 20))
    business_day.advance(to=date(2026, 2, 22), now=NOW)
    repayment.pay(loan=loan, amount=20_000, by=None, key="early", as_of=date(2026, 2, 22), now=NOW)
    day.run_day(on=date(2026, 2, 21), now=NOW)
    assert sum(loan.charges.values_list("amount", flat=True)) == 3 * 17
    assert_stored_is_replayed(loan)


def test_a_loan_that_cannot_be_closed_is_parked_and_the_rest_goes_on(loan, people):
    borrower, holders = people
    others = [lend(borrower, {holders[0]: 300_000 + n}) for n in range(5)]
    close_to(FEB)
    Standing.objects.filter(pk=others[2].pk).update(period_from=F("period_due"))
    close_to(FEB + timedelta(days=4))
    parked = ParkedLoan.objects.get()
    assert (parked.loan, parked.on) == (others[2], FEB + timedelta(days=1))
    assert "division by zero" in parked.reason
    assert Standing.objects.filter(closed_to=FEB + timedelta(days=4)).count() == 5
    for other in (loan, *others[:2], *others[3:]):
        assert_stored_is_replayed(other)
    day.release(parked, by=None, as_of=FEB + timedelta(days=5), now=NOW)
    close_to(FEB + timedelta(days=5))
    assert_stored_is_replayed(others[2])
    assert Standing.objects.get(pk=others[2].pk).closed_to == FEB + timedelta(days=5)


def test_autopay_takes_what_falls_due_and_no_more_than_the_wallet_held_that_morning(people):
    borrower, holders = people
    first, second = (lend(borrower, {holders[0]: 1_200_000}) for _ in range(2))
    Loan.objects.update(autopay=True)
    give(borrower, LEVEL + 50_000, key="enough")
    close_to(FEB - timedelta(days=1))
    assert list(AutopayOrder.objects.order_by("pk").values_list("loan", "amount", "affordable", "outcome")) == [
        (first.pk, LEVEL, True, "paid"),
        (second.pk, LEVEL, False, "insufficient_funds"),
    ]
    assert cash(borrower) == 50_000
    assert second.events.get().data == {"what": "autopay_failed"}
    assert first.installments.get(number=1).paid_on == FEB
    give(borrower, LEVEL, key="next")
    close_to(FEB)
    assert second.installments.get(number=1).paid_on == FEB + timedelta(days=1)
    assert check_books().is_clean
    for one in (first, second):
        assert_stored_is_replayed(one)


def test_an_order_that_breaks_parks_its_loan_and_what_was_paid_by_hand_is_not_taken_again(people, monkeypatch):
    """Between the decision and the taking one loan is paid by hand, another in part; a third one's order raises. The day ends all the same."""
    borrower, holders = people
    broken, done, part = (lend(borrower, {holders[0]: 1_200_000}) for _ in range(3))
    Loan.objects.update(autopay=True)
    give(borrower, 3 * LEVEL, key="enough")
    decide, pay = collect.decide, repayment.pay

    def decide_then_pay_by_hand(made, *, today):
        count = decide(made, today=today)
        for one, amount in ((done, LEVEL), (part, 6_619)):
            pay(loan=one, amount=amount, by=None, key=f"hand:{one.pk}", as_of=today, now=NOW)
        return count

    def pay_or_break(*, loan, **given):
        if loan.pk == broken.pk:
            raise ZeroDivisionError("one order")
        return pay(loan=loan, **given)

    monkeypatch.setattr(collect, "decide", decide_then_pay_by_hand)
    monkeypatch.setattr(repayment, "pay", pay_or_break)
    close_to(FEB - timedelta(days=1))
    assert dict(AutopayOrder.objects.values_list("loan", "outcome")) == {broken.pk: "error", done.pk: "paid_already", part.pk: "paid"}
    assert cash(borrower) == LEVEL
    parked = ParkedLoan.objects.get()
    assert (parked.loan, parked.reason) == (broken, "ZeroDivisionError: one order")
    assert (business_day.current(), DayRun.objects.get().figures["paid"], DayRun.objects.get().figures["failed"]) == (FEB, 1, 1)
    for one in (done, part):
        assert one.installments.get(number=1).paid_on == FEB
        assert_stored_is_replayed(one)
    assert check_books().is_clean


def test_the_proof_can_fail(loan, people):
    borrower, _holders = people
    give(borrower, 500_000, key="alice")
    repayment.pay(loan=loan, amount=20_000, by=None, key="one", as_of=START, now=NOW)
    assert prove.prove(as_of=START) == []
    loan.participations.filter(received_principal__gt=0).update(received_principal=1)
    Standing.objects.update(outstanding=5)
    assert len(prove.prove(as_of=START)) >= 2


def test_workers_close_a_day_through_the_outbox(loan):
    from core import outbox

    business_day.advance(to=FEB - timedelta(days=3), now=NOW)
    DayRun.objects.create(on=FEB - timedelta(days=4), phase=4, started_at=NOW, finished_at=NOW)
    day.begin(to=FEB, now=NOW)
    assert DayRun.objects.get(on=FEB - timedelta(days=3)).phase == DayRun.Phase.CLOSING
    outbox.drain(now=NOW)
    assert DayRun.objects.get(on=FEB - timedelta(days=3)).phase == DayRun.Phase.FINISHED
    assert Standing.objects.get(pk=loan.pk).closed_to == FEB - timedelta(days=3)


def test_a_shard_is_done_once(loan):
    opened = run.open_run(on=START, now=NOW, queue=False)
    shard = opened.shards.get()
    assert run.work(shard.pk, now=NOW)
    assert not run.work(shard.pk, now=NOW)


moves = st.lists(
    st.tuples(
        st.sampled_from(["pay", "pay", "fee", "waive", "void", "pause", "reschedule", "chargeback", "shorten", "back"]),
        st.integers(0, 45),
        st.integers(1, 150_000),
    ),
    max_size=6,
)


lives = st.tuples(
    moves, st.sampled_from(["equal_installment", "equal_principal"]), st.sampled_from([Decimal(0), Decimal("0.155")]), st.integers(0, 5), st.integers(1, 9)
)
TOGETHER = cases(1, soak=8)


@pytest.mark.soak  # 2,000 lives, eight to a book: a night costs the same for one loan and for eight
@settings(max_examples=cases(10, soak=250), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lives, min_size=TOGETHER, max_size=TOGETHER))
@example([([("pay", 0, 1), ("reschedule", 1, 1), ("waive", 0, 5222)], "equal_installment", Decimal("0.155"), 0, 1)])  # waives interest carried over
def test_the_book_closed_night_by_night_is_each_loan_replayed(people, drawn):
    borrower, holders = people
    with rolled_back():
        fund_platform(10_000_000, key="own")
        give(borrower, 5_000_000 * len(drawn), key="much")
        held = dict(zip(holders, (7, 400_001, 199_993), strict=True))
        book = [lend(borrower, held, method=how, annual_rate=rate, grace_days=grace, term_months=term) for _moves, how, rate, grace, term in drawn]
        closed = START - timedelta(days=1)
        for today, place, what, amount, key in agenda([life[0] for life in drawn]):
            while closed < today - timedelta(days=1):
                closed += timedelta(days=1)
                close.close(book[0].pk, book[-1].pk, day=closed, now=NOW)
            book[place].refresh_from_db()
            assert_stored_is_replayed(book[place])
            _do(book[place], what, amount, today, key)
        assert not ParkedLoan.objects.exists()
        for loan in book:
            loan.refresh_from_db()
            assert_stored_is_replayed(loan)


def agenda(histories):
    """What happens on which day to which loan; to each a payment forty days after the rest."""
    made = []
    for place, history in enumerate(histories):
        today = START
        for number, (what, ahead, amount) in enumerate([*history, ("pay", 40, 1)]):
            today += timedelta(days=ahead)
            made.append((today, place, number, what, amount))
    return [(today, place, what, amount, f"move-{place}-{number}") for today, place, number, what, amount in sorted(made)]


def _do(loan, what, amount, today, key):
    paid = loan.events.filter(kind="payment").order_by("-number").first()
    entries = {
        "pay": Entry(Kind.PAYMENT, today, amount),
        "shorten": Entry(Kind.PAYMENT, today, amount, {"choice": "shorten"}),
        "back": Entry(Kind.PAYMENT, max(today - timedelta(days=amount % 60), START), amount),
        "fee": Entry(Kind.FEE, today, amount % 3000 + 1),
        "waive": Entry(Kind.WAIVER, today, amount, {"part": ("interest", "penalties")[amount % 2]}),
        "void": paid and Entry(Kind.VOID, today, undoes=paid.number),
        "pause": Entry(Kind.PAUSE, today, data={"until": (today + timedelta(days=amount % 50)).isoformat()}),
        "reschedule": Entry(Kind.RESCHEDULE, today, data={"first_due_on": (today + timedelta(days=20)).isoformat(), "periods": amount % 6 + 1}),
        "chargeback": paid and Entry(Kind.CHARGEBACK, today, min(amount, paid.amount), undoes=paid.number),
    }
    if entries[what]:
        try:
            enter(loan, entries[what], by=None, key=key, as_of=today, now=NOW)
        except UnableToEnter:
            return
