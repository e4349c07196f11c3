"""Money out, through every way a bank can fail: paid exactly once, and the books say so at each step."""

from types import SimpleNamespace
from typing import Any

import pytest

from core import outbox
from core.models import Job
from core.states import IllegalMove, history
from ledger.chart import AccountCode
from payments import bank_account, payout, rails, withdrawal
from payments.models import Payment, SandboxLine, SandboxTransfer
from payments.rails import sandbox
from payments.rails.base import Answer, PayoutRequest, RailConflict
from tests import cast

from .conftest import NOW, TODAY, Bank

YUAN = 100


@pytest.fixture
def bob(bank: Bank) -> Any:
    member = cast.bob(now=NOW)
    bank.pay_in(member, 1000 * YUAN)
    return SimpleNamespace(user=member.user, party=member.party, account=bank.account(member))


def the_bank_paid() -> list[tuple[str, int]]:
    return list(SandboxTransfer.objects.filter(outcome="paid").values_list("idempotency_key", "amount"))


def test_paid_at_once(bank: Bank, bob: Any, heard: list) -> None:
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    assert payment.state == "created"
    assert (bank.cash(bob), bank.balance(AccountCode.TRANSIT_OUT)) == (600 * YUAN, 400 * YUAN)
    bank.work()
    payment.refresh_from_db()
    assert (payment.state, payment.rail_reference != "", payment.closed_at) == ("settled", True, NOW)
    assert (bank.cash(bob), bank.balance(AccountCode.TRANSIT_OUT), bank.balance(AccountCode.BANK)) == (600 * YUAN, 0, 600 * YUAN)
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]
    assert ("payment.settled", payment.pk) in heard
    assert [change.state for change in history(payment)] == ["created", "sent", "settled"]


def test_refused_money_returns_to_its_source(bank: Bank, bob: Any, heard: list) -> None:
    sandbox.order(fault="refuse")
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    payment.refresh_from_db()
    assert (payment.state, payment.reason_code) == ("refused", "account_closed")
    assert (bank.cash(bob), bank.balance(AccountCode.TRANSIT_OUT), bank.balance(AccountCode.BANK)) == (1000 * YUAN, 0, 1000 * YUAN)
    assert ("payment.refused", payment.pk) in heard
    assert the_bank_paid() == []


def test_delayed_is_paid_when_its_time_has_come(bank: Bank, bob: Any, heard: list) -> None:
    sandbox.order(fault="delay", seconds=600)
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    bank.work(after=300)
    payment.refresh_from_db()
    assert (payment.state, the_bank_paid()) == ("sent", [])
    assert bank.balance(AccountCode.TRANSIT_OUT) == 400 * YUAN
    bank.patience()
    payment.refresh_from_db()
    assert (payment.state, bank.balance(AccountCode.TRANSIT_OUT)) == ("settled", 0)
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]
    assert heard.count(("payment.settled", payment.pk)) == 1


def test_lost_answer_is_looked_up_never_paid_again(bank: Bank, bob: Any, heard: list) -> None:
    sandbox.order(fault="lose_answer")
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    payment.refresh_from_db()
    assert payment.state == "unknown"
    assert bank.balance(AccountCode.TRANSIT_OUT) == 400 * YUAN
    bank.work(after=10)
    payment.refresh_from_db()
    assert payment.state == "settled"
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]
    assert SandboxTransfer.objects.get().asked == 1
    assert heard[-2:] == [("payment.unknown", payment.pk), ("payment.settled", payment.pk)]


def test_lost_request_is_sent_again_under_the_same_key(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_request")
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    payment.refresh_from_db()
    assert (payment.state, SandboxTransfer.objects.count()) == ("unknown", 0)
    bank.work(after=10)
    payment.refresh_from_db()
    assert payment.state == "settled"
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]


def test_a_bank_that_never_answers_leaves_the_outcome_unknown_and_is_asked_again(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_answer", times=1000)
    sandbox.order(fault="lose_answer", key_prefix="look_up:", times=1000)
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    bank.patience()
    payment.refresh_from_db()
    assert payment.state == "unknown"
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]
    assert SandboxTransfer.objects.get().asked == 1
    asking = Job.objects.get(name="payment.look_up")
    assert (asking.state, asking.failures, asking.attempts > 3) == ("waiting", 0, True)


def test_requests_lost_again_and_again(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_request", times=4)
    sandbox.order(fault="lose_answer", times=1)
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    bank.patience()
    payment.refresh_from_db()
    assert payment.state == "settled"
    assert the_bank_paid() == [(payment.key, 400 * YUAN)]


def test_answered_twice_acts_once(bank: Bank, bob: Any, heard: list) -> None:
    sandbox.order(fault="answer_twice")
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    payment.refresh_from_db()
    payout.take_answer(payment, Answer(outcome="paid", reference="again"), as_of=TODAY, now=NOW)
    payout.take_answer(payment, Answer(outcome="refused", reason="account_closed"), as_of=TODAY, now=NOW)
    reported = rails.get("sandbox").lines_since("")
    assert [line.reference for line in reported if line.direction == "out"] == [payment.key, payment.key]
    outbox.enqueue("bank_lines.read", key="bank_lines.read:1", payload={"rail": "sandbox"})
    bank.work()
    payment.refresh_from_db()
    assert (payment.state, payment.lines.count()) == ("settled", 1)
    assert (bank.cash(bob), bank.balance(AccountCode.BANK)) == (600 * YUAN, 600 * YUAN)
    assert heard.count(("payment.settled", payment.pk)) == 1


def test_the_statement_can_be_the_answer(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_answer")
    sandbox.order(fault="lose_answer", key_prefix="look_up:", times=1000)
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    outbox.enqueue("bank_lines.read", key="bank_lines.read:1", payload={"rail": "sandbox"})
    bank.work()
    payment.refresh_from_db()
    assert (payment.state, payment.lines.count(), bank.balance(AccountCode.TRANSIT_OUT)) == ("settled", 1, 0)


@pytest.mark.parametrize("name", ["payment.send", "payment.ask"])
def test_a_job_run_twice_has_one_effect(bank: Bank, bob: Any, name: str) -> None:
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    handlers = {"payment.send": payout.send_job, "payment.ask": payout.ask_job, "payment.look_up": payout.look_up_job}
    job = outbox.JobContext(id=0, key="x", payload={"payment": payment.pk}, attempts=2, now=NOW)
    handlers[name](job=job)
    payout.look_up_job(job=job)
    payment.refresh_from_db()
    assert payment.state == "settled"
    assert SandboxTransfer.objects.get().asked == 1
    assert SandboxLine.objects.filter(direction="out").count() == 1


def test_ordered_twice_under_one_key_is_one_payment(bank: Bank, bob: Any) -> None:
    first = bank.withdraw(bob, bob.account, 400 * YUAN, key="same-key-0001")
    assert bank.withdraw(bob, bob.account, 400 * YUAN, key="same-key-0001").pk == first.pk
    assert bank.cash(bob) == 600 * YUAN
    with pytest.raises(payout.UnableToPay) as refused:
        bank.withdraw(bob, bob.account, 401 * YUAN, key="same-key-0001")
    assert refused.value.code == "key_reused"
    assert Payment.objects.filter(direction="out").count() == 1


def test_the_bank_refuses_another_request_under_a_known_key(bank: Bank, bob: Any) -> None:
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    bank.work()
    other = PayoutRequest(key=payment.key, account_number=sandbox.sample_number(1), holder="x", amount=1, currency="CNY")
    with pytest.raises(RailConflict):
        rails.get("sandbox").send(other, now=NOW)


def test_cancelled_before_it_is_sent_and_not_after(bank: Bank, bob: Any) -> None:
    payment = bank.withdraw(bob, bob.account, 400 * YUAN)
    payout.cancel(payment=payment, by=bob.user, as_of=TODAY, now=NOW)
    bank.work()
    assert (payment.state, bank.cash(bob), the_bank_paid()) == ("cancelled", 1000 * YUAN, [])
    sent = bank.withdraw(bob, bob.account, 400 * YUAN, key="another-key-1")
    bank.work()
    sent.refresh_from_db()
    with pytest.raises(IllegalMove):
        payout.cancel(payment=sent, by=bob.user, as_of=TODAY, now=NOW)


@pytest.mark.parametrize("amount", [0, -1])
def test_amount_must_be_positive(bank: Bank, bob: Any, amount: int) -> None:
    with pytest.raises(payout.UnableToPay):
        bank.withdraw(bob, bob.account, amount)


def test_over_withdrawal_is_refused_and_leaves_nothing(bank: Bank, bob: Any) -> None:
    with pytest.raises(withdrawal.UnableToWithdraw) as refused:
        bank.withdraw(bob, bob.account, 1000 * YUAN + 1)
    assert refused.value.code == "insufficient_funds"
    assert (Payment.objects.filter(direction="out").count(), bank.cash(bob), Job.objects.filter(name="payment.send").count()) == (0, 1000 * YUAN, 0)


def test_only_to_a_confirmed_account_of_the_same_party(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="refuse", key_prefix="verify:")
    unconfirmed = bank.account(bob, serial=2)
    eves = bank.account(cast.eve(now=NOW), serial=3)
    retired = bank.account(bob, serial=4)
    bank_account.retire(account=retired, by=bob.user, now=NOW)
    for account, code in ((unconfirmed, "account_not_verified"), (eves, "account_of_another"), (retired, "account_not_verified")):
        with pytest.raises(payout.UnableToPay) as refused:
            bank.withdraw(bob, account, 100)
        assert refused.value.code == code
    assert bank.cash(bob) == 1000 * YUAN


def test_only_a_signer_withdraws(bank: Bank, bob: Any) -> None:
    eve = cast.eve(now=NOW)
    with pytest.raises(withdrawal.UnableToWithdraw) as refused:
        withdrawal.request(party=bob.party, bank_account=bob.account, amount=1, by=eve.user, key="eves-key-001", as_of=TODAY, now=NOW)
    assert refused.value.code == "not_allowed"
