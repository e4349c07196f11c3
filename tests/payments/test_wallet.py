"""The wallet: figures and movements are the books', in words, a page at a time."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from payments import payout, wallet
from payments.rails import sandbox
from tests import cast

from .conftest import NOW, TODAY, Bank


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Whatever the tests before have left behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def bob(bank: Bank) -> Any:
    return cast.bob(now=NOW)


def figures(member: Any) -> tuple[int, int, int]:
    found = wallet.overview(member.party)
    return found.available, found.reserved, found.in_transit


def test_empty(bank: Bank, bob: Any) -> None:
    assert figures(bob) == (0, 0, 0)
    assert wallet.statement(bob.party).lines == ()


def test_a_withdrawal_is_in_transit_until_the_bank_has_answered(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 100_000)
    account = bank.account(bob)
    sandbox.order(fault="lose_answer")
    bank.withdraw(bob, account, 30_000)
    assert figures(bob) == (70_000, 0, 30_000)
    bank.work()
    assert figures(bob) == (70_000, 0, 30_000)
    bank.work(after=10)
    assert figures(bob) == (70_000, 0, 0)
    assert [(str(line.words), line.amount, line.balance, line.is_payment) for line in wallet.statement(bob.party).lines] == [
        ("Withdrawal to your bank account", -30_000, 70_000, True),
        ("Deposit from your bank", 100_000, 100_000, True),
    ]


def test_pages(bank: Bank, bob: Any) -> None:
    for number in range(5):
        bank.pay_in(bob, 100, key=f"number {number}")
    first = wallet.statement(bob.party, limit=2)
    second = wallet.statement(bob.party, limit=2, before=first.older)
    last = wallet.statement(bob.party, limit=2, before=second.older)
    assert [line.balance for page in (first, second, last) for line in page.lines] == [500, 400, 300, 200, 100]
    assert last.older is None


def test_a_payment_to_somebody_else_does_not_touch_my_wallet(bank: Bank, bob: Any) -> None:
    eve = cast.eve(now=NOW)
    bank.pay_in(bob, 100_000)
    bank.pay_in(eve, 5_000)
    assert figures(eve) == (5_000, 0, 0)
    payment = bank.withdraw(bob, bank.account(bob), 100_000)
    payout.cancel(payment=payment, by=bob.user, as_of=TODAY, now=NOW)
    assert (figures(bob), figures(eve)) == ((100_000, 0, 0), (5_000, 0, 0))
