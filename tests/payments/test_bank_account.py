"""Bank accounts: only a well-formed number, in the verified name, confirmed by the bank, and shown by four digits ever after."""

from typing import Any

import pytest

from accounts import parties
from core.models import Job
from payments import bank_account
from payments.models import BankAccount
from payments.rails import sandbox
from privacy.disclosure import who_looked
from tests import cast

from .conftest import NOW, Bank

BOBS_NAME = cast.PEOPLE["bob"].legal_name
NUMBER = sandbox.sample_number(7)


@pytest.fixture
def bob(bank: Bank) -> Any:
    return cast.bob(now=NOW)


def add(member: Any, number: str = NUMBER, holder: str = BOBS_NAME) -> BankAccount:
    return bank_account.add(party=member.party, number=number, holder=holder, by=member.user, now=NOW)


def test_added_then_confirmed_by_the_bank(bank: Bank, bob: Any) -> None:
    account = add(bob)
    assert (account.state, account.last4) == ("pending", NUMBER[-4:])
    assert list(bank_account.usable(bob.party)) == []
    bank.work()
    assert list(bank_account.usable(bob.party)) == [account]
    stored = BankAccount.objects.values("number", "holder_name").get(pk=account.pk)
    assert repr(stored["number"]) == "<sealed>"
    assert NUMBER.encode() not in stored["number"].ciphertext


def test_the_owner_sees_that_the_number_went_to_the_bank(bank: Bank, bob: Any) -> None:
    add(bob)
    bank.work()
    assert {"payments.rail", "payments.bank_account"} <= {look.role for look in who_looked(bob.party.subject)}


@pytest.mark.parametrize(
    "typed",
    [" ".join((NUMBER[:4], NUMBER[4:8], NUMBER[8:])), NUMBER.translate(str.maketrans("0123456789", "０１２３４５６７８９")), f"{NUMBER[:6]}-{NUMBER[6:]}"],
    ids=["spaces", "full-width", "hyphen"],
)
def test_a_number_may_be_typed_as_people_type(bank: Bank, bob: Any, typed: str) -> None:
    assert bank_account.clean_number(typed) == NUMBER


@pytest.mark.parametrize(
    "typed",
    ["", "6222", NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10), NUMBER + "00", "6222 card 12345678", "²" * 16, "9" * 10_000_000, "٣" * 16],
    ids=["empty", "short", "check digit", "long", "letters", "superscript", "ten megabytes", "other digits"],
)
def test_what_is_no_card_number_is_refused(bank: Bank, bob: Any, typed: str) -> None:
    with pytest.raises(bank_account.InvalidNumber):
        add(bob, number=typed)


@pytest.mark.parametrize("holder", ["林悦", "", BOBS_NAME[:-1]])
def test_the_holder_must_be_the_verified_name(bank: Bank, bob: Any, holder: str) -> None:
    with pytest.raises(bank_account.UnableToAdd) as refused:
        add(bob, holder=holder)
    assert refused.value.code == "holder_differs"
    assert not BankAccount.objects.exists()


def test_nobody_without_a_verified_identity(bank: Bank) -> None:
    dan = cast.dan(now=NOW)
    party = parties.create_person(user=dan.user, now=NOW)
    with pytest.raises(bank_account.UnableToAdd) as refused:
        bank_account.add(party=party, number=NUMBER, holder="x", by=dan.user, now=NOW)
    assert refused.value.code == "not_verified"


def test_the_same_account_once_until_it_is_retired(bank: Bank, bob: Any) -> None:
    account = add(bob)
    with pytest.raises(bank_account.UnableToAdd) as refused:
        add(bob)
    assert refused.value.code == "known"
    bank_account.retire(account=account, by=bob.user, now=NOW)
    bank_account.retire(account=account, by=bob.user, now=NOW)
    assert add(bob).pk != account.pk


def test_the_bank_says_no(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="refuse", key_prefix=f"verify:{NUMBER[-4:]}")
    account = add(bob)
    bank.work()
    account.refresh_from_db()
    assert account.state == "refused"
    assert list(bank_account.usable(bob.party)) == []


def test_the_bank_is_asked_again_when_it_does_not_answer(bank: Bank, bob: Any) -> None:
    sandbox.order(fault="lose_answer", key_prefix="verify:", times=2)
    account = add(bob)
    bank.work()
    account.refresh_from_db()
    assert account.state == "pending"
    bank.patience(seconds=300)
    account.refresh_from_db()
    assert account.state == "verified"
    assert Job.objects.get(name="bank_account.verify").failures == 0


def test_an_account_with_a_payment_on_its_way_stays(bank: Bank, bob: Any) -> None:
    account = bank.account(bob, serial=7)
    bank.pay_in(bob, 10_000)
    bank.withdraw(bob, account, 10_000)
    with pytest.raises(bank_account.UnableToRetire):
        bank_account.retire(account=account, by=bob.user, now=NOW)
    bank.work()
    bank_account.retire(account=account, by=bob.user, now=NOW)
