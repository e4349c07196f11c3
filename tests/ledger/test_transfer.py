"""Single transfers: replay, contradiction, refusal, reservation."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger import operations, queries
from ledger.chart import CHART, AccountCode
from ledger.models import Account, Transfer
from tests.ledger.conftest import ALICE, BANK, BOB, DAY, Till, cash

pytestmark = pytest.mark.django_db


def test_the_same_key_twice_moves_money_once(till: Till) -> None:
    fields = till.fields(amount=70_00)
    first, again = operations.post(**fields), operations.post(**fields)
    assert first.pk == again.pk
    assert bytes(first.input_hash) == bytes(again.input_hash)
    assert till.available(BOB) == 70_00


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1},
        {"booked_on": date(2026, 3, 3)},
        {"credit": cash(ALICE)},
        {"debit": (AccountCode.TRANSIT_IN, "rail:sandbox")},
        {"kind": "other"},
        {"reference": "T-2"},
        {"currency": "USD"},
    ],
)
def test_the_same_key_with_other_input_is_a_conflict(till: Till, change: dict[str, Any]) -> None:
    fields = till.fields()
    operations.post(**fields)
    with pytest.raises(operations.KeyConflict):
        operations.post(**{**fields, **change})
    with pytest.raises(operations.KeyConflict):
        operations.reserve(**fields)
    assert Transfer.objects.count() == 1


def test_overdraft_is_refused_and_the_callers_transaction_goes_on(till: Till) -> None:
    till.deposit(BOB, 10_00)
    with pytest.raises(operations.InsufficientFunds):
        till.post(debit=cash(BOB), credit=cash(ALICE), amount=10_01)
    till.post(debit=cash(BOB), credit=cash(ALICE), amount=10_00)
    assert (till.available(BOB), till.available(ALICE)) == (0, 10_00)


def test_what_is_reserved_cannot_be_spent(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=8_00)
    with pytest.raises(operations.InsufficientFunds):
        till.post(debit=cash(BOB), credit=cash(ALICE), amount=2_01)
    with pytest.raises(operations.InsufficientFunds):
        till.reserve(amount=2_01)


def test_a_promise_is_not_money_yet(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=8_00)
    with pytest.raises(operations.InsufficientFunds):
        till.post(debit=(AccountCode.LISTING_ESCROW, "listing:1"), credit=cash(ALICE), amount=1)


def test_settling_in_part_releases_the_rest(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=8_00, key="hold")
    first = operations.settle(pending_key="hold", key="take", amount=5_00, booked_on=DAY)
    assert operations.settle(pending_key="hold", key="take", amount=5_00, booked_on=DAY).pk == first.pk
    assert queries.balance(code=AccountCode.CLIENT_CASH, owner=BOB, currency="CNY") == queries.Balance(posted=5_00)
    assert queries.balance(code=AccountCode.LISTING_ESCROW, owner="listing:1", currency="CNY") == queries.Balance(posted=5_00)


def test_a_reservation_ends_once(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=8_00, key="hold")
    operations.void(pending_key="hold", key="release", booked_on=DAY)
    assert till.available(BOB) == 10_00
    with pytest.raises(operations.AlreadyResolved):
        operations.settle(pending_key="hold", key="take", booked_on=DAY)
    with pytest.raises(operations.AlreadyResolved):
        operations.void(pending_key="hold", key="release:2", booked_on=DAY)
    assert till.available(BOB) == 10_00


def test_what_cannot_be_settled(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=8_00, key="hold")
    with pytest.raises(operations.IllegalTransfer):
        operations.settle(pending_key="hold", key="take", amount=8_01, booked_on=DAY)
    with pytest.raises(operations.UnknownPending):
        operations.settle(pending_key="nothing", key="take", booked_on=DAY)
    with pytest.raises(operations.IllegalTransfer):
        operations.void(pending_key="test:1", key="take", booked_on=DAY)  # posted, not pending


def test_a_correction_is_a_new_transfer_and_happens_once(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.post(debit=cash(BOB), credit=cash(ALICE), amount=4_00, key="mistake")
    assert operations.reverse(key="mistake", booked_on=DAY).pk == operations.reverse(key="mistake", booked_on=DAY).pk
    assert (till.available(BOB), till.available(ALICE)) == (10_00, 0)
    with pytest.raises(operations.IllegalTransfer):
        operations.reverse(key="never", booked_on=DAY)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": -1},
        {"credit": BANK},
        {"credit": (AccountCode.CLIENT_CASH, "listing:1")},
        {"credit": (AccountCode.CLIENT_CASH, "Alice")},
        {"credit": ("treasure", "platform")},
        {"currency": "cny"},
        {"key": ""},
        {"key": "with space"},
        {"kind": "Not a code"},
        {"reference": "a|b"},
        {"booked_on": None},
    ],
)
def test_what_the_ledger_does_not_allow(till: Till, change: dict[str, Any]) -> None:
    with pytest.raises(operations.IllegalTransfer):
        till.post(**change)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("amount", [1.0, Decimal("1.5"), "1", True])
def test_an_amount_is_an_integer(till: Till, amount: Any) -> None:
    with pytest.raises(TypeError):
        till.post(amount=amount)


def test_two_currencies_are_two_accounts(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.post(currency="USD", amount=3_00)
    assert till.available(BOB) == 10_00
    assert queries.balance(code=AccountCode.CLIENT_CASH, owner=BOB, currency="USD").posted == 3_00


@pytest.mark.parametrize("code", AccountCode)
def test_every_account_of_the_chart_can_be_opened_twice_and_is_one(code: AccountCode) -> None:
    owner = {"party": "party:9", "listing": "listing:9", "loan": "loan:9", "rail": "rail:sandbox", "platform": "platform"}[CHART[code].owner]
    first = operations.open_account(code=code, owner=owner, currency="CNY")
    assert operations.open_account(code=code, owner=owner, currency="CNY").pk == first.pk
    assert Account.objects.count() == 1
    assert str(first.entry.why)


def test_refusals_name_nobody(till: Till) -> None:
    with pytest.raises(operations.InsufficientFunds) as refusal:
        till.post(debit=cash(BOB), credit=cash(ALICE))
    assert "party" not in str(refusal.value)
    assert str(refusal.value) == str(refusal.value.message)
