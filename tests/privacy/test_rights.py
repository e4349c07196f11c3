import json

import pytest

from privacy import personal_data, retention, rights, vault
from privacy.disclosure import Actor, reveal


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(rights, "_holdings", {})
    return rights


def test_every_app_gives_its_part_and_the_copy_is_json(registry, write, alice, dan, say, now):
    row = write(alice)
    say(alice, "marketing")
    reveal(row, ["name"], actor=Actor("user", dan.pk, "reviewer"), purpose="review", page="p", now=now)

    def mine(*, subject, now):
        return reveal(row, ["name"], actor=Actor("user", subject.pk, "self"), purpose="rights", page="privacy.export", now=now)

    registry.register("diary", export=mine, erase=lambda *, subject, now: None)
    registry.register("privacy", export=personal_data.export, erase=personal_data.erase)
    copy = json.loads(json.dumps(rights.export(alice, now=now)))
    assert copy["diary"] == {"name": "Alice Zhang"}
    assert [receipt["receipt"]["decision"] for receipt in copy["privacy"]["consents"]] == ["given"]
    assert [look["viewer"] for look in copy["privacy"]["looks"]] == [dan.pseudonym]
    assert copy["pseudonym"] == alice.pseudonym


def test_erasure_tells_every_app_and_destroys_the_key(registry, write, alice, now):
    told = []
    registry.register("a", export=lambda **_: None, erase=lambda *, subject, now: told.append(subject))
    row = write(alice)
    rights.erase(alice, now=now)
    assert told == [alice]
    assert alice.erased_at == now
    with pytest.raises(vault.Erased):
        vault.open_sealed(row, ["name"], engine="test", purpose="rights", now=now)
    with pytest.raises(vault.Erased):
        rights.export(alice, now=now)


def test_a_hold_stops_the_whole_erasure(registry, alice, now):
    told = []
    registry.register("a", export=lambda **_: None, erase=lambda **_: told.append("a"))
    registry.register("loans", export=lambda **_: None, erase=lambda **_: None, holds=lambda *, subject: ["open_loan"])
    with pytest.raises(rights.UnableToErase) as refusal:
        rights.erase(alice, now=now)
    assert refusal.value.reasons == ["open_loan"]
    assert told == []
    assert alice.erased_at is None


def test_an_app_that_fails_undoes_the_erasure(registry, alice, now):
    def broken(**_):
        raise RuntimeError

    registry.register("a", export=lambda **_: None, erase=broken)
    with pytest.raises(RuntimeError):
        rights.erase(alice, now=now)
    alice.refresh_from_db()
    assert alice.wrapped_key is not None


def test_privacy_itself_is_registered():
    assert "privacy" in rights.registered()


def test_retention_has_an_end_or_says_why_not(now):
    assert (retention.due_at("reply", anchor=now) - now).days == 30
    with pytest.raises(retention.UnknownRule):
        retention.due_at("forever", anchor=now)
    assert all(rule.then in ("erase", "anonymize", "roll_up") for rule in retention.RULES.values())
