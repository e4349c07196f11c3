"""Money in: each line of the bank once, to the party it names, or apart until a person finds out whose it is."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Act, Party
from core import outbox
from ledger.chart import AccountCode
from payments import bank_line, deposit, reconciliation
from payments.models import BankLine, Payment
from payments.rails import sandbox
from payments.tasks import read_bank_lines
from tests import cast

from .conftest import NOW, TODAY, Bank


@pytest.fixture
def bob(bank: Bank) -> Any:
    return cast.bob(now=NOW)


def receive(reference: str, *, amount: int = 5000, line_id: str = "SB000000000001") -> Payment:
    return deposit.receive(rail="sandbox", line_id=line_id, amount=amount, currency="CNY", reference=reference, booked_on=TODAY, now=NOW)


def test_money_with_a_reference_enters_the_wallet(bank: Bank, bob: Any, heard: list) -> None:
    payment = bank.pay_in(bob, 123_45)
    assert (payment.state, payment.party, payment.closed_at) == ("settled", bob.party, NOW)
    assert (bank.cash(bob), bank.balance(AccountCode.BANK)) == (123_45, 123_45)
    line = BankLine.objects.get()
    assert (line.payment, line.subject) == (payment, bob.user.subject)
    assert heard == [("payment.settled", payment.pk)]


def test_the_same_line_again_is_the_same_payment(bank: Bank, bob: Any) -> None:
    first = receive(bob.party.reference)
    assert receive(bob.party.reference).pk == first.pk
    assert bank.cash(bob) == 5000


def test_a_line_the_bank_reports_twice(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="answer_twice")
    bank.pay_in(bob, 5000)
    assert len(sandbox.SandboxRail().lines_since("")) == 2
    for again in range(3):
        outbox.enqueue("bank_lines.read", key=f"bank_lines.read:{again}", payload={"rail": "sandbox"})
    bank.work()
    assert (bank.cash(bob), BankLine.objects.count()) == (5000, 1)


def test_one_key_is_one_transfer_at_the_sandbox_bank(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 5000, key="same")
    bank.pay_in(bob, 5000, key="same")
    assert bank.cash(bob) == 5000


def test_a_known_line_with_other_content_stops_and_books_nothing(bank: Bank, bob: Any) -> None:
    receive(bob.party.reference)
    with pytest.raises(bank_line.LineConflict):
        receive(bob.party.reference, amount=9000)
    assert bank.cash(bob) == 5000


def test_a_contradicting_line_does_not_hold_up_the_lines_after_it(bank: Bank, bob: Any) -> None:
    first, second = (sandbox.send_money(key=f"in:{amount}", reference=bob.party.reference, amount=amount, currency="CNY", now=NOW) for amount in (5000, 700))
    with transaction.atomic():
        bank_line.keep(rail="sandbox", line_id=first, direction="in", amount=1, currency="CNY", reference="", booked_on=TODAY, party=None, now=NOW)
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert bank.cash(bob) == 700
    assert BankLine.objects.get(line_id=second).payment is not None
    assert BankLine.objects.get(line_id=first).payment is None, "left for a person"


@pytest.mark.parametrize("how", ["{r}", "from bob, {r} thanks", "{low}", "PT {code}", "ＰＴ－{code}", "pt—{code}", "充值{r}谢谢"])
def test_a_reference_is_found_however_it_was_typed(bank: Bank, bob: Any, how: str) -> None:
    reference = bob.party.reference
    payment = receive(how.format(r=reference, low=reference.lower(), code=reference.removeprefix("PT-")))
    assert (payment.party, payment.state) == (bob.party, "settled")


@pytest.mark.parametrize("how", ["{r}", "pt {code}", "PT{code}"])
def test_a_reference_that_begins_like_its_own_prefix_is_still_one(bank: Bank, bob: Any, how: str) -> None:
    Party.objects.filter(pk=bob.party.pk).update(reference="PT-PT3K9Q2M")
    assert receive(how.format(r="PT-PT3K9Q2M", code="PT3K9Q2M")).party == bob.party


@pytest.mark.parametrize("reference", ["", "rent for May", "PT-00000000", "PT-' OR 1=1"])
def test_money_nobody_can_be_found_for_waits_apart(bank: Bank, bob: Any, heard: list, reference: str) -> None:
    payment = receive(reference)
    assert (payment.state, payment.party) == ("unmatched", None)
    assert (bank.balance(AccountCode.UNMATCHED_RECEIPTS), bank.balance(AccountCode.BANK)) == (5000, 5000)
    bank.work()
    assert heard == []


def test_two_references_in_one_text_are_nobodys(bank: Bank, bob: Any) -> None:
    eve = cast.eve(now=NOW)
    assert receive(f"{bob.party.reference} {eve.party.reference}").state == "unmatched"


def test_staff_match_a_receipt_once_and_are_written_down(bank: Bank, bob: Any) -> None:
    dan, payment = cast.dan(now=NOW), receive("rent for May")
    assert reconciliation.unmatched() == [payment]
    reconciliation.match(payment=payment, party=bob.party, by=dan.user, as_of=TODAY, now=NOW)
    assert (bank.cash(bob), bank.balance(AccountCode.UNMATCHED_RECEIPTS)) == (5000, 0)
    act = Act.objects.get(action="payment.match_receipt")
    assert (act.actor, act.target) == (dan.user, payment.reference)
    with pytest.raises(reconciliation.UnableToMatch):
        reconciliation.match(payment=payment, party=cast.eve(now=NOW).party, by=dan.user, as_of=TODAY, now=NOW)
    assert (bank.cash(bob), reconciliation.unmatched()) == (5000, [])


def test_without_a_sandbox_nobody_pretends(bank: Bank, bob: Any, settings: Any) -> None:
    settings.SIGNED_PACKS_SANDBOX = False
    with pytest.raises(sandbox.SandboxClosed):
        deposit.simulate(party=bob.party, amount=1, key="x", now=NOW)


def test_the_timetable_reads_the_bank_s_lines_where_there_is_a_bank(bank: Bank, bob: Any, settings: Any) -> None:
    sandbox.send_money(key="in:1", reference=bob.party.reference, amount=100, currency="CNY", now=NOW)
    settings.SIGNED_PACKS_SANDBOX = False
    read_bank_lines()
    assert bank.cash(bob) == 0
    settings.SIGNED_PACKS_SANDBOX = True
    read_bank_lines()
    assert bank.cash(bob) == 100
