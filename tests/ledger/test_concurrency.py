"""Real threads on real connections: races, opposite directions, and a pledge in one statement."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import operations, queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from ledger.models import Account, Transfer
from tests.ledger.conftest import ALICE, BOB, CAROL, DAY, Till, cash

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def race(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """Run work(0) … work(n-1) at the same moment; a refusal of the ledger is an answer, anything else fails the test."""
    start = Barrier(threads)

    def run(number: int) -> Any:
        try:
            start.wait(timeout=20)
            return work(number)
        except operations.LedgerRefusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def test_opposite_directions_do_not_deadlock(till: Till) -> None:
    owners = [ALICE, BOB, CAROL]
    for owner in owners:
        till.deposit(owner, 10_000)

    def work(number: int) -> None:
        for step in range(25):
            debit, credit = owners[(number + step) % 3], owners[(number + step + 1 + number % 2) % 3]
            operations.post(**till.fields(debit=cash(debit), credit=cash(credit), amount=number + 1, key=f"race:{number}:{step}"))

    race(work)
    assert Transfer.objects.filter(key__startswith="race:").count() == THREADS * 25
    assert sum(till.available(owner) for owner in owners) == 30_000
    assert check_books().is_clean


def test_sets_in_opposite_order_do_not_deadlock(till: Till) -> None:
    for number in range(1, 31):
        till.deposit(f"party:{number}", 1_000)
    ring = """SELECT %(who)s || ':' || i AS key, 'client_cash' AS debit_code, 'party:' || i AS debit_owner, 'client_cash' AS credit_code,
        'party:' || (i %% 30 + 1) AS credit_owner, 'CNY' AS currency, i AS amount, 'ring' AS kind, '' AS reference, DATE '2026-03-02' AS booked_on
        FROM generate_series(1, 30) i ORDER BY i * %(direction)s"""

    def work(number: int) -> None:
        for step in range(5):
            operations.post_from(ring, {"who": f"ring:{number}:{step}", "direction": 1 if number % 2 else -1})

    race(work)
    assert Transfer.objects.filter(kind="ring").count() == THREADS * 5 * 30
    assert check_books().is_clean


def test_only_as_many_as_the_money_allows(till: Till) -> None:
    till.deposit(BOB, 5)
    answers = Counter(race(lambda number: operations.post(**till.fields(debit=cash(BOB), credit=cash(ALICE), amount=1, key=f"spend:{number}")).amount))
    assert answers == {1: 5, "insufficient_funds": 3}
    assert (till.available(BOB), till.available(ALICE)) == (0, 5)


def test_one_key_from_many_sessions_is_one_transfer(till: Till) -> None:
    fields = till.fields(key="once", amount=9)
    assert len(set(race(lambda number: operations.post(**fields).pk))) == 1
    assert till.available(BOB) == 9


def test_one_set_from_many_sessions_is_one_set(till: Till) -> None:
    source = """SELECT 'once:' || i AS key, 'bank' AS debit_code, 'rail:sandbox' AS debit_owner, 'client_cash' AS credit_code, 'party:' || i AS credit_owner,
        'CNY' AS currency, i AS amount, 'test' AS kind, '' AS reference, DATE '2026-03-02' AS booked_on FROM generate_series(1, 50) i"""
    assert race(lambda number: operations.post_from(source)) == [50] * THREADS
    assert Transfer.objects.count() == 50
    assert check_books().is_clean


def test_settling_and_releasing_at_once_gives_one_end(till: Till) -> None:
    till.deposit(BOB, 100)
    till.reserve(amount=60, key="hold")

    def work(number: int) -> str:
        if number % 2:
            return operations.settle(pending_key="hold", key="take", booked_on=DAY).phase
        return operations.void(pending_key="hold", key="free", booked_on=DAY).phase

    answers = Counter(race(work))
    winner = Transfer.objects.get(pending__key="hold").phase
    assert answers == {winner: THREADS // 2, "already_resolved": THREADS // 2}
    assert till.available(BOB) == {"settled": 40, "voided": 100}[winner]
    assert check_books().is_clean


def test_opening_one_account_from_many_sessions(till: Till) -> None:
    race(lambda number: operations.open_account(code=AccountCode.CLIENT_CASH, owner=BOB, currency="CNY"))
    assert Account.objects.count() == 1


@pytest.fixture
def toy_market() -> Iterator[None]:
    """A listing and its pledges, as an app above would have them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE toy_listing (id int PRIMARY KEY, pledged bigint NOT NULL CHECK (pledged <= target), target bigint NOT NULL, state text NOT NULL)"
        )
        cursor.execute("CREATE TABLE toy_pledge (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner text, amount bigint, reference text UNIQUE)")
        cursor.execute("INSERT INTO toy_listing VALUES (1, 0, 500, 'open')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE toy_listing, toy_pledge")


def pledge(owner: str, amount: int, reference: str) -> str:
    """The one statement of `reserve_cte`: guard on the listing, pledge row, hold of the cash."""
    held = operations.reserve_cte(
        source="""SELECT 'pledge:' || pledge.reference AS key, 'client_cash' AS debit_code, pledge.owner AS debit_owner, 'listing_escrow' AS credit_code,
            'listing:' || listing.id AS credit_owner, 'CNY' AS currency, pledge.amount, 'pledge' AS kind, pledge.reference, DATE '2026-03-02' AS booked_on
            FROM pledge, listing"""
    )
    statement = f"""
        WITH listing AS (UPDATE toy_listing SET pledged = pledged + %(amount)s
                          WHERE id = 1 AND state = 'open' AND pledged + %(amount)s <= target RETURNING id),
        pledge AS (INSERT INTO toy_pledge (owner, amount, reference) SELECT %(owner)s, %(amount)s, %(reference)s FROM listing RETURNING *),
        {held}
        SELECT pledge.id, held.id FROM pledge, held"""
    with operations.refusals(), connection.cursor() as cursor:
        cursor.execute(statement, {"owner": owner, "amount": amount, "reference": reference})
        return "pledged" if cursor.fetchone() else "full"


@pytest.mark.usefixtures("toy_market")
class TestPledgeInOneStatement:
    def sums(self) -> tuple[int, int, int]:
        """Pledged on the listing, in pledge rows, held in the ledger: always the same."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pledged, (SELECT coalesce(sum(amount), 0) FROM toy_pledge) FROM toy_listing")
            listing, rows = cursor.fetchone()
        return listing, int(rows), queries.balance(code=AccountCode.LISTING_ESCROW, owner="listing:1", currency="CNY").pending_in

    def prepare(self, till: Till, cash_each: int, investors: int = THREADS) -> None:
        operations.open_account(code=AccountCode.LISTING_ESCROW, owner="listing:1", currency="CNY")
        for number in range(investors):
            till.deposit(f"party:{number}", cash_each)

    def test_exactly_the_target_is_pledged(self, till: Till) -> None:
        self.prepare(till, 1_000)
        answers = Counter(answer for many in race(lambda n: [pledge(f"party:{n}", 10, f"P-{n}-{i}") for i in range(10)]) for answer in many)
        assert answers == {"pledged": 50, "full": 30}
        assert self.sums() == (500, 500, 500)
        assert check_books().is_clean

    def test_without_cash_nothing_is_written(self, till: Till) -> None:
        self.prepare(till, 9)
        with transaction.atomic():
            with pytest.raises(operations.InsufficientFunds):
                pledge("party:0", 10, "P-1")
            assert pledge("party:0", 9, "P-1") == "pledged"
        assert self.sums() == (9, 9, 9)

    def test_one_wallet_two_pledges_at_once(self, till: Till) -> None:
        self.prepare(till, 60)
        answers = Counter(race(lambda n: pledge("party:0", 40, f"P-{n}")))
        assert answers == {"pledged": 1, "insufficient_funds": THREADS - 1}
        assert self.sums() == (40, 40, 40)

    def test_a_wallet_that_was_never_opened(self, till: Till) -> None:
        self.prepare(till, 1)
        with pytest.raises(operations.UnknownAccount):
            pledge("party:404", 10, "P-1")
        assert self.sums() == (0, 0, 0)

    def test_pledging_while_another_cancels(self, till: Till) -> None:
        """Both take the listing row first and the accounts afterwards, so they wait for each other and never in a circle."""
        self.prepare(till, 1_000)
        for number in range(THREADS):
            assert pledge(f"party:{number}", 50, f"old-{number}") == "pledged"

        def work(number: int) -> str:
            if number % 2:
                return pledge(f"party:{number}", 50, f"new-{number}")
            void = operations.void_cte(
                source="SELECT 'cancel:' || pledge.reference AS key, 'pledge:' || pledge.reference AS pending_key, DATE '2026-03-02' AS booked_on FROM pledge"
            )
            with operations.refusals(), connection.cursor() as cursor:
                cursor.execute(
                    f"""WITH listing AS (UPDATE toy_listing SET pledged = pledged - 50 WHERE id = 1 RETURNING id),
                    pledge AS (DELETE FROM toy_pledge USING listing WHERE reference = %s RETURNING reference), {void} SELECT key FROM voided""",
                    [f"old-{number}"],
                )
                return "cancelled" if cursor.fetchone() else "nothing"

        answers = Counter(race(work))
        assert answers["cancelled"] == THREADS // 2
        listing, rows, held = self.sums()
        assert listing == rows == held == 50 * (THREADS - answers["cancelled"] + answers["pledged"])
        assert check_books().is_clean


def test_two_arms_in_one_statement_fire_together(till: Till) -> None:
    """A reservation becomes a smaller one in a single statement: void and reserve, one check of the balances at the end."""
    till.deposit(BOB, 100)
    till.reserve(amount=90, key="big")
    void = operations.void_cte(source="SELECT 'free' AS key, 'big' AS pending_key, DATE '2026-03-02' AS booked_on")
    hold = operations.reserve_cte(
        source="""SELECT 'small' AS key, 'client_cash' AS debit_code, 'party:2' AS debit_owner, 'listing_escrow' AS credit_code, 'listing:1' AS credit_owner,
        'CNY' AS currency, 80 AS amount, 'pledge' AS kind, '' AS reference, DATE '2026-03-02' AS booked_on"""
    )
    with operations.refusals(), connection.cursor() as cursor:
        cursor.execute(f"WITH {hold}, {void} SELECT 1")
    assert till.available(BOB) == 20
    assert check_books().is_clean


def test_a_mark_waits_for_the_transfers_underway(till: Till) -> None:
    """Two transfers, the first still underway when the second is booked: a mark between them would let the first appear behind it later."""
    till.deposit(ALICE, 10_000)
    written, marked = Event(), Event()

    def first() -> int:
        try:
            with transaction.atomic():
                operations.post(**till.fields(debit=cash(ALICE), credit=cash(BOB), amount=1, key="slow"))
                written.set()
                marked.wait(timeout=0.5)  # a mark that does not wait would be made by now
            return Transfer.objects.get(key="slow").pk
        finally:
            connection.close()

    def mark() -> int:
        written.wait(timeout=20)
        try:
            with transaction.atomic():
                found = queries.last_transfer()
            marked.set()
            return found
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        slow, found = pool.submit(first), pool.submit(mark)
        assert found.result() >= slow.result()
