"""Paying out: by two people, to a confirmed account of the borrower, once, whatever the bank does."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from core import business_day, outbox
from core.refusals import Conflict
from core.states import IllegalMove
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import disbursement
from loans.models import Disbursement, Loan
from marketplace.models import Listing
from payments import bank_account
from payments.models import Payment, SandboxTransfer
from payments.rails import sandbox
from tests import stories
from tests.cast import alice, bob, client_of, dan, fay

pytestmark = pytest.mark.django_db
AMOUNT = 4_800_000


@pytest.fixture
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(moment), now=moment)
    return moment


@pytest.fixture
def loan(now: datetime) -> Loan:
    """Filled by Bob alone; Alice's bank account is confirmed."""
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=AMOUNT, term_months=6, now=now)
    stories.verified_account(alice(), now=now)
    stories.pay_in(bob(now=now), AMOUNT, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), AMOUNT, now=now)
    outbox.drain(now=now)
    loan.refresh_from_db()
    return loan


def release(loan: Loan, now: datetime) -> Disbursement:
    """Fay proposes, Dan approves; the worker has not come round yet."""
    order = Disbursement.objects.get(loan=loan)
    disbursement.propose(order, by=fay(now=now).user, now=now)
    disbursement.approve(order, by=dan().user, now=now)
    return order


def paid() -> list[int]:
    return list(SandboxTransfer.objects.filter(outcome="paid").values_list("amount", flat=True))


def escrow(loan: Loan) -> int:
    return queries.balance(code=AccountCode.LISTING_ESCROW, owner=loan.listing.ledger_owner, currency="CNY").posted


def in_transit() -> int:
    return queries.balance(code=AccountCode.TRANSIT_OUT, owner="rail:sandbox", currency="CNY").posted


def test_one_person_alone_pays_nothing_out(loan: Loan, now: datetime) -> None:
    order = loan.disbursement
    disbursement.propose(order, by=dan().user, now=now)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.approve(order, by=dan().user, now=now)
    with pytest.raises(IllegalMove):
        disbursement.propose(order, by=dan().user, now=now)
    outbox.drain(now=now)
    assert (paid(), escrow(loan)) == ([], AMOUNT)


def test_nobody_pays_out_a_loan_of_their_own_party(loan: Loan, now: datetime) -> None:
    """Dan joins Alice's party after it was filled, Fay the holder's: from then on both belong to the loan, and are neither pair of eyes."""
    order = loan.disbursement
    disbursement.propose(order, by=fay(now=now).user, now=now)
    Membership.objects.create(user=dan().user, party=loan.party, role="view", created_at=now)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.approve(order, by=dan().user, now=now)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.send_back(order, by=dan().user, now=now)
    disbursement.send_back(order, by=fay().user, now=now)
    Membership.objects.create(user=fay().user, party=bob().party, role="view", created_at=now)
    for member in (dan(), fay()):
        with pytest.raises(disbursement.UnableToDisburse):
            disbursement.propose(order, by=member.user, now=now)


def test_approved_twice_is_paid_once(loan: Loan, now: datetime) -> None:
    order = release(loan, now)
    for stale in (order, Disbursement.objects.get(pk=order.pk)):
        with pytest.raises(Conflict):
            disbursement.approve(stale, by=dan().user, now=now)
    outbox.drain(now=now)
    with pytest.raises(Conflict):
        disbursement.approve(Disbursement.objects.get(pk=order.pk), by=dan().user, now=now)
    with pytest.raises(Conflict):
        disbursement.propose(Disbursement.objects.get(pk=order.pk), by=dan().user, now=now)
    assert paid() == [AMOUNT - loan.origination_fee]
    assert (escrow(loan), in_transit(), check_books().is_clean) == (0, 0, True)


def test_a_job_that_comes_twice_pays_once(loan: Loan, now: datetime) -> None:
    order = release(loan, now)
    twice = outbox.JobContext(id=0, key="again", payload={"disbursement": order.pk}, attempts=2, now=now)
    disbursement.send(job=twice)
    disbursement.send(job=twice)
    outbox.drain(now=now)
    disbursement.on_settled(job=outbox.JobContext(id=0, key="again", payload={"payment": Payment.objects.get(direction="out").pk}, attempts=2, now=now))
    loan.refresh_from_db()
    assert (loan.state, paid(), loan.installments.count()) == ("active", [AMOUNT - loan.origination_fee], 6)


def test_without_a_confirmed_account_the_money_stays(now: datetime) -> None:
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=AMOUNT, term_months=6, now=now)
    stories.pay_in(bob(now=now), AMOUNT, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), AMOUNT, now=now)
    outbox.drain(now=now)
    sandbox.order(fault="refuse", key_prefix="verify:")
    stories.verified_account(alice(), now=now)  # the bank does not confirm it
    order = Disbursement.objects.get(loan=loan)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.propose(order, by=fay(now=now).user, now=now)
    desk = client_of(fay())
    assert desk.post(f"/admin/loans/disbursement/{order.pk}/act/", {"act": "propose"}).status_code < 500
    order.refresh_from_db()
    assert (order.state, escrow(loan)) == ("prepared", AMOUNT)


def test_an_account_retired_before_the_second_signature_is_not_paid(loan: Loan, now: datetime) -> None:
    order = loan.disbursement
    disbursement.propose(order, by=fay(now=now).user, now=now)
    bank_account.retire(account=order.bank_account, by=alice().user, now=now)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.approve(Disbursement.objects.get(pk=order.pk), by=dan().user, now=now)
    assert (paid(), escrow(loan)) == ([], AMOUNT)


def test_an_account_retired_after_both_signatures_is_not_paid_and_the_order_comes_back(loan: Loan, now: datetime) -> None:
    order = release(loan, now)
    bank_account.retire(account=order.bank_account, by=alice().user, now=now)
    outbox.drain(now=now)
    order.refresh_from_db()
    assert (order.state, order.proposed_by, paid(), escrow(loan)) == ("prepared", None, [], AMOUNT)


def test_the_bank_refuses_and_two_people_try_again(loan: Loan, now: datetime) -> None:
    sandbox.order(fault="refuse", key_prefix="disbursement:")
    order = release(loan, now)
    outbox.drain(now=now)
    order.refresh_from_db()
    assert (order.state, order.attempt, order.approved_by, escrow(loan), in_transit()) == ("prepared", 2, None, AMOUNT, 0)
    release(loan, now)
    outbox.drain(now=now)
    assert paid() == [AMOUNT - loan.origination_fee]
    assert check_books().is_clean


@pytest.mark.parametrize("fault", ["lose_answer", "lose_request", "answer_twice", "delay"])
def test_an_outcome_nobody_told_is_looked_up_and_never_paid_again(loan: Loan, now: datetime, fault: str) -> None:
    sandbox.order(fault=fault, key_prefix="disbursement:", seconds=30)
    order = release(loan, now)
    outbox.drain(now=now)
    order.refresh_from_db()
    expected = {"lose_answer": "unknown", "lose_request": "unknown", "answer_twice": "settled", "delay": "sent"}
    assert order.state == expected[fault]
    assert in_transit() == (0 if fault == "answer_twice" else AMOUNT - loan.origination_fee)
    for second in (60, 600, 6000):
        outbox.drain(now=now + timedelta(seconds=second))
    order.refresh_from_db()
    assert (order.state, paid(), in_transit(), escrow(loan)) == ("settled", [AMOUNT - loan.origination_fee], 0, 0)
    assert check_books().is_clean


def test_while_the_bank_never_answers_the_outcome_stays_unknown(loan: Loan, now: datetime) -> None:
    sandbox.order(fault="lose_request", key_prefix="disbursement:", times=100)
    sandbox.order(fault="lose_request", key_prefix="look_up:", times=100)
    order = release(loan, now)
    for second in range(0, 7200, 900):
        outbox.drain(now=now + timedelta(seconds=second))
    order.refresh_from_db()
    assert (order.state, paid(), in_transit()) == ("unknown", [], AMOUNT - loan.origination_fee)
    loan.refresh_from_db()
    assert loan.state == "funded"
    assert check_books().is_clean
