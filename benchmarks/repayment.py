"""A repayment to thousands of holders against one bare statement that shares out the same cents.

The bare side divides by largest remainder, adds to running totals and balances, and writes a share and an entry with a unique key for every holder;
its foreign keys are checked, it has no other rule. Ours is the public operation: shares, totals, transfers, fee, installments, audit and jobs in one
durable transaction. To 5,000 holders django-hordak takes its turn as well, at the same server in a process of its own (hordak_peer.py): it books the
transaction and its legs, and has neither shares nor totals, balances, installments or jobs.
"""

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.db import connection

from benchmarks import crowd
from benchmarks.report import Figure
from benchmarks.rounds import Clock, once
from loans import repayment
from loans.models import Loan, Participation
from tests import stories
from tests.cast import alice

AMOUNT, PART = 200_000_000, 1_000_000
DAY = date(2026, 3, 5)
numbers = itertools.count()
BARE = """
    DROP TABLE IF EXISTS bare_share, bare_line, bare_holding, bare_wallet, bare_payment;
    CREATE TABLE bare_payment (id bigint PRIMARY KEY);
    CREATE TABLE bare_holding (id bigint PRIMARY KEY, amount bigint NOT NULL, principal bigint NOT NULL, interest bigint NOT NULL) WITH (fillfactor = 60);
    CREATE TABLE bare_wallet (id bigint PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 60);
    CREATE TABLE bare_share (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payment bigint REFERENCES bare_payment, holding bigint REFERENCES bare_holding,
                             principal bigint, interest bigint, fee bigint, UNIQUE (payment, holding));
    CREATE TABLE bare_line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, debit bigint REFERENCES bare_wallet,
                            credit bigint REFERENCES bare_wallet, amount bigint);
    INSERT INTO bare_holding SELECT i, 1000 + i %% 7, 0, 0 FROM generate_series(1, %(holders)s) i;
    INSERT INTO bare_wallet SELECT i, 0 FROM generate_series(0, %(holders)s) i"""
BARE_PAY = """
    WITH payment AS (INSERT INTO bare_payment VALUES (%(number)s)),
    exact AS (
        SELECT id, amount * %(principal)s::numeric / sum(amount) OVER () AS p, amount * %(interest)s::numeric / sum(amount) OVER () AS i FROM bare_holding),
    floors AS (SELECT id, floor(p)::bigint AS p, floor(i)::bigint AS i, p - floor(p) AS rp, i - floor(i) AS ri FROM exact),
    ranked AS (
        SELECT *, %(principal)s - sum(p) OVER () AS lp, %(interest)s - sum(i) OVER () AS li,
               row_number() OVER (ORDER BY rp DESC, id) AS np, row_number() OVER (ORDER BY ri DESC, id) AS ni FROM floors),
    shares AS (SELECT id, p + (np <= lp)::int AS p, i + (ni <= li)::int AS i, floor((i + (ni <= li)::int) * 0.05)::bigint AS fee FROM ranked),
    totals AS (UPDATE bare_holding h SET principal = h.principal + s.p, interest = h.interest + s.i FROM shares s WHERE h.id = s.id),
    locked AS (SELECT w.id FROM bare_wallet w WHERE w.id IN (SELECT id FROM shares) ORDER BY w.id FOR UPDATE),
    wallets AS (UPDATE bare_wallet w SET balance = w.balance + s.p + s.i - s.fee FROM shares s JOIN locked USING (id) WHERE w.id = s.id),
    payer AS (UPDATE bare_wallet SET balance = balance - %(principal)s - %(interest)s WHERE id = 0),
    written AS (INSERT INTO bare_share (payment, holding, principal, interest, fee) SELECT %(number)s, id, p, i, fee FROM shares)
    INSERT INTO bare_line (key, debit, credit, amount) SELECT 'repayment:' || %(number)s || ':' || id, 0, id, p + i - fee FROM shares"""


def loan_held_by(holders: int) -> Loan:
    """A loan in life whose register is replaced by that many holders."""
    crowd.set_the_day()
    loan = crowd.paid_out_loan(amount=AMOUNT)
    members = crowd.investors(holders)
    Participation.objects.filter(loan=loan).delete()
    each, odd = divmod(AMOUNT, holders)
    Participation.objects.bulk_create(
        [Participation(loan=loan, party=member.party, amount=each + (k < odd), originated_at=crowd.NOW) for k, member in enumerate(members)], batch_size=5000
    )
    stories.pay_in(alice(), AMOUNT * 2, now=crowd.NOW)
    with connection.cursor() as cursor:
        cursor.execute(BARE, {"holders": holders})
        cursor.execute("VACUUM ANALYZE")
    return loan


def works(loan: Loan) -> dict:
    payer = alice().user

    def ours() -> None:
        repayment.pay(loan=loan, amount=PART, by=payer, key=f"bench-{next(numbers)}", as_of=DAY, now=crowd.NOW)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(BARE_PAY, {"principal": PART * 9 // 10, "interest": PART // 10, "number": next(numbers)})

    return {"bare": bare, "ours": ours}


@contextmanager
def hordak(parts: list[int]) -> Iterator[dict[str, Callable[[], object]]]:
    """The peer's two ways of booking the payment to holders of these parts."""
    where = {name: str(connection.settings_dict[name]) for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    command = [sys.executable, "-m", "benchmarks.hordak_peer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as peer:

        def ask(line: object) -> object:
            assert peer.stdin
            assert peer.stdout
            print(json.dumps(line), file=peer.stdin, flush=True)
            return json.loads(peer.stdout.readline())

        ask({"database": where, "parts": parts})
        yield {way: lambda way=way: ask([way, PART]) for way in ("one", "many")}  # type: ignore[misc]


def against_hordak(loan: Loan, clock: Clock) -> Iterator[Figure]:
    parts = list(loan.participations.order_by("pk").values_list("amount", flat=True))
    with hordak(parts) as peers:
        found = once({"ours": works(loan)["ours"], **peers}, rounds=clock.rounds)
    for way, goal, words in (("one", 100, "one balanced transaction"), ("many", None, "a transaction for every holder")):
        ratios = [theirs / own for theirs, own in zip(found[way], found["ours"], strict=True)]
        notes: dict[str, float | str] = {"s": statistics.median(found[way]), "ours s": statistics.median(found["ours"])}
        yield Figure(f"django-hordak, {words} ÷ repayment to {len(parts):,} holders", ratios, at_least=goal, notes=notes)


def run(clock: Clock) -> Iterator[Figure]:
    took = {}
    for holders in (5_000, 50_000):
        loan = loan_held_by(holders)
        pair = works(loan)
        once(pair, rounds=2)
        found = once(pair, rounds=max(clock.rounds, 5))
        took[holders] = [one * 1000 for one in found["ours"]]
        yield Figure(f"repayment to {holders:,} holders", took[holders], unit="ms", at_most=60 if holders == 5_000 else None)
        ratios = [one / other for one, other in zip(found["ours"], found["bare"], strict=True)]
        yield Figure(f"repayment to {holders:,} holders ÷ bare statement", ratios, at_most=1.5)
        if holders == 5_000:
            yield from against_hordak(loan, clock)
    linear = [large / small / 10 for large, small in zip(sorted(took[50_000]), sorted(took[5_000]), strict=True)]
    yield Figure("time per holder, 50,000 ÷ 5,000", linear, at_most=1.2)
