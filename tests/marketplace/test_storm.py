"""Two hundred investors at once, through the real web server, for one loan with room for half of them."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.cast import PEOPLE, Member, Person
from accounts.cast import make as member
from core import business_day, outbox
from core.models import Job
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from marketplace.models import Listing, Pledge
from tests import stories
from tests.cast import alice, client_of, dan
from tests.config.site import CHECKOUT
from tests.live import Live

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
INVESTORS, PROCESSES = 200, 8
UNITS = (2, 3, 5, 6, 8)  # of 100 yuan: together twice what is sought
TARGET = INVESTORS // len(UNITS) * sum(UNITS) * 10_000 // 2


def crowd(monkeypatch: pytest.MonkeyPatch) -> list[Member]:
    """Verified investors with money, each made as every member is."""
    now, made = timezone.now(), []
    for number in range(INVESTORS):
        born = f"110101{1950 + number % 50}0{1 + number % 9}{10 + number % 18}{number:03d}"
        monkeypatch.setitem(PEOPLE, f"crowd{number}", Person(f"crowd{number}", "群众", born, invests=True))
        made.append(member(f"crowd{number}", now=now))
        stories.pay_in(made[-1], 100_000, now=now)
    Job.objects.all().delete()  # what they are told on their way in is another story, and as long as this one
    return made


def test_half_of_two_hundred_get_the_loan_and_nobody_one_cent_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    now = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=TARGET, term_months=12, now=now)
    listing = Listing.objects.get(loan=loan)
    investors = crowd(monkeypatch)
    tickets = [(client_of(one).cookies["sessionid"].value, UNITS[number % len(UNITS)]) for number, one in enumerate(investors)]
    with Live(tmp_path) as live:
        url = live.web(workers=PROCESSES)
        began = time.monotonic()
        told = storm({"url": url, "path": f"/market/{listing.reference}/", "rate": str(listing.annual_rate)}, tickets)
        record_property(f"{INVESTORS} investors, {PROCESSES} processes: seconds of the storm", round(time.monotonic() - began, 1))
        assert "Traceback" not in live.log("web"), live.log("web")
    statuses = Counter(tuple(answer) for one in told for answer in one["answers"])
    assert {status for _method, status in statuses} <= {200, 302, 404, 422}, statuses
    acknowledged = sorted((receipt.split("/")[2], units * 10_000) for one in told for receipt, units in one["receipts"])
    listing.refresh_from_db()
    assert listing.funded == listing.target == TARGET
    assert acknowledged == sorted(Pledge.objects.values_list("reference", "amount")), "each receipt is a pledge and each pledge has its receipt"
    assert held(listing) == TARGET
    assert check_books().is_clean
    filled(listing, now=timezone.now() + timedelta(seconds=1))


def storm(order: dict[str, str], tickets: list[tuple[str, int]]) -> list[dict]:
    """Eight processes of investors; all have reviewed their pledge before the first may confirm."""
    command = [sys.executable, "-m", "tests.marketplace.crowd"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": CHECKOUT}
    groups = [subprocess.Popen(command, **pipes) for _ in range(PROCESSES)]
    for number, group in enumerate(groups):
        print(json.dumps({**order, "investors": tickets[number::PROCESSES]}), file=group.stdin, flush=True)
    for group in groups:
        assert group.stdout.readline() == "ready\n"
    for group in groups:
        print("go", file=group.stdin, flush=True)
    told = [json.loads(group.communicate()[0]) for group in groups]
    assert [group.returncode for group in groups] == [0] * PROCESSES
    return [one for group in told for one in group]


def held(listing: Listing) -> int:
    return queries.balance(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency="CNY").pending_in


def filled(listing: Listing, *, now) -> None:
    """The jobs the storm left behind close the listing: every pledge is a holding, every yuan is in escrow, the payout is prepared."""
    outbox.drain(now=now)
    listing.refresh_from_db()
    loan = listing.loan
    shares = dict(loan.participations.values_list("party", "amount"))
    pledged = Counter()
    for party, amount in Pledge.objects.filter(state="settled").values_list("party", "amount"):
        pledged[party] += amount
    assert (listing.state, loan.state, shares) == ("filled", "funded", dict(pledged))
    assert queries.balance(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency="CNY") == queries.Balance(posted=TARGET)
    assert (loan.disbursement.state, loan.disbursement.amount) == ("prepared", TARGET - loan.origination_fee)
    assert check_books().is_clean
