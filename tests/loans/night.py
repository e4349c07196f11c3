"""A book of loans in a database of its own, and the process that closes its days: it may be killed at any statement, or work in a crowd.

What a process of tests/forks.py does: `fill` a book with late, paid, paused and collecting loans; `close` NIGHTS days, killed with SIGKILL at
a statement, else saying how many there were, and the hash; `work`, the same through the outbox, in as many processes as are started; `show`
a hash of everything the nights have written.
"""

import hashlib
import itertools
import os
import random
import signal
import sys
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, transaction

from core import business_day, outbox
from loans import day
from loans.day import close as close_of_day
from loans.event import Entry, enter
from loans.models import DayRun, Loan
from loans.replay import Kind
from tests.cast import alice, bob, carol, eve, fay, grace
from tests.loans import book

FIRST = date(2026, 6, 15)  # the morning on which the nights begin to be closed
NIGHTS = 2
BY_THEMSELVES = 40  # loans on autopay, and loans left behind, about: each takes dozens of statements, and nearly all of a large night would be theirs
# What a night writes, without serial numbers and clock times, which differ between a run and its repetition.
WRITTEN = (
    "SELECT id, state, days_late, closed_on FROM loans_loan ORDER BY id",
    "SELECT * FROM loans_installment ORDER BY loan_id, number",
    "SELECT * FROM loans_standing ORDER BY loan_id",
    "SELECT loan_id, number, kind, amount, charged_on, event FROM loans_charge ORDER BY 1, 2, 3, 5, 6",
    'SELECT * FROM loans_accrual ORDER BY "on", loan_id, event',
    'SELECT loan_id, number, kind, "on", booked_on, amount, data::text, undoes, key FROM loans_loanevent ORDER BY 1, 2',
    "SELECT loan_id, kind, key, amount, principal, interest, fees, penalties, paid_on FROM loans_repayment ORDER BY key",
    """SELECT r.key, p.loan_id, p.party_id, s.principal, s.interest, s.penalties, s.servicing_fee, s.net
         FROM loans_share s JOIN loans_repayment r ON r.id = s.repayment_id JOIN loans_participation p ON p.id = s.participation_id ORDER BY 1, 2, 3""",
    "SELECT * FROM loans_participation ORDER BY id",
    "SELECT code, owner, currency, debits_posted, credits_posted, debits_pending, credits_pending FROM ledger_account ORDER BY 1, 2, 3",
    "SELECT d.owner, c.owner, t.amount, t.kind, t.booked_on, count(*) FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_account_id"
    " JOIN ledger_account c ON c.id = t.credit_account_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
    'SELECT loan_id, amount, affordable, outcome FROM loans_autopayorder o JOIN loans_dayrun r ON r.id = o.run_id ORDER BY r."on", loan_id',
    'SELECT "on", phase, figures::text FROM loans_dayrun ORDER BY "on"',
    'SELECT "on", currency, bucket, loans, outstanding, accrued, provision FROM loans_daybook ORDER BY 1, 2, 3',
    "SELECT pgh_obj_id, state, count(*) FROM loans_loanstateevent GROUP BY 1, 2 ORDER BY 1, 2",
)


def fill(count: int) -> None:
    """Loans of every age; every fifth late, some with a payment, a pause, or autopay; wallets that cannot pay everything."""
    draw = random.Random(count)
    with connection.cursor() as cursor:  # their paper does not exist
        for column in ("agreement_id", "file_id"):
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'loans_loan'::regclass AND contype = 'f' AND conkey = ARRAY["
                "(SELECT attnum FROM pg_attribute WHERE attrelid = 'loans_loan'::regclass AND attname = %s)]",
                [column],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE loans_loan DROP CONSTRAINT "{name}"')
    borrowers, holders = [who(now=book.NOW).party for who in (alice, fay, grace)], [who(now=book.NOW).party for who in (bob, carol, eve)]
    with transaction.atomic():
        for number, borrower in enumerate(borrowers):
            book.give(borrower, count * 25_000 * (number + 1), key=f"cash-{number}")
        for _loan in range(count):
            loan = _lend(draw, draw.choice(borrowers), holders, autopay=min(0.3, BY_THEMSELVES / count))
            if count > BY_THEMSELVES and draw.random() > BY_THEMSELVES / count:
                close_of_day.bring_to(loan.pk, day=FIRST - timedelta(days=1), now=book.NOW)
        business_day.advance(to=FIRST, now=book.NOW)


def _lend(draw: random.Random, borrower, holders, *, autopay: float) -> Loan:
    age = draw.choice([31, 61, 92, 90, 122, 12, 45])
    shares = dict(zip(holders, (draw.randrange(1, 300_000), draw.randrange(1, 300_000), 1), strict=True))
    start = FIRST - timedelta(days=age)
    loan = book.lend(borrower, shares, disbursed_on=start, annual_rate=Decimal("0.14"), term_months=draw.choice([3, 6, 12]))
    if draw.random() < autopay:
        Loan.objects.filter(pk=loan.pk).update(autopay=True)
    yesterday, some_days_ago = FIRST - timedelta(days=1), FIRST - timedelta(days=3)
    if draw.random() < 0.6:
        due = sum(row.open for row in loan.installments.all() if row.due_on < FIRST)
        if due and due <= book.cash(borrower):
            enter(loan, Entry(Kind.PAYMENT, yesterday, due), by=None, key=f"first:{loan.pk}", as_of=yesterday, now=book.NOW)
    elif draw.random() < 0.1:
        pause = Entry(Kind.PAUSE, some_days_ago, data={"until": (FIRST + timedelta(days=9)).isoformat()})
        enter(loan, pause, by=None, key=f"pause:{loan.pk}", as_of=some_days_ago, now=book.NOW)
    return loan


def close(kill_at: int = 0) -> None:
    """Close the nights in this process; count the statements, and die in the middle of one."""
    counter = itertools.count(1)

    def counted(execute, sql, params, many, context):
        if next(counter) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        day.close_day(to=FIRST + timedelta(days=NIGHTS), now=book.NOW)
    sys.stdout.write(f"{next(counter) - 1} {written()}")


def begin() -> None:
    """The next night's jobs."""
    if business_day.current() < FIRST + timedelta(days=NIGHTS):
        day.begin(to=business_day.current() + timedelta(days=1), now=book.NOW)


@transaction.atomic
def begin_once() -> None:
    """Of several workers with nothing to do, one begins the night."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(4711)")
    if not DayRun.objects.exclude(phase=DayRun.Phase.FINISHED).exists():
        begin()


def work() -> None:
    """One worker of several: jobs until there are none, then the next night's."""
    while not DayRun.objects.filter(on=FIRST + timedelta(days=NIGHTS - 1), phase=DayRun.Phase.FINISHED).exists():
        if not outbox.sweep(now=book.NOW) and not DayRun.objects.exclude(phase=DayRun.Phase.FINISHED).exists():
            begin_once()


def written() -> str:
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for statement in WRITTEN:
            cursor.execute(statement)
            found.update(repr(cursor.fetchall()).encode())
    return found.hexdigest()


def show() -> None:
    sys.stdout.write(written())
