"""Celery's worker and its pool are killed outright while loans are paid out, and Valkey forgets everything: the bank pays each loan once."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import Max, Sum
from django.utils import timezone

from accounts.cast import Member
from core import business_day, outbox
from core.models import Job
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import disbursement
from loans.models import Disbursement, Loan
from marketplace.models import Listing
from payments.models import Payment, SandboxLine, SandboxOrder, SandboxTransfer
from payments.rails import sandbox
from tests import stories
from tests.cast import alice, bob, dan, fay
from tests.config.site import alive, until
from tests.live import Live

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "sandbox_bank"]),
    pytest.mark.soak,
]
AMOUNT = 600_000
Fault = SandboxOrder.Fault


def funded_loans(count: int) -> list[Loan]:
    """Loans of one borrower, filled and waiting to be paid out to a confirmed account."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    borrower, investor, reviewer = alice(now=now), bob(now=now), dan(now=now)
    stories.verified_account(borrower, now=now)
    stories.pay_in(investor, AMOUNT * count, now=now)
    for number in range(count):
        loan = stories.accepted_loan(borrower, reviewer=reviewer, amount=AMOUNT, term_months=6, now=now)
        stories.pledge(Listing.objects.get(loan=loan), investor, AMOUNT, now=now, key=f"all-of-{number}")
    outbox.drain(now=timezone.now())
    return list(Loan.objects.filter(state="funded"))


def release(loans: list[Loan], proposer: Member, approver: Member) -> None:
    """Two people let each loan go; the jobs are written, and rung for where Valkey is."""
    for loan in loans:
        disbursement.propose(loan.disbursement, by=proposer.user, now=timezone.now())
        disbursement.approve(loan.disbursement, by=approver.user, now=timezone.now())


def a_bad_day_at_the_bank(count: int) -> None:
    """For every ten payments: two answers and one request are lost, one answer comes twice, one payment is slow, one look-up finds nobody."""
    tenth = count // 10
    for fault, times in ((Fault.LOSE_ANSWER, 2), (Fault.LOSE_REQUEST, 1), (Fault.ANSWER_TWICE, 1), (Fault.DELAY, 1)):
        sandbox.order(fault=fault, key_prefix="disbursement:", times=times * tenth, seconds=2)
    sandbox.order(fault=Fault.LOSE_REQUEST, key_prefix="look_up:", times=tenth)


def paid() -> int:
    return SandboxTransfer.objects.count()


class Killer:
    """Kills what works on jobs, each time in another way, and starts it again."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.ways: list[Callable[[], None]] = [self.the_worker_and_its_pool, self.one_of_the_pool, self.the_worker_alone]
        self.restarted = time.monotonic()

    def strike(self, number: int) -> None:
        self.ways[number % len(self.ways)]()
        self.live.valkey().flushall()
        self.restarted = time.monotonic()

    def the_worker_and_its_pool(self) -> None:
        self.live.kill("worker")
        self.live.worker()

    def the_worker_alone(self) -> None:
        pool = self.live.children("worker")
        self.live.kill("worker", group=False)
        until(lambda: not any(alive(pid) for pid in pool), "the pool ends with its worker")
        self.live.worker()

    def one_of_the_pool(self) -> None:
        until(lambda: self.live.children("worker"), "the pool")
        os.kill(random.choice(self.live.children("worker")), signal.SIGKILL)


def test_each_loan_is_paid_out_once_whatever_dies(tmp_path: Path, soak: bool, record_property: Callable[[str, object], None]) -> None:
    count, strikes = (100, 12) if soak else (10, 3)
    loans = funded_loans(count)
    proposer, approver = fay(now=timezone.now()), dan(now=timezone.now())
    outbox.drain(now=timezone.now())
    a_bad_day_at_the_bank(count)
    with Live(tmp_path) as live, live.bell():
        release(loans, proposer, approver)
        assert live.valkey().llen("celery") == count, "every job was rung for"
        live.valkey().flushall()
        live.worker()
        live.timetable()
        killer = Killer(live)
        for number in range(strikes):
            until(lambda: paid() > number * count // (strikes + 1), "the next payment is made")  # noqa: B023 - asked at once
            killer.strike(number)
        until(lambda: Disbursement.objects.filter(state="settled").count() == count, "every loan is paid out")
        seconds = time.monotonic() - killer.restarted
    record_property(f"{count} payouts, {strikes} kills: seconds from the last restart to the last payout", round(seconds, 1))
    each_paid_once(loans)


def each_paid_once(loans: list[Loan]) -> None:
    """By the bank's own books first, then by ours."""
    keys = Counter(SandboxTransfer.objects.values_list("idempotency_key", flat=True))
    assert keys == Counter(f"disbursement:{loan.disbursement.reference}:1" for loan in loans)
    assert set(SandboxTransfer.objects.values_list("outcome", flat=True)) == {"paid"}
    amounts = Disbursement.objects.aggregate(total=Sum("amount"))["total"]
    assert SandboxTransfer.objects.aggregate(total=Sum("amount"))["total"] == amounts
    assert SandboxLine.objects.filter(direction="out").count() == len(loans)
    assert SandboxTransfer.objects.aggregate(most=Max("answers_lost"))["most"] >= 1, "the bank did misbehave"
    outbox.drain(now=timezone.now() + timedelta(minutes=1))
    assert set(Loan.objects.values_list("state", flat=True)) == {"active"}
    assert set(Payment.objects.filter(direction="out").values_list("state", flat=True)) == {"settled"}
    assert not Job.objects.filter(state="dead").exists()
    assert queries.balance(code=AccountCode.TRANSIT_OUT, owner="rail:sandbox", currency="CNY").posted == 0
    assert queries.totals(currency="CNY")[AccountCode.LISTING_ESCROW].posted == 0
    assert check_books().is_clean
