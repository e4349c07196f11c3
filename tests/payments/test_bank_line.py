"""What a payer writes with their money may name anybody: it is sealed where it is kept, at the bank and with us, and goes with the person it belongs to."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from payments import bank_line, deposit, reconciliation
from payments.models import BankLine, Payment, SandboxLine
from payments.rails import sandbox
from privacy import disclosure, rights, vault
from tests import cast
from tests.privacy.test_dump import dump

from .conftest import NOW, TODAY, Bank

WORDS = "房租 林悦 13800138000"


def read_all(bank: Bank) -> None:
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=bank.now)


def written(line: BankLine) -> str:
    return vault.open_sealed(line, ["reference"], engine="test", purpose="wallet", now=NOW)["reference"]


def assert_nobody_is_named() -> None:
    rows = list(dump())
    assert len(rows) > 50
    for word in ("林悦", "13800138000", "房租"):
        for plain in (word, word.encode().hex(), word.encode("unicode_escape").decode()):
            assert not [row for row in rows if plain in row]


def test_no_dump_tells_what_a_payer_wrote(bank: Bank) -> None:
    bob = cast.bob(now=NOW)
    sandbox.send_money(key="known", reference=f"{WORDS} {bob.party.reference}", amount=5000, currency="CNY", now=NOW)
    sandbox.send_money(key="unknown", reference=WORDS, amount=700, currency="CNY", now=NOW)
    assert {line.reference for line in sandbox.SandboxRail().lines_since("")} == {WORDS, f"{WORDS} {bob.party.reference}"}
    assert "林悦" not in repr(sandbox.SandboxRail().lines_since(""))
    read_all(bank)
    assert bank.cash(bob) == 5000
    known, unknown = BankLine.objects.order_by("line_id")
    assert (known.subject_id, unknown.subject_id) == (bob.user.subject_id, vault.INSTALLATION)
    assert (written(known), written(unknown)) == (f"{WORDS} {bob.party.reference}", WORDS)
    assert_nobody_is_named()


def test_a_repeated_line_is_known_and_a_changed_one_is_not(bank: Bank) -> None:
    content: dict[str, Any] = {"rail": "sandbox", "line_id": "L1", "amount": 100, "currency": "CNY", "booked_on": TODAY, "now": NOW}
    first = deposit.receive(reference=WORDS, **content)
    assert deposit.receive(reference=WORDS, **content) == first
    for changed in ({"reference": "房租"}, {"reference": WORDS, "amount": 101}):
        with pytest.raises(bank_line.LineConflict) as refusal:
            deposit.receive(**{**content, **changed})
        assert "林悦" not in str(refusal.value)


def test_who_finds_the_owner_reads_it_once_and_it_moves_to_the_owners_key(bank: Bank, client: Any) -> None:
    bob, fay = cast.bob(now=NOW), cast.fay(now=NOW)
    receipt = deposit.receive(rail="sandbox", line_id="L1", amount=700, currency="CNY", reference=WORDS, booked_on=TODAY, now=NOW)
    fay.user.user_permissions.add(*Permission.objects.filter(codename__in=["match_receipt", "view_payment"]))
    page = cast.client_of(fay).get(f"/admin/payments/payment/match/{receipt.reference}/").content.decode()
    assert WORDS in page
    look = disclosure.AccessLog.objects.get(page="admin.match_receipt")
    assert (look.actor_id, look.role, look.reference) == (fay.user.subject_id, "staff", receipt.reference)
    found = reconciliation.propose(payment=receipt, party=bob.party, by=fay.user, now=NOW)
    reconciliation.approve(found, by=cast.dan(now=NOW).user, as_of=TODAY, now=NOW)
    line = BankLine.objects.get()
    assert line.subject == bob.user.subject
    assert written(line) == WORDS
    assert rights.export(bob.user.subject, now=NOW)["payments"]["bank_lines"][0]["reference"] == WORDS
    assert reconciliation.unmatched() == []


def test_it_goes_with_the_person_and_later_money_for_them_waits_for_staff(bank: Bank) -> None:
    bob = cast.bob(now=NOW)
    account = bank.account(bob)
    sandbox.send_money(key="known", reference=f"{WORDS} {bob.party.reference}", amount=5000, currency="CNY", now=NOW)
    read_all(bank)
    bank.withdraw(bob, account, 5000)
    bank.patience(seconds=120)
    read_all(bank)
    rights.erase(bob.user.subject, now=NOW + timedelta(days=1))
    for line in BankLine.objects.all():
        assert line.subject == bob.user.subject, "the outgoing line is theirs too"
        with pytest.raises(vault.Erased):
            written(line)
    assert reconciliation.reconcile(rail="sandbox", now=NOW).is_clean
    sandbox.send_money(key="late", reference=bob.party.reference, amount=300, currency="CNY", now=NOW)
    read_all(bank)
    assert [payment.amount for payment in reconciliation.unmatched()] == [300]
    assert Payment.objects.get(amount=300).party is None


def test_the_bank_keeps_only_its_own_keys_in_the_clear(bank: Bank) -> None:
    bob = cast.bob(now=NOW)
    account = bank.account(bob)
    bank.pay_in(bob, 5000)
    payment = bank.withdraw(bob, account, 1000)
    bank.patience(seconds=120)
    assert set(SandboxLine.objects.values_list("direction", "reference")) == {("in", ""), ("out", payment.key)}
    assert reconciliation.reconcile(rail="sandbox", now=NOW).is_clean
