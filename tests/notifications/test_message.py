"""Saying something: to everybody it concerns, once for each fact, in few statements, and never in a person's own words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts import onboarding, parties
from accounts.models import Membership, Party, User
from core.models import Job
from core.outbox import PersonalPayload
from notifications import catalogue, message
from notifications.channels import inbox
from notifications.models import Message
from tests import cast
from tests.notifications import conftest as kites
from tests.notifications.conftest import LOST

pytestmark = pytest.mark.django_db


def test_alice_is_told_once_however_often_the_fact_is_told(say, now, people):
    alice = people("alice")
    assert say(alice) == 1
    assert say(alice) == 0
    (line,) = inbox.opened(alice.user, list(inbox.of(alice.user)), page="test", now=now)
    with override("en"):
        assert line.wording.title == "Kite KT-1 is lost"
    assert "¥1,234.56" in line.wording.text
    assert Job.objects.filter(name="mail.send").count() == 1


def test_facts_are_sealed_and_nothing_but_facts_is_said(say, people):
    alice = people("alice")
    with pytest.raises(PersonalPayload):
        say(alice, context=LOST | {"name": "林悦"})
    with pytest.raises(PersonalPayload):
        say(alice, context=LOST | {"telephone": "13800138000"})
    with pytest.raises(catalogue.MissingFact):
        say(alice, context={"reference": "KT-1"})
    with pytest.raises(catalogue.UnknownTemplate):
        say(alice, template="kite.unheard_of")
    assert not Message.objects.exists()
    say(alice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(m)::text FROM notifications_message m")
        (row,) = cursor.fetchone()
    assert "123456" not in row
    assert "KT-1" not in row


def test_everybody_who_acts_for_a_business_is_told_and_nobody_who_left(say, now, people):
    alice, bob, carol = people("alice", "bob", "carol")
    business = parties.create_business(user=alice.user, name="林氏面包", now=now)
    Membership.objects.create(user=bob.user, party=business, role="view", created_at=now)
    Membership.objects.create(user=carol.user, party=business, role="sign", created_at=now, ended_at=now)
    assert say(cast.Member(user=alice.user, party=business)) == 2
    assert set(Message.objects.values_list("user", flat=True)) == {alice.user.pk, bob.user.pk}


def test_who_is_erased_or_locked_is_not_written_to(say, people):
    eve = people("eve")
    User.objects.filter(pk=eve.user.pk).update(is_active=False)
    assert say(eve) == 0


def test_a_line_that_grows_is_one_line_and_new_again(now, people, monkeypatch):
    monkeypatch.setattr(kites, "SEEN", [])
    bob = people("bob")
    for reference in ("KT-1", "KT-2"):
        inbox.mark_read(bob.user, now=now)
        kites.SEEN.append(reference)
        message.say(template="kite.seen", key="kite:1", to={bob.party.pk: {"day_on": "2026-11-20"}}, renew=True, now=now)
    with override("en"):
        (line,) = inbox.opened(bob.user, list(inbox.of(bob.user)), page="test", now=now)
    assert line.wording.title == "Kites seen on 20 November 2026: 2"
    assert line.message.read_at is None
    assert Job.objects.filter(name="mail.send").count() == 0, "not mailed unless wanted"


def crowd(count, *, now, first=0):
    made = []
    for number in range(first, first + count):
        user = onboarding.register(email=f"crowd-{number}@example.com", password=None, language="en", now=now)
        made.append(cast.Member(user=user, party=Party.objects.get(subject=user.subject_id)))
    return made


def test_a_crowd_costs_as_many_statements_as_one(say, now):
    few, many = crowd(2, now=now), crowd(40, now=now, first=2)
    with CaptureQueriesContext(
        connection,
    ) as two:
        assert say(*few, key="few") == 2
    with CaptureQueriesContext(connection) as forty:
        assert say(*many, key="many") == 40
    assert len(forty) == len(two) <= 6
    assert Job.objects.filter(name="mail.send").count() == 42


def test_facts_read_in_the_readers_language(now):
    facts = LOST | {"reasons": ["wind", "string"], "seen_at": "2026-11-20T04:00:00+00:00"}
    english = catalogue.in_language("en", "kite.why", facts)
    assert english.title == "Why: strong wind, a thin string"
    assert "12:00" in english.text
    chinese = catalogue.in_language("zh-hans", "kite.lost", facts)
    assert "2026年11月20日" in chinese.text
    assert catalogue.in_language("en", "kite.lost", None).title == "An earlier message"
    assert catalogue.in_language("en", "kite.forgotten", facts).title == "An earlier message"


@pytest.mark.parametrize("template", catalogue.registered(), ids=lambda template: template.code)
def test_every_template_has_chinese_of_its_own(template):
    for text in (template.title, template.text, template.action):
        with override("zh-hans"):
            chinese = str(text)
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
        assert catalogue._PLACE.findall(str(text)) == [] or set(catalogue._PLACE.findall(chinese)) == set(catalogue._PLACE.findall(str(text)))
