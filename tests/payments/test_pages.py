"""The wallet in a browser without scripts: who may open what, what bad input meets, and that sending twice acts once."""

import time
import uuid
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import parties
from accounts.models import Membership
from ledger.chart import AccountCode
from payments.models import BankAccount, Payment, SandboxLine
from payments.rails import sandbox
from privacy import rights
from tests import cast

from .conftest import NOW, Bank


def proven(member: Any, *, language: str = "en") -> Client:
    """A browser in which the member has just proved who they are."""
    client = cast.client_of(member, language=language)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(member.user.pk)
    session.save()
    return client


@pytest.fixture
def bob(bank: Bank) -> Any:
    return cast.bob(now=NOW)


def key() -> str:
    return uuid.uuid4().hex


class Hidden(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"]] = found.get("value", "")


def test_from_an_empty_wallet_to_a_paid_withdrawal(bank: Bank, bob: Any) -> None:
    browser = proven(bob)
    assert "No money has moved yet" in browser.get(reverse("payments:wallet")).content.decode()
    shown = browser.get(reverse("payments:deposit")).content.decode()
    assert bob.party.reference in shown
    assert browser.post(reverse("payments:deposit"), {"amount": "１,０００.５０", "idempotency_key": key()}).status_code == 302
    bank.work()
    wallet = browser.get(reverse("payments:wallet")).content.decode()
    assert "¥1,000.50" in wallet
    assert "+¥1,000.50" in wallet

    added = {"holder": cast.PEOPLE["bob"].legal_name, "number": sandbox.sample_number(5), "idempotency_key": key()}
    assert browser.post(reverse("payments:add_bank_account"), added).url == reverse("payments:bank_accounts")
    assert "We are asking the bank" in browser.get(reverse("payments:bank_accounts")).content.decode()
    bank.work()
    page = browser.get(reverse("payments:bank_accounts")).content.decode()
    assert "Confirmed" in page
    assert added["number"] not in page

    account = BankAccount.objects.get()
    confirm = browser.post(reverse("payments:withdraw"), {"amount": "400", "account": account.reference}).content.decode()
    assert "¥400.00" in confirm
    assert not Payment.objects.filter(direction="out").exists(), "nothing moves before the confirmation"
    fields = Hidden(confirm).fields
    done = browser.post(reverse("payments:withdraw_confirm"), fields)
    again = browser.post(reverse("payments:withdraw_confirm"), fields)
    payment = Payment.objects.get(direction="out")
    assert done.url == again.url == reverse("payments:payment", args=[payment.reference])
    assert "The bank has not been asked yet" in browser.get(done.url).content.decode()
    bank.work()
    assert "The bank has paid it out" in browser.get(done.url).content.decode()
    assert bank.cash(bob) == 600_50


def test_an_unknown_outcome_is_said_plainly(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 100_000)
    sandbox.order(fault="lose_answer")
    payment = bank.withdraw(bob, bank.account(bob), 100)
    bank.work()
    address = reverse("payments:payment", args=[payment.reference])
    assert "it will not be paid twice" in proven(bob).get(address).content.decode()


@pytest.mark.parametrize(
    "amount",
    ["", "0", "-5", "abc", "1e3", "1.234", "1000.01", "9" * 40, "１２３ａ", "0.001", "1,00", "5" * 1_000_000],
)
def test_bad_amounts_are_said_beside_the_field_and_move_nothing(bank: Bank, bob: Any, amount: str) -> None:
    bank.pay_in(bob, 1000_00)
    account = bank.account(bob)
    browser = proven(bob)
    data = {"amount": amount, "account": account.reference, "idempotency_key": key()}
    for page in ("payments:withdraw", "payments:withdraw_confirm"):
        answer = browser.post(reverse(page), data)
        assert answer.status_code == 422
        assert answer.context["form"].errors["amount"]
    assert not Payment.objects.filter(direction="out").exists()


def test_the_same_key_with_another_amount_is_a_conflict(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 1000_00)
    data = {"amount": "10", "account": bank.account(bob).reference, "idempotency_key": key()}
    browser = proven(bob)
    assert browser.post(reverse("payments:withdraw_confirm"), data).status_code == 302
    assert browser.post(reverse("payments:withdraw_confirm"), data | {"amount": "20"}).status_code == 409
    assert browser.post(reverse("payments:withdraw_confirm"), {"amount": "10"}).status_code == 400
    assert bank.cash(bob) == 990_00


def test_only_one_s_own_confirmed_account_can_be_chosen(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 1000_00)
    bank.account(bob)
    sandbox.order(fault="refuse", key_prefix="verify:")
    refused = bank.account(bob, serial=2)
    eves = bank.account(cast.eve(now=NOW), serial=3)
    for account in (refused.reference, eves.reference, "BA-00000000", ""):
        answer = proven(bob).post(reverse("payments:withdraw_confirm"), {"amount": "1", "account": account, "idempotency_key": key()})
        assert answer.context["form"].errors["account"]
    assert not Payment.objects.filter(direction="out").exists()


@pytest.mark.parametrize("number", ["", "1234", "6222 0000 0000 0000 01", "letters", "1" * 1_000_000])
def test_bad_card_numbers(bank: Bank, bob: Any, number: str) -> None:
    data = {"holder": cast.PEOPLE["bob"].legal_name, "number": number, "idempotency_key": key()}
    assert proven(bob).post(reverse("payments:add_bank_account"), data).context["form"].errors["number"]
    assert not BankAccount.objects.exists()


def test_somebody_else_s_name(bank: Bank, bob: Any) -> None:
    data = {"holder": "林悦", "number": sandbox.sample_number(1), "idempotency_key": key()}
    assert "holder" in proven(bob).post(reverse("payments:add_bank_account"), data).context["form"].errors


def test_a_stranger_s_things_are_not_there(bank: Bank, bob: Any) -> None:
    payment = bank.pay_in(bob, 1000_00)
    account = bank.account(bob)
    eve = proven(cast.eve(now=NOW))
    assert eve.get(reverse("payments:payment", args=[payment.reference])).status_code == 404
    assert eve.post(reverse("payments:retire_account", args=[account.reference]), {"idempotency_key": key()}).status_code == 404
    account.refresh_from_db()
    assert account.retired_at is None
    assert "1,000.00" not in eve.get(reverse("payments:wallet")).content.decode()


PAGES = ["wallet", "deposit", "withdraw", "bank_accounts", "add_bank_account"]


@pytest.mark.parametrize("name", PAGES)
def test_nobody_without_signing_in(bank: Bank, name: str) -> None:
    answer = Client().get(reverse(f"payments:{name}"))
    assert answer.status_code == 302
    assert reverse("account_login") in answer.url


@pytest.mark.parametrize("name", ["withdraw", "add_bank_account"])
def test_money_and_accounts_ask_again_who_is_there(bank: Bank, bob: Any, name: str) -> None:
    answer = cast.client_of(bob).get(reverse(f"payments:{name}"))
    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer.url


@pytest.mark.parametrize(("name", "back"), [("withdraw_confirm", "withdraw"), ("add_bank_account", "add_bank_account")])
def test_a_form_sent_too_late_is_not_kept_in_the_session(bank: Bank, bob: Any, name: str, back: str) -> None:
    browser = cast.client_of(bob)
    number = sandbox.sample_number(1)
    answer = browser.post(reverse(f"payments:{name}"), {"amount": "77.77", "number": number, "holder": "x", "idempotency_key": key()})
    assert answer.url == reverse(f"payments:{back}")
    kept = str(dict(browser.session))
    assert number not in kept
    assert "77.77" not in kept
    assert not BankAccount.objects.exists()


def test_a_member_who_may_only_look_does_not_act(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 1000_00)
    business = parties.create_business(user=bob.user, name="鲍勃贸易", now=NOW)
    eve = cast.eve(now=NOW)
    Membership.objects.create(user=eve.user, party=business, role="view", created_at=NOW)
    browser = proven(eve)
    session = browser.session
    session["party"] = business.reference
    session.save()
    assert browser.get(reverse("payments:wallet")).status_code == 200
    for name in ("withdraw", "add_bank_account", "deposit"):
        assert browser.get(reverse(f"payments:{name}")).status_code == 403


@pytest.mark.parametrize("cursor", ["abc", "-1", "1" * 30, "²"])
def test_a_bad_cursor_is_not_found(bank: Bank, bob: Any, cursor: str) -> None:
    assert proven(bob).get(reverse("payments:wallet"), {"before": cursor}).status_code == 404


def test_every_form_refuses_another_site(bank: Bank, bob: Any) -> None:
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(bob.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name in ("deposit", "withdraw", "withdraw_confirm", "add_bank_account"):
        assert guarded.post(reverse(f"payments:{name}"), {"amount": "1", "idempotency_key": key()}).status_code == 403


def test_two_deposits_whose_long_keys_begin_alike_are_two(bank: Bank, bob: Any) -> None:
    browser = proven(bob)
    for end in "12":
        assert browser.post(reverse("payments:deposit"), {"amount": "123.45", "idempotency_key": "k" * 200 + end}).status_code == 302
    assert SandboxLine.objects.filter(amount=123_45).count() == 2


def test_without_a_sandbox_there_is_no_pretended_deposit(bank: Bank, bob: Any, settings: Any) -> None:
    settings.SIGNED_PACKS_SANDBOX = False
    browser = proven(bob)
    assert browser.get(reverse("payments:deposit")).context["form"] is None
    assert browser.post(reverse("payments:deposit"), {"amount": "1", "idempotency_key": key()}).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_no_page_writes_style_or_script_of_its_own(bank: Bank, bob: Any, name: str) -> None:
    bank.pay_in(bob, 1000_00)
    bank.account(bob)
    page = proven(bob, language="zh-hans").get(reverse(f"payments:{name}")).content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<h1") == 1


def test_staff_match_a_receipt_and_read_the_reconciliation(bank: Bank, bob: Any) -> None:
    from django.contrib.auth.models import Permission

    sandbox.send_money(key="in:x", reference="rent", amount=700, currency="CNY", now=NOW)
    from payments import deposit

    deposit.read_lines(rail="sandbox", as_of=bank.day, now=NOW)
    payment = Payment.objects.get(state="unmatched")
    dan = cast.dan(now=NOW)
    dan.user.user_permissions.set(Permission.objects.filter(content_type__app_label="payments", codename__in=["view_payment", "match_receipt"]))
    browser = proven(dan)
    page = browser.get(reverse("admin:payments_payment_match", args=[payment.reference]))
    assert "rent" in page.content.decode()
    assert "agree" in browser.get(reverse("admin:payments_payment_reconciliation")).content.decode()
    data = {"party": bob.party.reference, "idempotency_key": key()}
    assert browser.post(reverse("admin:payments_payment_match", args=[payment.reference]), data).status_code == 302
    assert bank.cash(bob) == 0
    fay = cast.fay(now=NOW)
    fay.user.user_permissions.set(dan.user.user_permissions.all())
    other, answer = proven(fay), {"act": "approve", "idempotency_key": key()}
    assert dan.user.pseudonym in other.get(reverse("admin:payments_payment_match", args=[payment.reference])).content.decode()
    assert other.post(reverse("admin:payments_payment_match", args=[payment.reference]), answer).status_code == 302
    assert (bank.cash(bob), bank.balance(AccountCode.UNMATCHED_RECEIPTS)) == (700, 0)
    dan.user.user_permissions.clear()
    assert browser.get(reverse("admin:payments_payment_reconciliation")).status_code == 403


def test_admin_shows_money_masked_and_lets_nobody_change_it(bank: Bank, bob: Any) -> None:
    dan = cast.dan(now=NOW)
    dan.user.is_superuser = True
    dan.user.save()
    payment, account = bank.pay_in(bob, 700_00), bank.account(bob)
    bank.withdraw(bob, account, 100)
    bank.work()
    browser = proven(dan)
    for model, pk in (("payment", payment.pk), ("bankaccount", account.pk), ("bankline", payment.lines.get().pk)):
        assert browser.get(reverse(f"admin:payments_{model}_changelist")).status_code == 200
        shown = browser.get(reverse(f"admin:payments_{model}_change", args=[pk]))
        assert shown.status_code == 200
        assert sandbox.sample_number(1) not in shown.content.decode()
        assert browser.post(reverse(f"admin:payments_{model}_change", args=[pk]), {}).status_code == 403
        assert browser.get(reverse(f"admin:payments_{model}_add")).status_code == 403
    for model in ("sandboxtransfer", "sandboxline", "sandboxorder"):
        assert browser.get(reverse(f"admin:payments_{model}_changelist")).status_code == 200
    ordered = {"fault": "refuse", "key_prefix": "", "times": "1", "seconds": "0"}
    assert browser.post(reverse("admin:payments_sandboxorder_add"), ordered).status_code == 302
    assert sandbox.SandboxOrder.objects.count() == 1


def test_sandbox_orders_are_hidden_without_a_sandbox(bank: Bank, bob: Any, settings: Any) -> None:
    dan = cast.dan(now=NOW)
    dan.user.is_superuser = True
    dan.user.save()
    settings.SIGNED_PACKS_SANDBOX = False
    assert proven(dan).get(reverse("admin:payments_sandboxorder_changelist")).status_code == 403


def test_the_copy_of_my_data_holds_accounts_and_payments(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 700_00)
    bank.account(bob)
    held = rights.export(bob.party.subject, now=NOW)["payments"]
    assert held["bank_accounts"][0]["number"] == sandbox.sample_number(1)
    assert [payment["amount_minor"] for payment in held["payments"]] == [700_00]


def test_erasure_waits_for_money_on_its_way_and_then_leaves_no_trace_of_the_number(bank: Bank, bob: Any) -> None:
    from payments import personal_data

    bank.pay_in(bob, 700_00)
    account = bank.account(bob)
    index = bytes(account.number_index)
    bank.withdraw(bob, account, 700_00)
    assert personal_data.holds(subject=bob.party.subject) == ["payment_under_way"]
    bank.work()
    assert personal_data.holds(subject=bob.party.subject) == []
    personal_data.erase(subject=bob.party.subject, now=NOW)
    account.refresh_from_db()
    assert (account.last4, account.state, bytes(account.number_index) != index) == ("", "retired", True)
