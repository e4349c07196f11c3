"""The mail beside a message: after the fact has committed, once, at a decent hour, and saying nothing a lock screen should not."""

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils.translation import override

from core import outbox
from core.models import Job
from notifications import catalogue, preferences
from notifications.catalogue import KINDS
from notifications.channels import inbox
from notifications.models import Message
from tests import cast
from tests.notifications.conftest import NIGHT

pytestmark = pytest.mark.django_db
# Words by which somebody looking over a shoulder would know.
TELLING = re.compile(r"debt|loan|borrow|repay|overdue|arrear|default|late\b|owe|owing|借款|贷款|欠|还款|逾期|债|催", re.IGNORECASE)
AMOUNT = re.compile(r"[¥$€]|\d[\d,]*\.\d\d|\d+\s*元")


def test_a_mail_goes_out_in_its_readers_language_and_says_only_that_there_is_something(say, now, people):
    alice = people("alice")
    say(alice)
    assert mail.outbox == []
    outbox.drain(now=now)
    (sent,) = mail.outbox
    message = Message.objects.get()
    assert sent.to == [alice.email]
    assert sent.subject == "您在信桥有一条新消息"
    assert sent.extra_headers["Message-ID"].startswith(f"<{message.reference}@")
    html, mimetype = sent.alternatives[0]
    assert mimetype == "text/html"
    for body in (sent.body, html):
        assert f"/messages/{message.reference}/" in body
        assert "KT-1" not in body
        assert not AMOUNT.search(body)
        assert cast.PEOPLE["alice"].legal_name not in body
    assert not re.search(r"<img|<link|<script|<style|style=|src=|url\(", html), "nothing is fetched, nothing runs"
    assert (message.mail, message.mailed_at) == ("sent", now)


def test_nothing_leaves_when_the_fact_is_undone(say, now, people):
    alice = people("alice")

    def undone():
        with transaction.atomic():
            say(alice)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    outbox.drain(now=now)
    assert mail.outbox == []
    assert not Message.objects.exists()


def test_subjects_and_sentences_tell_nothing_in_either_language():
    kinds = [KINDS[name] for name in ("application", "loan")]
    borrowers = [template.mail for template in catalogue.registered() if template.mail and template.kind in ("application", "loan")]
    assert borrowers == [], "about what somebody borrows, a mail says the kind's own sentence and no more"
    for language in ("en", "zh-hans"):
        with override(language):
            for text in [kind.subject for kind in KINDS.values()] + [kind.mail for kind in kinds]:
                assert not TELLING.search(str(text)), text
            for text in [kind.mail for kind in KINDS.values()]:
                assert not AMOUNT.search(str(text))


def test_quiet_hours_are_those_of_the_reader(say, people):
    alice, bob = people("alice", "bob", now=NIGHT)
    bob.user.time_zone = "Europe/Lisbon"  # there it is half past three in the afternoon
    bob.user.save(update_fields=["time_zone"])
    say(alice, bob, now=NIGHT)
    outbox.drain(now=NIGHT)
    assert [sent.to for sent in mail.outbox] == [[bob.email]]
    eight = NIGHT + timedelta(hours=8, minutes=30)
    outbox.drain(now=eight - timedelta(minutes=1))
    assert len(mail.outbox) == 1
    outbox.drain(now=eight)
    assert mail.outbox[1].to == [alice.email]


def test_a_job_that_came_late_does_not_ring_at_night(say, now, people):
    alice = people("alice")
    say(alice, now=now)
    outbox.drain(now=NIGHT)
    assert mail.outbox == []
    job = Job.objects.get(name="mail.send")
    assert (job.state, job.failures) == ("waiting", 0)
    outbox.drain(now=NIGHT + timedelta(hours=9))
    assert len(mail.outbox) == 1


def test_what_is_about_safety_comes_at_once_and_cannot_be_switched_off(say, people):
    alice = people("alice", now=NIGHT)
    preferences.choose(user=alice.user, mail=dict.fromkeys(KINDS, False), quiet=True, quiet_from=21, quiet_until=8)
    say(alice, template="kite.stolen", now=NIGHT)
    say(alice, template="kite.lost", now=NIGHT)
    outbox.drain(now=NIGHT)
    assert len(mail.outbox) == 1
    assert inbox.of(alice.user).count() == 2, "the inbox has everything"
    assert Message.objects.get(template="kite.lost").mail == "none"


def test_what_was_read_switched_off_or_is_stale_is_not_mailed_any_more(say, now, people):
    alice, bob, carol = people("alice", "bob", "carol")
    say(alice, bob, carol, now=NIGHT)
    inbox.mark_read(alice.user, now=NIGHT)
    preferences.choose(user=bob.user, mail={"loan": False}, quiet=True, quiet_from=21, quiet_until=8)
    outbox.drain(now=NIGHT + timedelta(days=4))
    assert mail.outbox == []
    assert set(Message.objects.values_list("mail", flat=True)) == {"dropped"}


def test_a_server_that_is_down_is_tried_again_and_one_that_refuses_is_not(say, now, monkeypatch, people):
    answers = [SMTPServerDisconnected("gone"), OSError("no route"), SMTPRecipientsRefused({"alice@xinqiao.example": (550, b"no")})]
    asked = []

    def send(self, fail_silently=False):
        asked.append(self.extra_headers["Message-ID"])
        if answers:
            raise answers.pop(0)

    alice, bob = people("alice", "bob")
    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    say(alice)
    for minutes in (0, 5, 30):
        outbox.drain(now=now + timedelta(minutes=minutes))
    assert Message.objects.get().mail == "refused"
    assert len(asked) == 3
    assert len(set(asked)) == 1, "the same mail under the same number"
    job = Job.objects.get(name="mail.send")
    assert (job.state, job.failures) == ("done", 0)
    say(bob)
    outbox.drain(now=now)
    assert Message.objects.get(user=bob.user).mail == "sent"
    outbox.drain(now=now + timedelta(days=1))
    assert len(asked) == 4
