"""The end of a day over a whole book, against the least SQL that could do its four steps and against Django's ORM in chunks.

Each round closes one day three ways in turn: the floor (append accruals, find what is overdue, one update of the loan row, summary legs; bare
tables, no history), the product (accrual, due dates, late charges, days late and states with history, collections, day book, proof of the books),
and a chunked ORM loop that only accrues (20,000 loans of the round). Ratios per loan, because machines differ. Then the finished day is run again.
The book has `--loans` loans; the goals are for a million.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.cast import make
from benchmarks.report import Figure
from benchmarks.rounds import Clock
from core import business_day
from loans import day
from loans.models import Accrual, Standing

NOW = datetime(2026, 6, 15, 1, tzinfo=UTC)
FIRST = date(2026, 6, 15)
ORM_LOANS, ORM_CHUNK = 20_000, 2_000
NIGHTS_MAX = 5

# The floor's own book, as small as it can be: c for loans, n installments of 12, one in twelve overdue.
FLOOR = """
DROP TABLE IF EXISTS n_loan, n_inst, n_accr, n_entry, n_bucket;
CREATE TABLE n_loan (id int PRIMARY KEY, principal bigint NOT NULL, rate_ppm int NOT NULL, accrued bigint NOT NULL DEFAULT 0, accr_rem int NOT NULL DEFAULT 0,
                     dpd int NOT NULL DEFAULT 0, bucket smallint NOT NULL DEFAULT 0, asof date NOT NULL) WITH (fillfactor = 70);
INSERT INTO n_loan SELECT g, 100000 + g % 900000, 30000 + g % 200000, 0, 0, 0, 0, '2026-06-14' FROM generate_series(1, {count}) g;
CREATE TABLE n_inst (loan int NOT NULL, n smallint NOT NULL, due date NOT NULL, amt bigint NOT NULL, paid bigint NOT NULL DEFAULT 0, PRIMARY KEY (loan, n));
INSERT INTO n_inst SELECT l, k, date '2026-01-01' + (l % 28) + 30 * k, 5000, CASE WHEN 30 * k + (l % 28) < 164 - (CASE WHEN l % 12 = 0 THEN 45 ELSE 0
      END) THEN 5000 ELSE 0 END
  FROM generate_series(1, {count}) l, generate_series(1, 12) k ORDER BY l, k;
CREATE INDEX n_unpaid ON n_inst (due, loan) INCLUDE (amt, paid) WHERE paid < amt;
CREATE TABLE n_accr (loan int NOT NULL, d date NOT NULL, amt bigint NOT NULL);
CREATE TABLE n_entry (txn bigint NOT NULL, acct int NOT NULL, d date NOT NULL, amount bigint NOT NULL)"""
FLOOR_DAY = (
    "INSERT INTO n_accr SELECT id, %(d)s, (principal * rate_ppm + accr_rem) / 365000000 FROM n_loan WHERE asof < %(d)s",
    "DROP TABLE IF EXISTS n_bucket; CREATE UNLOGGED TABLE n_bucket AS SELECT loan, %(d)s::date - min(due) dpd, sum(amt - paid) overdue FROM n_inst"
    " WHERE paid < amt AND due < %(d)s GROUP BY loan; ANALYZE n_bucket",
    "UPDATE n_loan l SET accrued = l.accrued + (l.principal * l.rate_ppm + l.accr_rem) / 365000000, accr_rem = ((l.principal * l.rate_ppm +"
    " l.accr_rem) %% 365000000)::int,"
    " dpd = coalesce(b.dpd, 0), bucket = least(6, (coalesce(b.dpd, 0) + 29) / 30), asof = %(d)s FROM n_loan k LEFT JOIN n_bucket b ON b.loan = k.id"
    " WHERE l.id = k.id AND l.asof < %(d)s",
    "INSERT INTO n_entry SELECT 1, (rate_ppm / 50000) + v.a, %(d)s, v.s * sum(x.amt) FROM n_accr x JOIN n_loan ON id = loan"
    " CROSS JOIN (VALUES (0, 1), (100, -1)) v (a, s) WHERE d = %(d)s GROUP BY 2, v.s",
)

# The product's book of the same shape, each loan's installments side by side, as a payout writes them. The loans have no paper, so what would
# point at it is taken off first; triggers sleep while it is filled.
BOOK = """
ALTER TABLE loans_loan DROP CONSTRAINT {agreement};
ALTER TABLE loans_loan DROP CONSTRAINT {file};
ALTER TABLE loans_loan DISABLE TRIGGER USER;
INSERT INTO loans_loan (id, reference, agreement_id, file_id, party_id, principal, currency, annual_rate, servicing_fee_rate, penalty_rate,
      grace_days, default_after_days,
                        payment_order, origination_fee, term_months, method, state, days_late, autopay, created_at, funded_at, disbursed_on)
SELECT g, 'LN-' || g, g, g, {party}, 60000, 'CNY', 0.12, 0.006, 0.06, 3, 90,
      'due:penalty,fee,interest,principal;advance:penalty,fee,interest,principal', 0, 12,
       'equal_installment', CASE WHEN g % 12 = 0 THEN 'late' ELSE 'active' END, CASE WHEN g % 12 = 0 THEN 20 ELSE 0 END, false, now(), now(), date
             '2026-01-01' + (g % 28)::int
  FROM generate_series(1, {count}) g;
ALTER TABLE loans_loan ENABLE TRIGGER USER;
INSERT INTO loans_installment (loan_id, number, starts_on, due_on, principal, interest, balance_after, paid_principal, paid_interest, paid_on)
SELECT l, k, s + 30 * (k - 1), s + 30 * k, 5000, 600 - 50 * k + 50, 60000 - 5000 * k, CASE WHEN p THEN 5000 ELSE 0 END, CASE WHEN p THEN 600 - 50 * k
      + 50 ELSE 0 END,
       CASE WHEN p THEN s + 30 * k END
  FROM generate_series(1, {count}) l, generate_series(1, 12) k, LATERAL (SELECT date '2026-01-01' + (l % 28)::int AS s) a,
       LATERAL (SELECT s + 30 * k < date '2026-06-15' - CASE WHEN l % 12 = 0 THEN 45 ELSE 0 END AS p) b
 ORDER BY l, k;
INSERT INTO loans_standing (loan_id, currency, closed_to, live, parked, outstanding, accrued, accrued_base, overpaid, period_from, period_due,
      period_interest, period_cap,
                            oldest_unpaid_on, days_late, paused_days)
SELECT l, 'CNY', '2026-06-14', true, false, 60000 - t.back, t.base + r.interest * (date '2026-06-15' - r.starts_on) / 30, t.base, 0, r.starts_on,
      r.due_on, r.interest, r.interest,
       t.oldest, CASE WHEN l % 12 = 0 THEN date '2026-06-15' - t.oldest ELSE 0 END, 0
  FROM generate_series(1, {count}) l
 CROSS JOIN LATERAL (SELECT sum(paid_principal) AS back, min(due_on) FILTER (WHERE paid_on IS NULL) AS oldest, coalesce(sum(interest) FILTER (WHERE
       due_on <= '2026-06-15'), 0) AS base
                       FROM loans_installment WHERE loan_id = l) t
 CROSS JOIN LATERAL (SELECT * FROM loans_installment WHERE loan_id = l AND due_on > '2026-06-15' ORDER BY due_on LIMIT 1) r"""


def execute(statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements.split(";\n"):
            cursor.execute(statement)


PAPERS = """
SELECT a.attname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.conrelid = 'loans_loan'::regclass AND c.contype = 'f' AND a.attname IN ('agreement_id', 'file_id')"""
# Records are kept: emptying them is refused, except where triggers sleep.
CLEAN = """
SET session_replication_role = replica;
TRUNCATE loans_loan, loans_installment, loans_accrual, loans_dayrun, n_loan, n_inst, n_accr, n_entry CASCADE;
DELETE FROM core_businessdate;
SET session_replication_role = origin"""


@contextmanager
def papers_apart() -> Iterator[dict[str, str]]:
    """The loans of this book have no paper: the keys that would point at it are off meanwhile, and everything is taken away again."""
    with connection.cursor() as cursor:
        cursor.execute(PAPERS)
        found = cursor.fetchall()
    try:
        yield {column: name for column, name, _definition in found}
    finally:
        execute(CLEAN)
        execute(";\n".join(f"ALTER TABLE loans_loan ADD CONSTRAINT {name} {definition}" for _column, name, definition in found))


def prepare(count: int, names: dict[str, str]) -> None:
    party = make("alice", now=NOW).party
    execute(FLOOR.format(count=count))
    execute(BOOK.format(count=count, party=party.pk, agreement=names["agreement_id"], file=names["file_id"]))
    for table in ("n_loan", "n_inst", "loans_loan", "loans_installment", "loans_standing"):
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {table}")


def floor(on: date) -> None:
    for statement in FLOOR_DAY:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"d": on + timedelta(days=1)})


def product(on: date) -> None:
    business_day.advance(to=on + timedelta(days=1), now=NOW)
    day.run_day(on=on, now=NOW)


def chunked_orm(on: date) -> None:
    """What a careful ORM loop does for accrual alone: read a chunk under lock, compute, write it back, append the rows."""
    for start in range(0, ORM_LOANS, ORM_CHUNK):
        with transaction.atomic():
            rows = list(Standing.objects.select_for_update().filter(pk__gt=start, pk__lte=start + ORM_CHUNK).order_by("pk"))
            made = []
            for row in rows:
                before, row.closed_to = row.accrued, on
                days = (on + timedelta(days=1) - row.period_from).days
                row.accrued = row.accrued_base + row.period_interest * days // (row.period_due - row.period_from).days
                made.append(Accrual(on=on, loan_id=row.pk, event=1, amount=row.accrued - before))
            Standing.objects.bulk_update(rows, ["accrued", "closed_to"], batch_size=1000)
            Accrual.objects.bulk_create(made)
            transaction.set_rollback(True)  # measured, then taken back: the book belongs to the product


def seconds(work: Callable[[date], None], on: date) -> float:
    started = time.perf_counter()
    work(on)
    return time.perf_counter() - started


def again(on: date) -> tuple[float, int]:
    """The finished day once more: seconds, and how many statements wrote."""
    writes: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH", "COPY")):
            writes.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        return seconds(_again, on), len(writes)


def _again(on: date) -> None:
    day.run_day(on=on, now=NOW)


def run(clock: Clock) -> Iterator[Figure]:
    count = clock.loans
    with papers_apart() as names:
        prepare(count, names)
        yield from nights(count, clock)


def nights(count: int, clock: Clock) -> Iterator[Figure]:
    floors, ours, orms, repeated = [], [], [], []
    for number in range(max(3, min(clock.rounds, NIGHTS_MAX))):
        on = FIRST + timedelta(days=number)
        orms.append(seconds(chunked_orm, on) / min(ORM_LOANS, count))
        floors.append(seconds(floor, on) / count)
        ours.append(seconds(product, on) / count)
        repeated.append(again(on))
    took = {"loans": f"{count:,}", "s": statistics.median(ours) * count, "floor s": statistics.median(floors) * count}
    yield Figure("end of day ÷ set-based floor", [one / other for one, other in zip(ours, floors, strict=True)], at_most=4, notes=took)
    yield Figure("chunked ORM ÷ end of day, per loan", [one / other for one, other in zip(orms, ours, strict=True)], at_least=20)
    share = [spent / (one * count) for (spent, _writes), one in zip(repeated, ours, strict=True)]
    yield Figure("a finished day again ÷ its run", share, at_most=0.05, notes={"writing statements": float(sum(writes for _spent, writes in repeated))})
