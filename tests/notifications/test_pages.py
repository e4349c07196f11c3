"""The inbox and the choices, as their owner and as a stranger meets them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import parties
from notifications import preferences
from notifications.channels import inbox
from notifications.models import Message, Preference
from tests import cast
from tests.notifications.conftest import LOST

pytestmark = pytest.mark.django_db
INBOX, PREFERENCES = "/messages/", "/messages/preferences/"


def test_an_empty_inbox_says_what_would_be_there(now):
    page = cast.client_of(cast.alice(now=now)).get(INBOX).content.decode()
    assert "No messages yet" in page
    assert "Unread messages:" not in page


def test_alice_reads_her_messages(say, now, people):
    alice = people("alice")
    for number in range(25):
        say(alice, key=f"kite:{number}", context=LOST | {"reference": f"KT-{number}"}, now=now + timedelta(minutes=number))
    client = cast.client_of(alice)
    first = client.get(INBOX).content.decode()
    assert "Unread messages: </span>25" in first
    assert "KT-24" in first
    assert "KT-3 " not in first
    assert "KT-3 " in client.get(INBOX + "?page=2").content.decode()
    message = Message.objects.get(key__startswith="kite:7:")
    opened = client.get(reverse("notifications:message", args=[message.reference])).content.decode()
    assert "Kite KT-7 is lost" in opened
    message.refresh_from_db()
    assert message.read_at is not None
    unread = client.get(INBOX + "?show=unread&page=2").content.decode()
    assert "KT-7 " not in unread
    assert "20 to 24" in unread or "21 to 24" in unread
    assert client.get("/messages/read/").status_code == 405
    assert client.post("/messages/read/").status_code == 302
    assert inbox.unread_count(alice.user) == 0
    assert "You have read all your messages" in client.get(INBOX + "?show=unread").content.decode()


def test_nobody_reads_anothers_messages(say, client, people):
    alice, bob = people("alice", "bob")
    say(alice)
    address = reverse("notifications:message", args=[Message.objects.get().reference])
    assert cast.client_of(bob).get(address).status_code == 404
    assert "KT-1" not in cast.client_of(bob).get(INBOX).content.decode()
    cast.client_of(bob).post("/messages/read/")
    assert inbox.unread_count(alice.user) == 1
    for path in (INBOX, PREFERENCES, address):
        assert client.get(path).status_code == 302
    assert cast.client_of(alice).get("/messages/MS-NOTTHERE/").status_code == 404


def test_a_message_about_another_party_offers_to_act_for_it(say, now, people):
    alice = people("alice")
    business = parties.create_business(user=alice.user, name="林氏面包", now=now)
    say(cast.Member(user=alice.user, party=business), link="/wallet/")
    client = cast.client_of(alice)
    page = client.get(reverse("notifications:message", args=[Message.objects.get().reference])).content.decode()
    assert business.reference in page
    answer = client.post(reverse("accounts:switch"), {"party": business.reference, "next": "/wallet/"})
    assert answer.headers["Location"] == "/wallet/"


def test_chinese_is_what_a_chinese_reader_sees(say, people):
    alice = people("alice")
    say(alice)
    page = cast.client_of(alice, language="zh-hans").get(INBOX).content.decode()
    assert "消息" in page
    assert "Mark all" not in page
    assert "Messages" not in page


def test_choices_are_kept(people):
    alice = people("alice")
    client = cast.client_of(alice)
    shown = client.get(PREFERENCES).content.decode()
    assert shown.count('type="checkbox"') == 10
    sent = {"mail_loan": "on", "mail_receipt": "on", "quiet": "on", "quiet_from": "22", "quiet_until": "7"}
    assert client.post(PREFERENCES, sent).status_code == 302
    chosen = preferences.of(type(alice.user).objects.get(pk=alice.user.pk))
    assert [kind for kind in ("security", "loan", "receipt", "pledge", "wallet") if preferences.wants_mail(chosen, kind)] == ["security", "loan", "receipt"]
    assert (chosen.quiet, chosen.quiet_from, chosen.quiet_until) == (True, 22, 7)
    assert "security" not in chosen.mail


@pytest.mark.parametrize("hour", ["24", "-1", "ten", "", "９９"])
def test_an_hour_that_is_none_is_named_at_the_field(hour, people):
    alice = people("alice")
    answer = cast.client_of(alice).post(PREFERENCES, {"quiet": "on", "quiet_from": hour, "quiet_until": "7"})
    assert answer.status_code == 422
    assert not Preference.objects.exists()
