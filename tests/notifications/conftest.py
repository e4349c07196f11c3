"""A day, a few plain things to say, and the people they are said to."""

from datetime import UTC, datetime

import pytest
from django.core import mail

from core import outbox
from core.models import Job
from notifications import catalogue, message
from notifications.catalogue import Template
from notifications.models import Message
from tests import cast

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # ten o'clock in Shanghai
NIGHT = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # half past eleven there


@pytest.fixture
def now() -> datetime:
    return MORNING


@pytest.fixture(autouse=True)
def kites(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates of the tests' own, beside the real ones."""
    monkeypatch.setattr(catalogue, "_templates", dict(catalogue._templates))
    catalogue.register(
        Template(code="kite.lost", kind="loan", title="Kite %(reference)s is lost", text="It cost %(amount)s and flew away on %(lost_on)s."),
        Template(code="kite.stolen", kind="security", title="Kite %(reference)s was stolen", text="Lock the shed."),
        Template(
            code="kite.seen",
            kind="receipt",
            title="Kites seen on %(day_on)s: %(kites)s",
            text="Over the river.",
            live=lambda messages: {message.pk: {"kites": len(SEEN)} for message, _kept in messages},
        ),
        Template(
            code="kite.why",
            kind="account",
            title="Why: %(reasons)s",
            text="Seen at %(seen_at)s.",
            words={"reasons": lambda code, context: {"wind": "strong wind", "string": "a thin string"}[code]},
        ),
    )


SEEN: list[str] = []
LOST = {"reference": "KT-1", "amount": 123_456, "currency": "CNY", "lost_on": "2026-11-20"}


@pytest.fixture
def say():
    """`say(alice, bob, template="kite.lost")`: told to the parties of these members."""

    def tell(*members, template="kite.lost", key="kite:1", context=LOST, now=MORNING, **more):
        return message.say_alike(template=template, key=key, parties=[member.party.pk for member in members], context=context, now=now, **more)

    return tell


@pytest.fixture
def people(db):
    """`people("alice", "bob")`: those members, with what they were told about joining already forgotten."""

    def make(*names, now=MORNING):
        made = [cast.make(name, now=now) for name in names]
        outbox.drain(now=now)
        Message.objects.all().delete()
        Job.objects.all().delete()
        mail.outbox.clear()
        return made if len(made) > 1 else made[0]

    return make
