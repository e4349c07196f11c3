"""The worker dies at the worst moments. The bank's own connection keeps what it did; the payment is made exactly once all the same."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from core import outbox
from ledger import checks
from ledger.chart import AccountCode
from payments import deposit, payout, postings
from payments.models import Payment, SandboxOrder, SandboxTransfer
from payments.rails import sandbox
from payments.rails.base import PayoutRequest
from tests import cast

from .conftest import NOW, TODAY, Bank

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "sandbox_bank"])


class Killed(BaseException):
    """As kill -9 would: no handler of ours may catch it."""


@pytest.fixture
def bank(transactional_db: None) -> Iterator[Bank]:
    yield Bank()
    assert checks.check_books(as_of=TODAY).findings == ()


@pytest.fixture
def payment(bank: Bank) -> Payment:
    bob = cast.bob(now=NOW)
    bank.pay_in(bob, 100_000)
    return bank.withdraw(bob, bank.account(bob), 40_000)


def let_leases_run_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_job SET lease_until = now() - interval '1 hour' WHERE state = 'running'")


def paid() -> list[str]:
    return list(SandboxTransfer.objects.filter(outcome="paid").values_list("idempotency_key", flat=True))


def test_what_the_bank_did_survives_our_rollback(bank: Bank) -> None:
    request = PayoutRequest(key="withdrawal:0:x", account_number=sandbox.sample_number(1), holder="x", amount=1, currency="CNY")

    def pay_and_die() -> None:
        with transaction.atomic():
            sandbox.SandboxRail().send(request, now=NOW)
            raise Killed

    with pytest.raises(Killed):
        pay_and_die()
    assert connections["sandbox_bank"].connection is not connection.connection
    assert connections["sandbox_bank"].get_autocommit()
    assert paid() == ["withdrawal:0:x"]
    SandboxTransfer.objects.all().delete()
    sandbox.SandboxLine.objects.all().delete()


@pytest.mark.parametrize("moment", ["before the bank is asked", "after the bank has paid", "after the posting", "before the job is marked done"])
def test_killed_and_run_again_pays_once(bank: Bank, payment: Payment, monkeypatch: Any, moment: str) -> None:
    place, name = {
        "before the bank is asked": (payout, "_request"),
        "after the bank has paid": (payout, "take_answer"),
        "after the posting": (postings, "payout_settled"),
        "before the job is marked done": (outbox, "_settle"),
    }[moment]
    real, deaths = getattr(place, name), []

    def dies_once(*args: Any, **kwargs: Any) -> Any:
        asked = Payment.objects.get(pk=payment.pk).state in (("settled",) if name == "_settle" else ("sent", "settled"))
        result = real(*args, **kwargs) if name == "payout_settled" else None
        if asked and not deaths:
            deaths.append(moment)
            raise Killed
        return result if name == "payout_settled" else real(*args, **kwargs)

    monkeypatch.setattr(place, name, dies_once)
    with pytest.raises(Killed):
        bank.work()
    payment.refresh_from_db()
    assert payment.state == "sent", "the intent was committed before the bank was asked, the answer was not"
    assert paid() == ([] if moment == "before the bank is asked" else [payment.key])
    let_leases_run_out()
    bank.work()
    bank.patience(seconds=120)
    payment.refresh_from_db()
    assert (deaths, payment.state) == ([moment], "settled")
    assert paid() == [payment.key]
    assert (bank.balance(AccountCode.TRANSIT_OUT), bank.balance(AccountCode.BANK)) == (0, 60_000)


def test_a_second_worker_takes_over_while_the_first_still_asks(bank: Bank, payment: Payment) -> None:
    """A lease that ran out under a slow bank: both run the handler, the row's lock lets one answer in."""
    with transaction.atomic():
        payout.send_job(job=outbox.JobContext(id=0, key="k", payload={"payment": payment.pk}, attempts=1, now=NOW))
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            with transaction.atomic():
                payout.ask_job(job=outbox.JobContext(id=0, key="k", payload={"payment": payment.pk}, attempts=2, now=NOW))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bank.work()
    payment.refresh_from_db()
    assert (errors, payment.state, paid()) == ([], "settled", [payment.key])
    assert SandboxTransfer.objects.get().asked == 1


def test_one_key_ordered_by_many_at_once(bank: Bank, payment: Payment) -> None:
    """Fifty posts of one key are one payment; the rest get the same one back."""
    bob, made, errors = cast.bob(now=NOW), [], []

    def order() -> None:
        try:
            made.append(bank.withdraw(bob, payment.bank_account, 1_000, key="the-only-key").pk)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=order) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(made)) == 1
    assert bank.cash(bob) == 59_000
    bank.work()


def test_many_withdrawals_at_once_cannot_overdraw(bank: Bank, payment: Payment) -> None:
    from payments.withdrawal import UnableToWithdraw

    bob, refused = cast.bob(now=NOW), []

    def withdraw(number: int) -> None:
        try:
            bank.withdraw(bob, payment.bank_account, 20_000, key=f"key-number-{number}")
        except UnableToWithdraw as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=withdraw, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["insufficient_funds"] * 3
    assert bank.cash(bob) == 0
    bank.work()


def test_lines_read_by_two_at_once_are_booked_once(bank: Bank, payment: Payment) -> None:
    bob, errors = cast.bob(now=NOW), []
    for number in range(10):
        sandbox.send_money(key=f"in:{number}", reference=bob.party.reference, amount=100, currency="CNY", now=NOW)

    def read() -> None:
        try:
            deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, bank.cash(bob)) == ([], 61_000)
    bank.work()


def test_an_order_is_taken_once_however_many_ask(bank: Bank, payment: Payment) -> None:
    sandbox.order(fault="lose_request", key_prefix="x:", times=3)
    taken: list[Any] = []

    def take() -> None:
        try:
            for _ in range(5):
                taken.append(sandbox._take_order("x:1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(order is not None for order in taken) <= 3
    assert SandboxOrder.objects.get().times == 3 - sum(order is not None for order in taken)
    bank.work()
