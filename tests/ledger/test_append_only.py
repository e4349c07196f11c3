"""What nobody may write, by whatever road: the ORM, raw SQL, or with ordinary triggers switched off."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.checks import check_books
from ledger.models import Account, Transfer
from tests.ledger.books import real_accounts
from tests.ledger.conftest import ALICE, BOB, Till, cash

pytestmark = pytest.mark.django_db


def sql(statement: str) -> Callable[[], Any]:
    return lambda: connection.cursor().execute(statement)


WRITES: dict[str, Callable[[], Any]] = {
    "orm update": lambda: Transfer.objects.update(amount=1),
    "orm delete": lambda: Transfer.objects.all().delete(),
    "orm save": lambda: Transfer.objects.get().save(),
    "bulk update": lambda: Transfer.objects.bulk_update([Transfer(pk=Transfer.objects.get().pk, amount=1)], ["amount"]),
    "raw update": sql("UPDATE ledger_transfer SET amount = amount + 1"),
    "raw delete": sql("DELETE FROM ledger_transfer"),
    "truncate": sql("TRUNCATE ledger_transfer"),
    "truncate accounts": sql("TRUNCATE ledger_account CASCADE"),
    "upsert": sql("INSERT INTO ledger_transfer SELECT * FROM ledger_transfer ON CONFLICT (id) DO UPDATE SET amount = 1"),
    "balance": sql("UPDATE ledger_account SET credits_posted = credits_posted + 1"),
    "orm balance": lambda: Account.objects.update(debits_posted=5),
    "overdraft flag": sql("UPDATE ledger_account SET debits_must_not_exceed_credits = false"),
    "owner": sql("UPDATE ledger_account SET owner = 'party:666' WHERE owner = 'party:2'"),
    "currency": sql("UPDATE ledger_account SET currency = 'USD' WHERE owner = 'party:2'"),
    "account id": sql("UPDATE ledger_account SET id = id + 1000"),
    "account delete": lambda: Account.objects.all().delete(),
    "raw account delete": sql("DELETE FROM ledger_account"),
    "born rich": sql("""INSERT INTO ledger_account (code, owner, currency, debits_must_not_exceed_credits, credits_must_not_exceed_debits, credits_posted)
        VALUES ('client_cash', 'party:7', 'CNY', true, false, 100)"""),
    "no overdraft rule": sql("""INSERT INTO ledger_account (code, owner, currency, debits_must_not_exceed_credits, credits_must_not_exceed_debits)
        VALUES ('client_cash', 'party:7', 'CNY', false, false)"""),
    "unknown code": sql("""INSERT INTO ledger_account (code, owner, currency, debits_must_not_exceed_credits, credits_must_not_exceed_debits)
        VALUES ('treasure', 'platform', 'CNY', true, false)"""),
}


@pytest.mark.parametrize("road", WRITES)
def test_books_refuse(till: Till, road: str) -> None:
    till.deposit(BOB, 10_00)
    before = real_accounts()
    with pytest.raises(DatabaseError), transaction.atomic():
        WRITES[road]()
    assert real_accounts() == before
    assert Transfer.objects.get().amount == 10_00


def raw_insert(*, rows: str = "", **columns: str) -> None:
    """A transfer written past every door, or one for each of `rows`."""
    usual = {
        "key": "'raw'",
        "debit_account_id": "(SELECT id FROM ledger_account WHERE code = 'bank' AND currency = 'CNY')",
        "credit_account_id": "(SELECT id FROM ledger_account WHERE owner = 'party:2')",
        "currency": "'CNY'",
        "amount": "100",
        "phase": "'posted'",
        "pending_id": "NULL::bigint",
        "kind": "'raw'",
        "reference": "''",
        "booked_on": "DATE '2026-03-02'",
    }
    merged = {**usual, **columns}
    inner = ", ".join(f"{value} AS {name}" for name, value in merged.items())
    statement = f"INSERT INTO ledger_transfer ({', '.join(merged)}) SELECT {inner}" + (f" FROM {rows}" if rows else "")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_raw_insert_moves_both_balances(till: Till) -> None:
    till.deposit(BOB, 10_00)
    raw_insert(input_hash="sha256('anything')")
    assert till.available(BOB) == 11_00
    assert check_books().is_clean  # the hash is the database's own
    made = Transfer.objects.get(key="raw")
    text = f"{made.debit_account_id}|{made.credit_account_id}|CNY|100|posted||raw||{(made.booked_on - date(2000, 1, 1)).days}"
    assert bytes(made.input_hash) == sha256(text.encode()).digest()


@pytest.mark.parametrize(
    "columns",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"credit_account_id": "(SELECT id FROM ledger_account WHERE code = 'bank' AND currency = 'CNY')"},
        {"credit_account_id": "999999"},
        {"currency": "'USD'"},
        {"credit_account_id": "(SELECT id FROM ledger_account WHERE code = 'bank' AND currency = 'USD')"},
        {"phase": "'settled'"},
        {"phase": "'voided'", "pending_id": "(SELECT min(id) FROM ledger_transfer)"},
        {"phase": "'settled'", "pending_id": "999999"},
        {"phase": "'posted'", "pending_id": "(SELECT min(id) FROM ledger_transfer)"},
        {"key": "'test:1'"},
        {"phase": "'dreamt'"},
    ],
)
def test_raw_imbalance_cannot_be_written(till: Till, columns: dict[str, str]) -> None:
    till.deposit(BOB, 10_00)
    till.post(currency="USD", credit=cash(ALICE))
    before = real_accounts(), real_accounts("USD")
    with pytest.raises(DatabaseError):
        raw_insert(**columns)
    assert (real_accounts(), real_accounts("USD")) == before


@pytest.mark.parametrize("account", ["999999", "(SELECT id FROM ledger_account WHERE currency = 'USD' AND code = 'bank')"])
def test_one_wrong_account_among_many_takes_all_of_them_back(till: Till, account: str) -> None:
    till.deposit(BOB, 10_00)
    till.post(currency="USD", credit=cash(ALICE))
    before = real_accounts(), real_accounts("USD")
    with pytest.raises(IntegrityError, match="missing or of another currency"):
        raw_insert(
            key="'raw' || n",
            credit_account_id=f"CASE WHEN n = 2 THEN {account} ELSE (SELECT id FROM ledger_account WHERE owner = 'party:2') END",
            rows="generate_series(1, 3) n",
        )
    assert (real_accounts(), real_accounts("USD")) == before


def test_an_account_keeps_its_currency_even_where_balances_are_written(till: Till) -> None:
    """From inside a trigger, where balances may be written, names may still not be."""
    till.deposit(BOB, 10_00)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE bait (n int);
            CREATE FUNCTION rename() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE ledger_account SET currency = 'USD'; RETURN NULL; END $$;
            CREATE TRIGGER rename AFTER INSERT ON bait FOR EACH STATEMENT EXECUTE FUNCTION rename()""")
        with pytest.raises(IntegrityError, match="keeps its id, name and currency"):
            cursor.execute("INSERT INTO bait VALUES (1)")
        transaction.set_rollback(True)


def test_switching_triggers_off_for_a_session_does_not_switch_off_the_books(till: Till) -> None:
    till.deposit(BOB, 10_00)
    guards = [trigger.get_pgid(model) for model in (Account, Transfer) for trigger in model._meta.triggers]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + ",".join(guards) + "}"])
        till.deposit(BOB, 5_00)
        with pytest.raises(DatabaseError), transaction.atomic():
            Transfer.objects.update(amount=1)
    assert till.available(BOB) == 15_00
