"""Statements, lookups and totals."""

from datetime import date

import pytest

from ledger import operations, queries
from ledger.chart import AccountCode
from ledger.models import Phase
from tests.ledger.conftest import ALICE, BOB, DAY, Till, cash

pytestmark = pytest.mark.django_db
CASH = {"code": AccountCode.CLIENT_CASH, "currency": "CNY"}


def test_running_balance_and_pending_apart(till: Till) -> None:
    till.deposit(BOB, 100)
    till.post(debit=cash(BOB), credit=cash(ALICE), amount=30, booked_on=date(2026, 3, 5))
    till.reserve(amount=10, key="open")
    till.reserve(amount=20, key="taken")
    operations.settle(pending_key="taken", key="take", amount=15, booked_on=date(2026, 3, 6))
    page = queries.statement(owner=BOB, **CASH)
    assert [(line.amount, line.balance, line.other_code) for line in page.lines] == [(-15, 55, "listing_escrow"), (-30, 70, "client_cash"), (100, 100, "bank")]
    assert [(line.key, line.amount) for line in page.pending] == [("open", -10)]
    assert page.balance == queries.Balance(posted=55, pending_out=10)
    assert page.balance.available == 45
    bank = queries.statement(code=AccountCode.BANK, owner="rail:sandbox", currency="CNY")
    assert [(line.amount, line.balance) for line in bank.lines] == [(100, 100)]


def test_pages_and_periods_keep_the_running_balance(till: Till) -> None:
    for day in range(1, 8):
        till.post(amount=day, booked_on=date(2026, 3, day))
    seen, before = [], None
    while True:
        page = queries.statement(owner=BOB, limit=3, before=before, **CASH)
        seen += [(line.amount, line.balance) for line in page.lines]
        before = page.before
        if before is None:
            break
    assert seen == [(7, 28), (6, 21), (5, 15), (4, 10), (3, 6), (2, 3), (1, 1)]
    period = queries.statement(owner=BOB, since=date(2026, 3, 3), until=date(2026, 3, 4), **CASH)
    assert [(line.amount, line.balance) for line in period.lines] == [(4, 10), (3, 6)]


def test_an_account_that_was_never_opened_is_empty() -> None:
    assert queries.statement(owner="party:404", **CASH) == queries.Statement(balance=queries.Balance())
    assert queries.balance(owner="party:404", **CASH).available == 0


def test_the_affair_and_the_totals(till: Till) -> None:
    till.deposit(BOB, 100)
    till.reserve(amount=40, key="hold", reference="LS-7")
    operations.void(pending_key="hold", key="free", booked_on=DAY)
    till.reserve(amount=25, reference="LS-7")
    assert [(move.phase, move.amount) for move in queries.transfers_for(reference="LS-7")] == [(Phase.PENDING, 40), (Phase.VOIDED, 40), (Phase.PENDING, 25)]
    totals = queries.totals(currency="CNY")
    assert list(totals) == list(AccountCode)
    assert totals[AccountCode.CLIENT_CASH] == queries.Balance(posted=100, pending_out=25)
    assert totals[AccountCode.LISTING_ESCROW] == queries.Balance(pending_in=25)
    assert queries.open_reservations(owner=BOB, currency="CNY") == 1
