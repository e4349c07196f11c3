"""Paying out: by two people, to a confirmed account of the borrower, once, whatever the bank does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Membership
from core import business_day, outbox
from core.refusals import Conflict
from core.states import IllegalMove
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import disbursement, unwind
from loans.models import Disbursement, Loan
from marketplace.models import Listing, Pledge
from notifications.models import Message
from payments import bank_account, wallet
from payments.models import Payment, SandboxTransfer
from payments.rails import sandbox
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, fay
from tests.programs import Program
from tests.worlds import world

pytestmark = pytest.mark.django_db
AMOUNT = 4_800_000


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(moment), now=moment)
    return moment


@world
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


def shared(now: datetime) -> Loan:
    """Filled by Bob and Carol; Alice has no confirmed account."""
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=AMOUNT, term_months=6, now=now)
    for who, part in ((bob, 3_000_000), (carol, 1_800_000)):
        stories.pay_in(who(now=now), part, now=now)
        stories.pledge(Listing.objects.get(loan=loan), who(), part, now=now)
    fay(now=now)
    outbox.drain(now=now)
    loan.refresh_from_db()
    return loan


def given_back(loan: Loan) -> bool:
    """To the cent, order and loan ended, the file open to nobody."""
    order = Disbursement.objects.select_related("loan__file").get(loan=loan)
    assert [wallet.overview(who().party).available for who in (bob, carol)] == [3_000_000, 1_800_000]
    assert (order.state, order.loan.state, order.loan.file.stage, escrow(loan)) == ("cancelled", "cancelled", "closed", 0)
    assert not order.loan.file.grants.filter(ended_at=None).exists()
    return check_books().is_clean


def test_a_funded_loan_that_cannot_be_paid_out_is_unwound_by_two_people(now: datetime) -> None:
    """In the admin: Dan proposes and cannot approve, Fay approves, and approves again; everybody is told in words, once, and nothing more can happen to it."""
    loan = shared(now)
    page, act = (f"/admin/loans/disbursement/{loan.disbursement.pk}/{name}/" for name in ("change", "act"))
    desks = client_of(dan()), client_of(fay())
    desks[0].post(act, {"act": "unwind_propose", "why": "because"})
    desks[0].post(act, {"act": "unwind_propose", "why": "no_account"})
    with pytest.raises(disbursement.UnableToDisburse):
        unwind.approve(loan.disbursement, by=dan().user, as_of=business_day.current(), now=now)
    assert (escrow(loan), Disbursement.objects.get().unwind_why) == (AMOUNT, "no_account")
    assert b"no confirmed bank account" in desks[1].get(page).content
    for _twice in range(2):
        desks[1].post(act, {"act": "unwind_approve"})
        assert given_back(loan)
    outbox.drain(now=now)
    assert list(Message.objects.filter(template__endswith=".unwound").order_by("template", "pk").values_list("template", "party")) == [
        ("holding.unwound", bob().party.pk),
        ("holding.unwound", carol().party.pk),
        ("loan.unwound", alice().party.pk),
    ]
    receipt = f"/pledges/{Pledge.objects.get(party=bob().party).reference}/"
    assert "is back in your wallet" in client_of(bob()).get(receipt).content.decode()
    program = Program(bob())
    assert [program.get("portfolio/").json()["at_work"], *(row["state"] for row in program.get("pledges/").json()["results"])] == [0, "released"]
    for language, words in (("en", "Not paid out; nothing is owed"), ("zh-hans", "未放款")):
        assert words in client_of(alice(), language=language).get(f"/loans/{loan.reference}/").content.decode()
    stories.verified_account(alice(), now=now)
    with pytest.raises(IllegalMove):
        disbursement.propose(Disbursement.objects.get(), by=fay().user, now=now)


def test_nothing_is_unwound_once_two_have_approved_and_nothing_approved_while_it_is_asked(loan: Loan, now: datetime) -> None:
    order = loan.disbursement
    disbursement.propose(order, by=fay(now=now).user, now=now)
    unwind.propose(order, why="fraud", by=fay().user, now=now)
    with pytest.raises(disbursement.UnableToDisburse):
        disbursement.approve(order, by=dan().user, now=now)
    unwind.decline(order, by=dan().user, now=now)
    disbursement.approve(order, by=dan().user, now=now)
    sandbox.order(fault="lose_answer", key_prefix="disbursement:")
    for state, seconds in (("approved", None), ("unknown", 0), ("settled", 6000)):
        if seconds is not None:
            outbox.drain(now=now + timedelta(seconds=seconds))
        order.refresh_from_db()
        assert order.state == state
        with pytest.raises(disbursement.UnableToDisburse):
            unwind.propose(order, why="fraud", by=fay().user, now=now)
    Membership.objects.create(user=dan().user, party=bob().party, role="view", created_at=now)
    with pytest.raises(disbursement.UnableToDisburse):
        unwind.decline(order, by=dan().user, now=now)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_payout_and_an_unwind_at_once_are_one_or_the_other(now: datetime) -> None:
    """Fay and Dan pay out while a worker comes round, Dan and Fay give back: the books say which, never both."""
    loan = shared(now)
    stories.verified_account(alice(), now=now)
    start = Barrier(2)

    def pay() -> None:
        disbursement.propose(Disbursement.objects.get(), by=fay().user, now=now)
        disbursement.approve(Disbursement.objects.get(), by=dan().user, now=now)

    def back() -> None:
        unwind.propose(Disbursement.objects.get(), why="fraud", by=dan().user, now=now)
        unwind.approve(Disbursement.objects.get(), by=fay().user, as_of=business_day.current(), now=now)

    def run(act: Callable[[], None]) -> bool:
        start.wait()
        try:
            act()
        except (disbursement.UnableToDisburse, Conflict):
            return False
        finally:
            outbox.drain(now=timezone.now())
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, (pay, back)))
    outbox.drain(now=timezone.now())
    assert sum(done) == 1
    if done[1]:
        assert (given_back(loan), paid()) == (True, [])
    else:
        loan.refresh_from_db()
        assert (loan.state, paid(), escrow(loan), check_books().is_clean) == ("active", [AMOUNT - loan.origination_fee], 0, True)
