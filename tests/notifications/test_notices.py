"""Facts about accounts and wallets reach the people they are about."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts import identity, onboarding
from accounts.models import Party
from core import outbox
from notifications.channels import inbox
from notifications.models import Message
from payments.models import Payment
from payments.rails import sandbox
from privacy import notices
from privacy.forms import Answer
from tests import cast, stories
from tests.payments.conftest import Bank

pytestmark = pytest.mark.django_db


def told(member):
    """Templates of what somebody was told, oldest first."""
    return list(Message.objects.filter(user=member.user).order_by("pk").values_list("template", flat=True))


def test_the_outcome_of_an_identity_check_is_told(now):
    alice = cast.alice(now=now)
    outbox.drain(now=now)
    assert told(alice) == ["identity.verified"]
    user = onboarding.register(email="double@example.com", password=None, language="en", now=now)
    party = Party.objects.get(subject=user.subject_id)
    yes = [Answer("given", "identity", notices.current("identity", "en"))]
    identity.submit(party=party, document="resident_id", legal_name="林悦", number=cast.PEOPLE["alice"].number, by=user, now=now, answers=yes)
    outbox.drain(now=now)
    (line,) = inbox.opened(user, list(inbox.of(user)), page="test", now=now)
    assert line.message.template == "identity.refused"
    assert "alice" not in line.wording.text


def test_money_in_and_out_is_told_and_a_bank_account_is_a_matter_of_safety(now):
    bank = Bank()
    bob = cast.bob(now=bank.now)
    bank.work()
    account = bank.account(bob)
    bank.pay_in(bob, 500_000)
    bank.withdraw(bob, account, 100_000)
    bank.work()
    sandbox.order(fault="refuse", key_prefix="withdrawal:")
    bank.withdraw(bob, account, 50_000, key="another-key-0002")
    bank.patience(seconds=600)
    assert told(bob) == ["identity.verified", "bank_account.verified", "wallet.deposit_settled", "wallet.withdrawal_settled", "wallet.withdrawal_refused"]
    lines = inbox.opened(bob.user, list(inbox.of(bob.user)), page="test", now=now)
    assert "¥500.00" in lines[0].wording.text
    assert lines[0].message.link == f"/wallet/payments/{Payment.objects.get(state='refused').reference}/"
    assert [sent.subject for sent in mail.outbox][1] == "您的信桥账户有变动"


def test_a_bank_account_the_bank_does_not_know_is_told(now):
    bob = cast.bob(now=now)
    sandbox.order(fault="refuse", key_prefix="verify:")
    stories.verified_account(bob, now=now)
    assert told(bob) == ["identity.verified", "bank_account.refused"]


def test_money_nobody_was_named_for_is_told_to_nobody(now):
    from core import business_day
    from payments import deposit

    deposit.receive(rail="sandbox", line_id="L1", amount=100, currency="CNY", reference="?", booked_on=business_day.current(), now=now)
    outbox.drain(now=now + timedelta(minutes=1))
    assert not Message.objects.exists()
