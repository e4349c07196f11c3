"""Many transfers in one statement."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import operations
from ledger.checks import check_books
from ledger.models import Account, Transfer
from tests.ledger.conftest import BOB, DAY, Till

pytestmark = pytest.mark.django_db

DEPOSITS = """SELECT 'deposit:' || i AS key, 'bank' AS debit_code, 'rail:sandbox' AS debit_owner, 'client_cash' AS credit_code, 'party:' || i AS credit_owner,
    'CNY' AS currency, (%(base)s + i) AS amount, 'deposit' AS kind, 'D' AS reference, %(day)s::date AS booked_on FROM generate_series(1, %(count)s) i"""


def test_five_thousand_rows_are_one_statement(till: Till) -> None:
    params = {"base": 100, "day": DAY, "count": 5_000}
    assert operations.post_from(DEPOSITS, params) == 5_000  # opens the accounts as well
    again = {**params, "base": 7}
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert operations.post_from(DEPOSITS.replace("'deposit:'", "'second:'"), again) == 5_000
    assert len([query for query in queries if "ledger" in query["sql"]]) == 1
    assert Transfer.objects.count() == 10_000
    assert till.available("party:5000") == 5_100 + 5_007
    assert check_books().is_clean


def test_a_replay_changes_nothing_and_answers_alike(till: Till) -> None:
    params = {"base": 0, "day": DAY, "count": 20}
    assert operations.post_from(DEPOSITS, params) == operations.post_from(DEPOSITS, params) == 20
    assert operations.post_from(DEPOSITS, {**params, "count": 25}) == 25  # five are new
    assert Transfer.objects.count() == 25


def test_one_contradiction_takes_everything_back(till: Till) -> None:
    operations.post_from(DEPOSITS, {"base": 0, "day": DAY, "count": 3})
    with pytest.raises(operations.KeyConflict):
        operations.post_from(DEPOSITS, {"base": 1, "day": DAY, "count": 10})
    assert Transfer.objects.count() == 3


def test_one_key_twice_in_a_set(till: Till) -> None:
    once_more = "SELECT 'deposit:1', debit_code, debit_owner, credit_code, credit_owner, currency, {}, kind, reference, booked_on"
    twice = f"SELECT * FROM ({DEPOSITS}) a UNION ALL {once_more} FROM ({DEPOSITS}) b WHERE key = 'deposit:1'"
    params = {"base": 0, "day": DAY, "count": 3}
    assert operations.post_from(twice.format("amount"), params) == 4  # said twice, done once
    assert Transfer.objects.count() == 3
    with pytest.raises(operations.KeyConflict):
        operations.post_from(twice.format("amount + 1").replace("deposit:", "other:"), params)
    assert Transfer.objects.count() == 3


def test_overdraft_of_one_refuses_all(till: Till) -> None:
    till.deposit(BOB, 3)
    spend = """SELECT 'spend:' || i AS key, 'client_cash' AS debit_code, 'party:2' AS debit_owner, 'client_cash' AS credit_code, 'party:1' AS credit_owner,
        'CNY' AS currency, 1 AS amount, 'test' AS kind, '' AS reference, DATE '2026-03-02' AS booked_on FROM generate_series(1, %s) i"""
    with pytest.raises(operations.InsufficientFunds):
        operations.post_from(spend, (4,))
    assert operations.post_from(spend, (3,)) == 3
    assert till.available(BOB) == 0


@pytest.mark.parametrize("amount", ["1.5::numeric", "0", "NULL::bigint"])
def test_a_fraction_of_a_minor_unit_is_refused_not_rounded(till: Till, amount: str) -> None:
    with pytest.raises(operations.IllegalTransfer):
        operations.post_from(DEPOSITS.replace("(%(base)s + i)", amount), {"day": DAY, "count": 1})
    assert not Transfer.objects.exists()


def test_an_empty_set_is_nothing(till: Till) -> None:
    assert operations.post_from(DEPOSITS, {"base": 0, "day": DAY, "count": 0}) == 0
    assert not Account.objects.exists()


def test_reservations_in_sets_settle_and_release(till: Till) -> None:
    operations.post_from(DEPOSITS, {"base": 100, "day": DAY, "count": 4})
    hold = """SELECT 'hold:' || i AS key, 'client_cash' AS debit_code, 'party:' || i AS debit_owner, 'listing_escrow' AS credit_code,
        'listing:1' AS credit_owner, 'CNY' AS currency, 50 AS amount, 'pledge' AS kind, 'LS' AS reference, DATE '2026-03-02' AS booked_on
        FROM generate_series(1, 4) i"""
    assert operations.reserve_from(hold) == 4
    end = "SELECT 'end:' || i AS key, 'hold:' || i AS pending_key, {} DATE '2026-03-03' AS booked_on FROM generate_series({}) i"
    assert operations.settle_from(end.format("20 * i AS amount,", "1, 2")) == 2
    assert operations.void_from(end.format("", "3, 4")) == 2
    assert operations.void_from(end.format("", "3, 4")) == 2  # a replay
    assert [till.available(f"party:{i}") for i in (1, 2, 3, 4)] == [81, 62, 103, 104]
    with pytest.raises(operations.AlreadyResolved):
        operations.void_from(end.format("", "1, 4").replace("'end:'", "'late:'"))
    with pytest.raises(operations.UnknownPending):
        operations.void_from(end.format("", "4, 5"))
    assert check_books().is_clean
