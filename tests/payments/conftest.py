"""A bank beside us, a day, and the people who pay through it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core import outbox
from ledger import checks, queries
from ledger.chart import AccountCode
from payments import bank_account, deposit, withdrawal
from payments.models import BankAccount, Payment
from payments.rails import sandbox
from tests import cast

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


class Bank:
    """What the tests do with the platform and its bank. The clock goes on only when told."""

    def __init__(self) -> None:
        self.now = NOW
        self.day = TODAY

    def work(self, *, after: int = 0) -> int:
        """Runs all due jobs, `after` seconds later."""
        self.now += timedelta(seconds=after)
        return outbox.drain(now=self.now)

    def patience(self, *, seconds: int = 4000) -> None:
        """Lets time pass in steps of a minute, working all along."""
        for _ in range(seconds // 60):
            self.work(after=60)

    def account(self, member: Any, serial: int = 1) -> BankAccount:
        person = next(person for person in cast.PEOPLE.values() if person.email == member.user.email)
        made = bank_account.add(party=member.party, number=sandbox.sample_number(serial), holder=person.legal_name, by=member.user, now=self.now)
        self.work()
        made.refresh_from_db()
        return made

    def pay_in(self, member: Any, amount: int, key: str = "first") -> Payment:
        """Somebody pays in at the bank, and the bank's lines are read."""
        line_id = deposit.simulate(party=member.party, amount=amount, key=key, now=self.now)
        self.work()
        return Payment.objects.get(rail_reference=line_id)

    def withdraw(self, member: Any, account: BankAccount, amount: int, key: str = "one-key-0001") -> Payment:
        return withdrawal.request(party=member.party, bank_account=account, amount=amount, by=member.user, key=key, as_of=self.day, now=self.now)

    def balance(self, code: AccountCode, owner: str = "rail:sandbox") -> int:
        return queries.balance(code=code, owner=owner, currency="CNY").posted

    def cash(self, member: Any) -> int:
        return self.balance(AccountCode.CLIENT_CASH, member.party.ledger_owner)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int]]]:
    """Every payment.* fact told upward, in order."""
    facts: list[tuple[str, int]] = []
    names = ("payment.settled", "payment.refused", "payment.unknown")

    def listener(name: str) -> Callable[..., None]:
        def listen(*, job: outbox.JobContext) -> None:
            facts.append((name, job.payload["payment"]))

        return listen

    with ExitStack() as stack:
        for name in names:
            stack.enter_context(outbox.handler_for_a_while(name, listener(name), label=f"tests.{name}"))
        yield facts


@pytest.fixture
def bank(db: None) -> Iterator[Bank]:
    """The bank within one transaction; the books are proved after each test."""
    yield Bank()
    assert checks.check_books(as_of=TODAY).findings == ()
