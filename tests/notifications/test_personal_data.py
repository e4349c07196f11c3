"""Messages are in the copy a person takes, and gone with the person."""

import json
from datetime import timedelta

import pytest

from accounts import parties
from notifications import preferences
from notifications.models import Message, Preference
from privacy import rights, sweeps
from tests import cast

pytestmark = pytest.mark.django_db


def test_the_copy_reads_like_the_inbox(say, now, people):
    alice = people("alice")
    say(alice)
    preferences.choose(user=alice.user, mail={"loan": False}, quiet=False, quiet_from=21, quiet_until=8)
    copy = json.loads(json.dumps(rights.export(alice.user.subject, now=now)))["notifications"]
    assert copy["messages"][0]["title"] == "Kite KT-1 is lost"
    assert "¥1,234.56" in copy["messages"][0]["text"]
    assert copy["mail"]["by_mail"]["loan"] is False
    assert copy["mail"]["quiet_hours"] is None


def test_erasure_takes_messages_and_choices(say, now, people):
    alice, bob = people("alice", "bob")
    business = parties.create_business(user=bob.user, name="鲍氏", now=now)
    say(alice, bob, cast.Member(user=bob.user, party=business))
    preferences.choose(user=alice.user, mail={"loan": False}, quiet=False, quiet_from=21, quiet_until=8)
    rights.erase(alice.user.subject, now=now)
    assert not Message.objects.filter(user=alice.user).exists()
    assert not Preference.objects.exists()
    assert Message.objects.filter(user=bob.user).count() == 2
    rights.erase(business.subject, now=now)
    assert Message.objects.filter(user=bob.user).count() == 1


def test_old_messages_go_with_a_proof(say, now, people):
    alice = people("alice")
    say(alice)
    say(alice, key="kite:2", now=now + timedelta(days=300))
    proofs = sweeps.run(now=now + timedelta(days=366))
    assert [(proof.rule, proof.count) for proof in proofs if proof.app == "notifications"] == [("notification", 1)]
    assert Message.objects.filter(user=alice.user).count() == 1
