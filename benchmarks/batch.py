"""A thousand transfers in one statement through the ledger's door against one array statement over two bare tables."""

import random
import uuid
from collections.abc import Iterator

from django.db import connection

from benchmarks import transfer
from benchmarks.report import Figure
from benchmarks.rounds import Clock, measure
from ledger import operations

SIZE = 1_000
BARE_MANY = """
    WITH wanted AS (SELECT %(key)s || ':' || o AS key, d AS debit, c AS credit, 5::bigint AS amount
                      FROM unnest(%(debits)s::bigint[], %(credits)s::bigint[]) WITH ORDINALITY AS u (d, c, o)),
    legs AS (SELECT debit AS id, -amount AS amount FROM wanted UNION ALL SELECT credit, amount FROM wanted),
    folded AS (SELECT id, sum(amount)::bigint AS amount FROM legs GROUP BY id),
    locked AS (SELECT a.id, f.amount FROM bare_account a JOIN folded f USING (id) ORDER BY a.id FOR UPDATE OF a),
    moved AS (UPDATE bare_account a SET balance = a.balance + l.amount FROM locked l WHERE a.id = l.id)
    INSERT INTO bare_entry (key, debit, credit, amount, booked_on) SELECT key, debit, credit, amount, %(day)s FROM wanted"""
OURS = """
    SELECT %(key)s || ':' || o AS key, 'client_cash' AS debit_code, 'party:' || d AS debit_owner, 'client_cash' AS credit_code, 'party:' || c AS credit_owner,
        'CNY' AS currency, 5 AS amount, 'bench' AS kind, '' AS reference, %(day)s::date AS booked_on
      FROM unnest(%(debits)s::bigint[], %(credits)s::bigint[]) WITH ORDINALITY AS u (d, c, o)"""


def _pairs() -> dict[str, object]:
    chosen = random.sample(range(1, transfer.ACCOUNTS), 2 * SIZE)
    return {"key": uuid.uuid4().hex, "debits": chosen[:SIZE], "credits": chosen[SIZE:], "day": transfer.DAY}


def bare() -> int:
    with connection.cursor() as cursor:
        cursor.execute(BARE_MANY, _pairs())
    return SIZE


def ours() -> int:
    return operations.post_from(OURS, _pairs())


def run(clock: Clock) -> Iterator[Figure]:
    transfer.prepare()
    works = {"probe": transfer.probe, "bare": bare, "ours": ours}
    found = measure(works, clients=8, clock=clock)
    notes = {name: found.rate(name) for name in works}
    yield Figure("thousand transfers a statement ÷ bare array statement, 8 clients", found.ratios("ours", "bare"), at_least=0.8, notes=notes)
