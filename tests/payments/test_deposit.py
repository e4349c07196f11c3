"""Money in: each line of the bank once, to the party it names, or apart until a person finds out whose it is."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction

from accounts.models import Act, Membership, Party
from core import outbox
from ledger.chart import AccountCode
from ledger.checks import check_books
from payments import bank_line, deposit, postings, reconciliation
from payments.models import BankLine, Payment, SandboxTransfer
from payments.rails import sandbox
from payments.tasks import read_bank_lines
from privacy import rights
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


def test_whatever_is_wrong_with_a_line_the_others_are_read_and_the_log_names_only_its_number(bank: Bank, bob: Any, monkeypatch: Any, caplog: Any) -> None:
    broken, _sound = (sandbox.send_money(key=f"in:{n}", reference=f"for Mei {bob.party.reference}", amount=n, currency="CNY", now=NOW) for n in (5000, 700))
    book = postings.deposit

    def stumble(payment: Payment, **terms: Any) -> None:
        if payment.amount == 5000:
            raise ValueError("no such account")
        book(payment, **terms)

    monkeypatch.setattr(postings, "deposit", stumble)
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert (bank.cash(bob), BankLine.objects.filter(line_id=broken).exists()) == (700, False)
    assert broken in caplog.text
    assert "Mei" not in caplog.text
    monkeypatch.undo()
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)  # the bank reports its last lines again
    assert bank.cash(bob) == 5700


def test_a_receipt_is_set_apart_by_two(bank: Bank) -> None:
    payment, fay = receive("the price"), cast.fay(now=NOW).user
    to = {"code": AccountCode.RECOVERY_SUSPENSE, "owner": "loan:1", "as_of": TODAY, "now": NOW}
    with pytest.raises(reconciliation.UnableToMatch, match="four_eyes"):
        reconciliation.set_apart(payment=payment, proposed_by=fay, by=fay, **to)
    assert reconciliation.unmatched() == [payment]


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
    fay = cast.fay(now=NOW)
    found = reconciliation.propose(payment=payment, party=bob.party, by=fay.user, now=NOW)
    for by, code in ((fay, "four_eyes"), (bob, "own_party")):
        with pytest.raises(reconciliation.UnableToMatch, match=code):
            reconciliation.approve(found, by=by.user, as_of=TODAY, now=NOW)
    reconciliation.approve(found, by=dan.user, as_of=TODAY, now=NOW)
    assert (bank.cash(bob), bank.balance(AccountCode.UNMATCHED_RECEIPTS)) == (5000, 0)
    act = Act.objects.get(action="payment.match_receipt")
    assert (act.actor, act.target) == (dan.user, payment.reference)
    for again in (
        lambda: reconciliation.approve(found, by=dan.user, as_of=TODAY, now=NOW),
        lambda: reconciliation.propose(payment=payment, party=cast.eve(now=NOW).party, by=fay.user, now=NOW),
    ):
        with pytest.raises(reconciliation.UnableToMatch):
            again()
    assert (bank.cash(bob), reconciliation.unmatched()) == (5000, [])


def test_nobody_gives_money_to_themselves_or_to_somebody_who_is_gone(bank: Bank, bob: Any) -> None:
    dan, eve, payment = cast.dan(now=NOW), cast.eve(now=NOW), receive("rent for May")
    Membership.objects.create(user=dan.user, party=bob.party, role="view", created_at=NOW)
    rights.erase(eve.user.subject, now=NOW)
    for party, code in ((bob.party, "own_party"), (Party.objects.get(pk=eve.party.pk), "erased")):
        with pytest.raises(reconciliation.UnableToMatch, match=code):
            reconciliation.propose(payment=payment, party=party, by=dan.user, now=NOW)
    assert (bank.cash(bob), reconciliation.unmatched()) == (0, [payment])


@pytest.mark.parametrize("fault", ["", "lose_answer", "lose_request", "answer_twice", "refuse"])
def test_nobodys_money_goes_back_to_its_sender_once(bank: Bank, bob: Any, fault: str) -> None:
    """Over the rail it came by, in the admin, by two; a refused return waits for people again, who may try once more."""
    dan, fay, payment = cast.dan(now=NOW), cast.fay(now=NOW), stranger_pays(bank)
    desks = []
    for member in (dan, fay):
        member.user.user_permissions.add(*Permission.objects.filter(codename__in=["match_receipt", "view_payment"]))
        desks.append(cast.client_of(member))
    page = f"/admin/payments/payment/match/{payment.reference}/"
    if fault:
        sandbox.order(fault=fault, key_prefix="return:")
    assert desks[0].post(page, {"idempotency_key": "neither-key-0001"}).status_code == 422
    assert desks[0].post(page, {"back": "on", "idempotency_key": "propose-key-0001"}).status_code == 302
    assert desks[0].post(page, {"act": "approve", "idempotency_key": "own-approval-0001"}).status_code == 409
    assert desks[1].post(page, {"act": "approve", "idempotency_key": "approve-key-0001"}).status_code == 302
    assert desks[1].post(page, {"act": "approve", "idempotency_key": "approve-key-0002"}).status_code == 404
    assert check_books().is_clean
    bank.patience(seconds=7200)
    payment.refresh_from_db()
    sent = SandboxTransfer.objects.filter(outcome="paid", idempotency_key__startswith="return:")
    assert (payment.state, sent.count()) == (("unmatched", 0) if fault == "refuse" else ("returned", 1))
    if fault == "refuse":
        again = reconciliation.propose(payment=payment, party=None, by=dan.user, now=NOW)
        reconciliation.approve(again, by=fay.user, as_of=TODAY, now=NOW)
        bank.patience(seconds=7200)
    assert (sent.count(), bank.balance(AccountCode.UNMATCHED_RECEIPTS), bank.balance(AccountCode.BANK)) == (1, 0, 0)
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert reconciliation.reconcile(rail="sandbox", now=NOW).is_clean
    assert check_books().is_clean


def stranger_pays(bank: Bank) -> Payment:
    sandbox.send_money(key="in:stranger", reference="rent for May", amount=5000, currency="CNY", now=NOW)
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    return Payment.objects.get(state="unmatched")


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
