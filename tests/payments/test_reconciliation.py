"""The bank's lines against our payments: agreement, and every planted difference found."""

from typing import Any

import pytest
from django.core.management import call_command

from ledger import checks
from payments import deposit, reconciliation
from payments.models import Payment, SandboxLine
from payments.rails import sandbox
from tests import cast

from .conftest import NOW, TODAY, Bank


@pytest.fixture
def bob(bank: Bank) -> Any:
    """With a deposit and a withdrawal that went well."""
    member = cast.bob(now=NOW)
    bank.pay_in(member, 100_000)
    bank.withdraw(member, bank.account(member), 40_000)
    bank.work()
    return member


def report() -> reconciliation.Report:
    return reconciliation.reconcile(rail="sandbox", now=NOW)


def test_all_is_well(bank: Bank, bob: Any, capsys: Any) -> None:
    found = report()
    assert (found.is_clean, found.matched, found.waiting) == (True, 2, 0)
    call_command("reconcile")
    assert "2 matched" in capsys.readouterr().out


def test_a_booking_of_the_bank_we_do_not_have(bank: Bank, bob: Any) -> None:
    sandbox.send_money(key="in:stranger", reference="?", amount=777, currency="CNY", now=NOW)
    found = report()
    assert [(difference.ours, difference.theirs) for difference in found.missing_here] == [(None, 777)]
    assert [(difference.what, difference.theirs - difference.ours) for difference in found.differing] == [("balance", 777)]
    with pytest.raises(SystemExit):
        call_command("reconcile")
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert report().is_clean


def test_a_payment_of_ours_the_bank_does_not_have(bank: Bank, bob: Any) -> None:
    SandboxLine.objects.filter(direction="out").delete()
    found = report()
    assert [difference.reference for difference in found.missing_there] == [Payment.objects.get(direction="out").reference]
    assert found.differing[0].what == "balance"


def test_another_amount(bank: Bank, bob: Any) -> None:
    SandboxLine.objects.filter(direction="out").update(amount=39_999)
    found = report()
    assert [(difference.what, difference.ours, difference.theirs) for difference in found.differing] == [
        ("amount", 40_000, 39_999),
        ("balance", 60_000, 60_001),
    ]
    assert found.matched == 1


def test_paid_at_the_bank_and_unknown_to_us_until_its_line_is_read(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_answer")
    bank.withdraw(bob, Payment.objects.get(direction="out").bank_account, 10_000, key="second-key-01")
    bank.work()
    assert [difference.what for difference in report().differing] == ["state", "balance"]
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert report().is_clean


def test_sent_and_not_answered_yet_is_no_difference(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_request")
    bank.withdraw(bob, Payment.objects.get(direction="out").bank_account, 10_000, key="second-key-01")
    bank.work()
    assert (report().is_clean, report().waiting) == (True, 1)


def test_the_bank_paid_what_it_had_refused(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="refuse")
    payment = bank.withdraw(bob, Payment.objects.get(direction="out").bank_account, 10_000, key="second-key-01")
    bank.work()
    SandboxLine.objects.create(key=payment.key, reference=payment.key, direction="out", amount=10_000, currency="CNY", at=NOW)
    deposit.read_lines(rail="sandbox", as_of=TODAY, now=NOW)
    assert [difference.what for difference in report().differing] == ["balance", "state"]
    payment.refresh_from_db()
    assert payment.state == "refused"
    assert bank.cash(bob) == 60_000


def test_check_books_sees_a_payment_moved_without_its_posting(bank: Bank, bob: Any) -> None:
    payment = bank.withdraw(bob, Payment.objects.get(direction="out").bank_account, 10_000, key="second-key-01")
    Payment.objects.filter(pk=payment.pk).update(amount=9_999)
    assert [finding.check for finding in checks.check_books(as_of=TODAY).findings] == ["payments_transit_out"]
    Payment.objects.filter(pk=payment.pk).update(amount=10_000)
