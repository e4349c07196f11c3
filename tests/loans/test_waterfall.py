"""Where a payment goes."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.waterfall import Charge, Due, Payment, Split, UnableToAllocate, allocate, parse_order
from tests.counts import cases

CASES = cases(600, soak=10_000)
JAN, FEB, MAR = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
THREE = [Due(JAN, 1000, 30), Due(FEB, 1000, 20), Due(MAR, 1000, 10)]
PARTS = "penalty,fee,interest,principal"


def test_payment_on_the_day_pays_that_installment_interest_first():
    result = allocate(schedule=THREE, payments=[Payment(JAN, 1030)])
    first = result.installments[0]
    assert (first.owed, first.settled, first.outstanding) == (Split(1000, 30), Split(1000, 30), 0)
    assert (first.in_advance, first.late, first.paid_off_on) == (0, 0, JAN)
    assert result.portions[0].split == Split(1000, 30)
    assert result.overpaid == 0


def test_short_payment_leaves_principal_open():
    result = allocate(schedule=THREE, payments=[Payment(JAN, 500)])
    assert result.portions[0].split == Split(principal=470, interest=30)
    assert result.installments[0].outstanding == 530
    assert result.installments[0].paid_off_on is None


def test_late_and_early_compare_with_the_installments_own_due_date():
    result = allocate(schedule=THREE, payments=[Payment(date(2026, 2, 10), 1100)])
    assert (result.installments[0].late, result.installments[0].in_advance) == (1030, 0)
    assert (result.installments[1].late, result.installments[1].in_advance) == (0, 70)
    assert result.portions[0].by_installment == ((1, Split(1000, 30)), (2, Split(50, 20)))


def test_charge_belongs_to_the_next_installment_but_is_due_from_its_own_date():
    fee = Charge("penalties", date(2026, 2, 5), 25)
    result = allocate(schedule=THREE, charges=[fee], payments=[Payment(date(2026, 2, 10), 1055)])
    assert result.installments[0].outstanding == 0
    assert result.installments[1].owed == Split(1000, 20, penalties=25)
    assert result.installments[1].settled == Split(penalties=25)


def test_charge_after_the_last_due_date_belongs_to_the_last_installment():
    result = allocate(schedule=THREE, charges=[Charge("fees", date(2026, 5, 1), 7)], payments=[])
    assert result.installments[2].owed.fees == 7


def test_past_due_may_have_its_own_order():
    order = f"past_due:principal,interest,fee,penalty;due:{PARTS};advance:{PARTS}"
    result = allocate(schedule=THREE, payments=[Payment(FEB, 1010)], order=order)
    assert result.portions[0].split == Split(principal=1000, interest=10)
    assert result.portions[0].by_installment == ((1, Split(1000, 10)),)


@pytest.mark.parametrize(
    ("overpayment", "paid"),
    [("hold", [1030, 300, 0]), ("next", [1030, 300, 0]), ("last", [1030, 0, 300]), ("recast", [1030, 150, 150])],
)
def test_money_beyond_what_is_due(overpayment, paid):
    result = allocate(schedule=THREE, payments=[Payment(JAN, 1330)], overpayment=overpayment)
    assert [row.settled.total for row in result.installments] == paid
    assert result.overpaid == 0


def test_money_beyond_everything_owed_is_overpaid():
    assert allocate(schedule=THREE, payments=[Payment(JAN, 9999)]).overpaid == 9999 - 3060


def test_payments_are_taken_by_date_whatever_their_order():
    payments = [Payment(FEB, 1020), Payment(JAN, 1030)]
    forward, backward = allocate(schedule=THREE, payments=payments[::-1]), allocate(schedule=THREE, payments=payments)
    assert forward.installments == backward.installments
    assert backward.portions == forward.portions[::-1]


@pytest.mark.parametrize("order", ["", "due:interest,principal;advance:" + PARTS, "due:" + PARTS, f"advance:{PARTS};due:{PARTS}", f"due:{PARTS};due:{PARTS}"])
def test_bad_order_is_refused(order):
    with pytest.raises(UnableToAllocate, match="order"):
        parse_order(order)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schedule": []}, "schedule"),
        ({"schedule": [Due(JAN, -1, 0)]}, "schedule[0].principal"),
        ({"schedule": THREE[::-1]}, "schedule[1].due_on"),
        ({"payments": [Payment(JAN, 0)]}, "payments[0].amount"),
        ({"charges": [Charge("fees", JAN, -5)]}, "charges[0].amount"),
        ({"overpayment": "keep"}, "overpayment"),
    ],
)
def test_impossible_input_names_its_field(change, field):
    with pytest.raises(UnableToAllocate) as caught:
        allocate(**({"schedule": THREE, "payments": []} | change))
    assert caught.value.field == field


days = st.integers(0, 200).map(lambda n: JAN + timedelta(days=n))
amounts = st.integers(0, 5000)
dues = st.lists(st.builds(Due, days, amounts, amounts), min_size=1, max_size=8).map(lambda rows: sorted(rows, key=lambda row: row.due_on))
charges = st.lists(st.builds(Charge, st.sampled_from(["fees", "penalties"]), days, amounts), max_size=4)
payments = st.lists(st.builds(Payment, days, st.integers(1, 9000)), max_size=8)
orders = st.tuples(*[st.permutations(PARTS.split(","))] * 3).map(
    lambda three: ";".join(f"{k}:{','.join(v)}" for k, v in zip(("past_due", "due", "advance"), three, strict=True))
)


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(dues, charges, payments, orders, st.sampled_from(["hold", "next", "last", "recast"]))
def test_every_unit_is_kept(schedule, charges, payments, order, overpayment):
    result = allocate(schedule=schedule, charges=charges, payments=payments, order=order, overpayment=overpayment)
    owed = sum(due.principal + due.interest for due in schedule) + sum(charge.amount for charge in charges)
    received = sum(payment.amount for payment in payments)
    assert sum(row.owed.total for row in result.installments) == owed
    assert sum(portion.split.total for portion in result.portions) + result.overpaid == received
    assert sum(row.settled.total for row in result.installments) == received - result.overpaid == min(received, owed)
    for row in result.installments:
        assert min(row.outstanding, row.in_advance, row.late) >= 0
        for name in ("principal", "interest", "fees", "penalties"):
            assert 0 <= getattr(row.settled, name) <= getattr(row.owed, name)
    for portion in result.portions:
        assert sum(split.total for _, split in portion.by_installment) == portion.split.total


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(dues, charges, st.lists(st.integers(1, 9000), min_size=1, max_size=5), days, st.sampled_from(["hold", "last"]))
def test_order_of_same_day_arrivals_changes_no_installment(schedule, charges, amounts, day, overpayment):
    given_order = allocate(schedule=schedule, charges=charges, payments=[Payment(day, a) for a in amounts], overpayment=overpayment)
    other_order = allocate(schedule=schedule, charges=charges, payments=[Payment(day, a) for a in amounts[::-1]], overpayment=overpayment)
    assert given_order.installments == other_order.installments
    assert given_order.overpaid == other_order.overpaid
