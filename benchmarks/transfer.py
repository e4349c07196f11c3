"""One transfer through the ledger's door against one statement over two bare tables.

The bare side has a balance column and an entry with a unique key: no pending money, no overdraft rule, no append-only rule, no input hash,
no foreign keys. Both go through a Django cursor and commit durably.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import date

from django.db import connection

from benchmarks.report import Figure
from benchmarks.rounds import Clock, measure
from ledger import operations
from ledger.chart import AccountCode

ACCOUNTS = 20_000
DAY = date(2026, 3, 2)
BARE = f"""
    DROP TABLE IF EXISTS bare_entry, bare_account;
    CREATE TABLE bare_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE bare_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, debit bigint, credit bigint, amount bigint, booked_on date);
    INSERT INTO bare_account SELECT i, 1000000000 FROM generate_series(0, {ACCOUNTS}) i"""
BARE_ONE = """
    WITH moved AS (
        UPDATE bare_account SET balance = balance + CASE WHEN id = %(debit)s THEN -%(amount)s ELSE %(amount)s END WHERE id IN (%(debit)s, %(credit)s))
    INSERT INTO bare_entry (key, debit, credit, amount, booked_on) VALUES (%(key)s, %(debit)s, %(credit)s, %(amount)s, %(day)s) RETURNING id"""
RICH = """SELECT 'rich:' || i AS key, 'bank' AS debit_code, 'rail:sandbox' AS debit_owner, 'client_cash' AS credit_code, 'party:' || i AS credit_owner,
    'CNY' AS currency, 1000000000 AS amount, 'deposit' AS kind, '' AS reference, DATE '2026-03-01' AS booked_on FROM generate_series(0, %s) i"""


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE)
    operations.post_from(RICH, (ACCOUNTS,))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_account; ANALYZE ledger_transfer; ANALYZE bare_account")


def probe() -> None:
    """What a durable commit costs at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bare_account SET balance = balance WHERE id = %s", [random.randrange(ACCOUNTS)])


def bare() -> None:
    debit, credit = random.sample(range(1, ACCOUNTS), 2)
    with connection.cursor() as cursor:
        cursor.execute(BARE_ONE, {"debit": debit, "credit": credit, "amount": 5, "key": uuid.uuid4().hex, "day": DAY})


def ours() -> None:
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


def run(clock: Clock) -> Iterator[Figure]:
    prepare()
    works = {"probe": probe, "bare": bare, "ours": ours}
    for clients in (1, 8):
        found = measure(works, clients=clients, clock=clock)
        notes = {name: found.rate(name) for name in works}
        yield Figure(f"single transfer ÷ bare statement, {clients} clients", found.ratios("ours", "bare"), at_least=0.7, notes=notes)
