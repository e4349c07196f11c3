"""The ledger's doors against the least SQL that could do the same, in interleaved rounds: only ratios, because machines differ.

    python benchmarks/ledger_transfers.py [--seconds 1.5] [--rounds 5] [--clients 1,8]

The raw side is one statement over two bare tables (a balance column, an entry with a unique key): no pending money, no overdraft rule,
no append-only rule, no input hash, no foreign keys. Both sides commit durably and go through a Django cursor. Runs in a test database of its own.
"""

import argparse
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import connection  # noqa: E402  after setup

from ledger import operations  # noqa: E402
from ledger.chart import AccountCode  # noqa: E402

ACCOUNTS = 1_000
HOLDERS = 5_000
DAY = date(2026, 3, 2)

RAW_SCHEMA = """
    DROP TABLE IF EXISTS raw_entry, raw_account;
    CREATE TABLE raw_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE raw_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, debit bigint, credit bigint, amount bigint, booked_on date);
    INSERT INTO raw_account SELECT i, 1000000000 FROM generate_series(0, 5001) i"""
RAW_ONE = """
    WITH moved AS (UPDATE raw_account SET balance = balance + CASE WHEN id = %(debit)s THEN -%(amount)s ELSE %(amount)s END WHERE id IN (%(debit)s, %(credit)s))
    INSERT INTO raw_entry (key, debit, credit, amount, booked_on) VALUES (%(key)s, %(debit)s, %(credit)s, %(amount)s, %(day)s) RETURNING id"""
RAW_SET = """
    WITH wanted AS (SELECT %(key)s || i AS key, 0::bigint AS debit, i::bigint AS credit, 5::bigint AS amount FROM generate_series(1, %(count)s) i),
    legs AS (SELECT debit AS id, -amount AS amount FROM wanted UNION ALL SELECT credit, amount FROM wanted),
    folded AS (SELECT id, sum(amount)::bigint AS amount FROM legs GROUP BY id),
    locked AS (SELECT a.id, f.amount FROM raw_account a JOIN folded f USING (id) ORDER BY a.id FOR UPDATE OF a),
    moved AS (UPDATE raw_account a SET balance = a.balance + l.amount FROM locked l WHERE a.id = l.id)
    INSERT INTO raw_entry (key, debit, credit, amount, booked_on) SELECT key, debit, credit, amount, %(day)s FROM wanted"""
LEDGER_SET = """
    SELECT %(key)s || i AS key, 'loan_clearing' AS debit_code, 'loan:1' AS debit_owner, 'client_cash' AS credit_code, 'party:' || i AS credit_owner,
        'CNY' AS currency, 5 AS amount, 'repayment' AS kind, 'LN-1' AS reference, %(day)s::date AS booked_on FROM generate_series(1, %(count)s) i"""


def raw_one() -> None:
    debit, credit = random.sample(range(1, ACCOUNTS), 2)
    with connection.cursor() as cursor:
        cursor.execute(RAW_ONE, {"debit": debit, "credit": credit, "amount": 5, "key": uuid.uuid4().hex, "day": DAY})


def ledger_one() -> None:
    debit, credit = random.sample(range(1, ACCOUNTS), 2)
    operations.post(
        debit=(AccountCode.CLIENT_CASH, f"party:{debit}"),
        credit=(AccountCode.CLIENT_CASH, f"party:{credit}"),
        currency="CNY",
        amount=5,
        key=uuid.uuid4().hex,
        kind="bench",
        reference="",
        booked_on=DAY,
    )


def raw_set() -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAW_SET, {"key": uuid.uuid4().hex, "day": DAY, "count": HOLDERS})


def ledger_set() -> None:
    operations.post_from(LEDGER_SET, {"key": uuid.uuid4().hex, "day": DAY, "count": HOLDERS})


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAW_SCHEMA)
    rich = "SELECT 'rich:' || i AS key, 'bank' AS debit_code, 'rail:sandbox' AS debit_owner, {} AS credit_code, {} AS credit_owner, 'CNY' AS currency,\
        1000000000 AS amount, 'deposit' AS kind, '' AS reference, DATE '2026-03-01' AS booked_on FROM generate_series({}) i"
    operations.post_from(rich.format("'client_cash'", "'party:' || i", f"1, {HOLDERS}"))
    operations.post_from(rich.format("'loan_clearing'", "'loan:1'", "-1, -1"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_account; ANALYZE ledger_transfer; ANALYZE raw_account")


def rate(work: Callable[[], None], seconds: float) -> float:
    """Runs per second of one client after a warm-up."""
    connection.ensure_connection()
    work()
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        work()
        done += 1
    return done / spent


def _client(arguments: tuple[str, float]) -> float:
    name, seconds = arguments
    connection.close()
    return rate(globals()[name], seconds)


def rates(names: list[str], clients: int, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Total rate of `clients` processes per name and round; the names take turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    connection.close()
    with get_context("fork").Pool(clients) as pool:
        for _round in range(rounds):
            for name in names:
                found[name].append(sum(pool.map(_client, [(name, seconds)] * clients, chunksize=1)))
    return found


def ratio(found: dict[str, list[float]], above: str, below: str) -> str:
    shares = [one / other for one, other in zip(found[above], found[below], strict=True)]
    return f"{statistics.median(shares):.2f} (rounds {min(shares):.2f} to {max(shares):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", default="1,8")
    options = parser.parse_args()
    plain = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{plain}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        prepare()
        for clients in map(int, options.clients.split(",")):
            found = rates(["raw_one", "ledger_one"], clients, options.seconds, options.rounds)
            print(f"single transfer, {clients} clients: ledger / raw statement = {ratio(found, 'ledger_one', 'raw_one')}")
        found = rates(["raw_set", "ledger_set"], 1, options.seconds, options.rounds)
        print(f"{HOLDERS} holders in one statement: ledger / raw statement = {ratio(found, 'ledger_set', 'raw_set')}")
    finally:
        connection.creation.destroy_test_db(plain, verbosity=0)


if __name__ == "__main__":
    main()
