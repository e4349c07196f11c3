"""The people's wallets and the few verbs that most ledger tests use."""

from datetime import date
from itertools import count
from typing import Any

import pytest

from ledger import checks, operations, queries
from ledger.chart import AccountCode
from ledger.models import Transfer

DAY = date(2026, 3, 2)
ALICE, BOB, CAROL = "party:1", "party:2", "party:3"
BANK = (AccountCode.BANK, "rail:sandbox")


def cash(owner: str) -> tuple[AccountCode, str]:
    return AccountCode.CLIENT_CASH, owner


class Till:
    """Test verbs with the dull arguments filled in."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def fields(self, **changes: Any) -> dict[str, Any]:
        usual = {"debit": BANK, "credit": cash(BOB), "currency": "CNY", "amount": 100_00, "kind": "test", "reference": "T-1", "booked_on": DAY}
        return {**usual, "key": f"test:{next(self.numbers)}", **changes}

    def post(self, **changes: Any) -> Transfer:
        return operations.post(**self.fields(**changes))

    def reserve(self, **changes: Any) -> Transfer:
        return operations.reserve(**self.fields(debit=cash(BOB), credit=(AccountCode.LISTING_ESCROW, "listing:1"), **changes))

    def deposit(self, owner: str, amount: int) -> Transfer:
        return self.post(credit=cash(owner), amount=amount, kind="deposit")

    def available(self, owner: str) -> int:
        return queries.balance(code=AccountCode.CLIENT_CASH, owner=owner, currency="CNY").available


@pytest.fixture(autouse=True)
def _only_the_ledgers_own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apps above have their own view of what money must rest where; these tests move money without them."""
    monkeypatch.setattr(checks, "_further", {})


@pytest.fixture
def till() -> Till:
    return Till()
