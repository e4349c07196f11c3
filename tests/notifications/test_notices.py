"""Facts about accounts and wallets reach the people they are about."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from accounts import identity, onboarding, parties
from accounts.models import Party
from core import outbox
from notifications.channels import inbox
from notifications.models import Message
from payments.models import Payment
from payments.rails import sandbox
from privacy import breaches, desk, notices, restriction, subjects, texts, vault
from privacy.forms import Answer
from privacy.models import Contact, OutboundMessage
from tests import cast, stories
from tests.notifications.conftest import NIGHT
from tests.payments.conftest import Bank
from tests.privacy.circle_world import HANA, Reader, index, invite

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


def test_an_answer_from_the_rights_desk_is_told(people, now):
    alice, dan = people("alice", "dan")
    asked = desk.receive(subject=alice.user.subject, kind="correct", message="My name is spelled wrong.", locale="en", now=now)
    desk.take(asked, handler=dan.user.subject, now=now)
    desk.answer(asked, text="It is right now.", handler=dan.user.subject, now=now)
    outbox.drain(now=now)
    assert told(alice) == ["rights.answered"]
    assert cast.client_of(alice).get(Message.objects.get().link).status_code == 200
    assert "spelled" not in mail.outbox[0].body


def test_who_a_breach_concerned_reads_what_happened_and_nobody_else_does(people, now):
    alice, bob = people("alice", "bob")
    breach = breaches.open_(what="An account was taken over.", kinds_=["income"], jurisdictions=["CN"], since=now, until=now, by=None, now=now)
    breaches.add_persons(breach, [alice.user.subject_id])
    address = f"/privacy/breaches/{breach.reference}/"
    assert cast.client_of(alice).get(address).status_code == 404, "not before everything the law asks for is written"
    breach.cause, breach.harm, breach.remedies = "A reused password.", "Somebody may know the income.", "Sessions ended."
    breach.save()
    breaches.tell_persons(breach, now=NIGHT)
    outbox.drain(now=NIGHT)
    assert (told(alice), told(bob)) == (["breach.notice"], [])
    assert [sent.to for sent in mail.outbox] == [[alice.email]], "at any hour, whatever was switched off"
    page = cast.client_of(alice).get(address).content.decode()
    assert "A reused password." in page
    assert "Somebody may know the income." in page
    assert cast.client_of(bob).get(address).status_code == 404


@pytest.fixture
def hana(people, now):
    """Somebody Alice named, who accepted and later said stop; and the same number, accepted for Bob."""
    call_command("publish_notices", verbosity=0)
    reader = Reader()
    for borrower in people("alice", "bob"):
        matter = subjects.open_matter(subject=borrower.user.subject, jurisdictions=["CN"], now=now)
        reader.accept(invite(matter).token)
    reader.post("stop")
    return reader


def _breach_of(*concerned, now):
    known = {"cause": "A reused password.", "harm": "Somebody may know the number.", "remedies": "Sessions ended."}
    window = {"kinds_": ["contact_number"], "jurisdictions": ["CN"], "since": now, "until": now}
    breach = breaches.open_(what="A list was copied.", known=known, **window, by=None, now=now)
    breaches.add_persons(breach, [subject.pk for subject in concerned])
    return breach


def test_a_contact_is_told_of_a_breach_on_their_own_page_and_by_one_text_also_after_a_stop(hana, now):
    contacts = sorted(Contact.objects.filter(number_index=index(HANA)).select_related("subject"), key=lambda contact: contact.subject_id)
    # the other one is told first, so that the sandbox's telephone may show the text
    restriction.restrict(subject=contacts[-1].subject, ground="legal_hold", why="A court asked.", by=None, now=now)
    breach = _breach_of(*[contact.subject for contact in contacts], now=now)
    texts_before = len(texts.inbox(index(HANA), now=timezone.now()))
    assert breaches.tell_persons(breach, now=NIGHT) == 2
    assert not breach.persons.filter(told_at__isnull=False).exists(), "nobody is told before something was sent"
    outbox.drain(now=timezone.now() + timedelta(seconds=1))
    breach.refresh_from_db()
    assert breach.persons_told_at
    assert breach.persons.filter(told_at__isnull=False).count() == 2
    sent = OutboundMessage.objects.filter(purpose="breach_notice").select_related("decision")
    assert {(message.decision.reason, message.decision.matter) for message in sent} == {("A_RIGHTS_REPLY", None)}
    shown = texts.inbox(index(HANA), now=timezone.now() + timedelta(seconds=2))
    assert len(shown) == texts_before + 1, "one telephone, one text"
    assert "/circle/find/" in shown[0].body
    hana.open_own_page()
    page = hana.own_page()
    assert page.count("Somebody may know the number.") == 1
    assert breach.reference in page
    assert breach.reference in hana.get("export").content.decode()


def test_whoever_cannot_be_reached_is_not_called_told(people, now):
    alice, gone = people("alice").user.subject, subjects.create("contact", now=now)
    vault.erase(gone, now=now)
    breach = _breach_of(alice, gone, now=now)
    breaches.tell_persons(breach, now=now)
    outbox.drain(now=now)
    breach.refresh_from_db()
    assert {person.subject: bool(person.told_at) for person in breach.persons.select_related("subject")} == {alice: True, gone: False}
    assert breaches.unreached(breach) == 1
    assert breach.persons_told_at, "everybody who can be told is"
    assert breaches.tell_persons(breach, now=now) == 1, "and may be tried again"


def test_an_invited_address_gets_one_mail_whether_or_not_it_has_an_account(people, now):
    bob = people("bob")
    business = parties.create_business(user=bob.user, name="鲍氏贸易", now=now)
    parties.invite(party=business, email="alice@xinqiao.example", role="view", by=bob.user, now=now)
    late = parties.invite(party=business, email="nobody@example.com", role="view", by=bob.user, now=now)
    parties.withdraw(late, by=bob.user, now=now)
    parties.invite(party=business, email="stranger@example.com", role="sign", by=bob.user, now=now)
    outbox.drain(now=now)
    assert sorted(sent.to[0] for sent in mail.outbox) == ["alice@xinqiao.example", "stranger@example.com"]
    first, second = mail.outbox
    assert first.body == second.body
    for word in ("邀请", "invites you", "/account/parties/"):
        assert word in first.body
    for word in ("鲍", "bob", "alice", business.reference):
        assert word not in first.body + first.subject
