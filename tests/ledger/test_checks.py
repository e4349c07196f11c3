"""The proof of the books finds what is wrong when the guards were torn down first."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from ledger import checks, operations
from ledger.chart import AccountCode
from tests.ledger.conftest import BOB, DAY, Till, cash

pytestmark = pytest.mark.django_db


@contextmanager
def no_guards() -> Iterator[None]:
    """What only the owner of the tables can do; the transaction of the test takes it back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_account DISABLE TRIGGER USER; ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        yield
        cursor.execute("ALTER TABLE ledger_account ENABLE TRIGGER USER; ALTER TABLE ledger_transfer ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE owner = 'party:2'", {"currency_balances", "stored_balances", "equation"}),
        ("UPDATE ledger_account SET credits_posted = credits_posted + 1, debits_posted = debits_posted + 1 WHERE owner = 'party:2'", {"stored_balances"}),
        ("UPDATE ledger_account SET debits_pending = 0 WHERE owner = 'party:2'", {"currency_balances", "stored_balances"}),
        ("DELETE FROM ledger_transfer WHERE phase = 'posted'", {"stored_balances"}),
        ("DELETE FROM ledger_transfer WHERE key = 'hold:2'", {"resolutions"}),
        (
            """ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_debits_covered;
            UPDATE ledger_account SET debits_pending = 5000 WHERE owner = 'party:2'""",
            {"overdraft", "currency_balances", "stored_balances"},
        ),
        (
            "UPDATE ledger_transfer SET reference = 'X' WHERE key = 'hold:1'",
            {"input_hash"},
        ),
    ],
)
def test_damage_is_found(till: Till, damage: str, found: set[str]) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=1_00, key="hold:1")
    till.reserve(amount=2_00, key="hold:2")
    operations.settle(pending_key="hold:2", key="take:2", booked_on=DAY)
    assert checks.check_books(as_of=DAY) == checks.Report(currencies=checks.check_books().currencies)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with no_guards():
        connection.cursor().execute(damage)
    assert {finding.check for finding in checks.check_books().findings if finding.is_error} == found


def test_a_guard_switched_off_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        assert {finding.check for finding in checks.check_books().findings} == {"guards"}
        cursor.execute("ALTER TABLE ledger_transfer ENABLE TRIGGER USER")
    assert checks.check_books().is_clean


def test_notes_are_not_errors(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.reserve(amount=1_00)
    till.post(debit=cash(BOB), credit=(AccountCode.BANK, "rail:other"), amount=1_00)
    report = checks.check_books(as_of=DAY + timedelta(days=checks.PENDING_DAYS_MAX + 1))
    assert report.is_clean
    assert {finding.check for finding in report.findings} == {"old_reservations", "bank_overdrawn"}


def test_an_app_above_adds_its_own_check() -> None:
    checks.register("escrow", lambda as_of: [checks.Finding(check="escrow", text=f"seen on {as_of}")])
    assert checks.check_books(as_of=date(2026, 3, 2)).findings == (checks.Finding(check="escrow", text="seen on 2026-03-02"),)


def test_the_command_prints_one_line_per_currency_and_exits_by_the_answer(till: Till) -> None:
    till.deposit(BOB, 10_00)
    till.post(currency="USD")
    out = StringIO()
    call_command("check_books", stdout=out)
    assert [line[:12] for line in out.getvalue().splitlines()] == ["CNY balanced", "USD balanced"]
    with no_guards():
        connection.cursor().execute("UPDATE ledger_account SET credits_posted = 7 WHERE owner = 'party:2' AND currency = 'CNY'")
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("check_books", "--json", stdout=out)
    assert end.value.code == 1
    report = json.loads(out.getvalue())
    assert not report["clean"]
    assert [(row["currency"], row["balanced"]) for row in report["currencies"]] == [("CNY", False), ("USD", True)]
