"""The restricted state: who may lock a person's data, what it forbids and what goes on, and how it ends."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from privacy import consents, desk, disclosure, restriction, rights, seals, sweeps
from privacy.disclosure import Actor, Restricted
from privacy.models import AccessLog, DataSubject, Restriction, RightsRequest

pytestmark = pytest.mark.usefixtures("notices")
HOLD, KEPT = restriction.LEGAL_HOLD, restriction.KEPT_BY_LAW


@pytest.fixture
def locked(alice, dan, now):
    return restriction.restrict(subject=alice, ground=HOLD, why="Court order 12.", by=dan, now=now)


def looked(row, who, *, purpose, now, kind="user"):
    actor = Actor(kind=kind, subject_id=who.pk if who else None, role="reviewer")
    return disclosure.reveal(row, ["name"], actor=actor, purpose=purpose, page="test", now=now)["name"]


OPEN = [("alice", "servicing", "user"), ("bob", "rights", "user"), ("bob", "legal_hold", "user"), (None, "rights", "system"), (None, "wallet", "system")]
SHUT = [("bob", "review", "user"), ("bob", "wallet", "user"), ("bob", "listing_disclosure", "user"), (None, "automated_decision", "system")]


@pytest.mark.parametrize(("who", "purpose", "kind"), OPEN)
def test_the_person_their_rights_their_own_money_and_the_hold_itself_still_open_it(who, purpose, kind, request, write, alice, locked, now):
    row, who = write(alice), request.getfixturevalue(who) if who else None
    assert looked(row, who, purpose=purpose, now=now, kind=kind) == "Alice Zhang"


@pytest.mark.parametrize(("who", "purpose", "kind"), SHUT)
def test_nobody_else_opens_it_nor_what_needs_no_key_and_no_look_is_left_behind(who, purpose, kind, request, write, alice, locked, now):
    row, who = write(alice), request.getfixturevalue(who) if who else None
    with pytest.raises(Restricted):
        looked(row, who, purpose=purpose, now=now, kind=kind)
    actor = Actor(kind=kind, subject_id=who.pk if who else None, role="reviewer")
    with pytest.raises(Restricted):
        disclosure.note([alice.pk], kinds_seen=["document"], actor=actor, purpose=purpose, page="test", now=now)
    assert not AccessLog.objects.filter(subject=alice).exists()


def test_no_yes_counts_and_none_can_be_given_but_a_no_can(alice, say, dan, now):
    say(alice, "marketing")
    lock = restriction.restrict(subject=alice, ground=HOLD, why="Order.", by=dan, now=now)
    assert not consents.is_given(subject=alice, purpose="marketing", now=now)
    with pytest.raises(Restricted):
        say(alice, "marketing")
    consents.withdraw(subject=alice, purpose="marketing", locale="en", now=now)
    restriction.lift(lock, why="Over.", by=dan, now=now)
    alice.refresh_from_db()
    say(alice, "marketing")
    assert consents.is_given(subject=alice, purpose="marketing", now=now)


def test_a_lock_is_set_by_somebody_else_with_a_reason_once_and_lifted_the_same_way(alice, dan, bob, locked, now):
    again = restriction.restrict(subject=alice, ground=HOLD, why="Once more.", by=bob, now=now + timedelta(days=1))
    assert again == locked
    assert (alice.restricted_at, restriction.standing(alice).count()) == (now, 1)
    for why, by, code in (("", dan, "no_reason"), ("My own.", alice, "own")):
        with pytest.raises(restriction.UnableToRestrict) as caught:
            restriction.lift(locked, why=why, by=by, now=now)
        assert caught.value.code == code
        with pytest.raises(restriction.UnableToRestrict):
            restriction.restrict(subject=alice, ground="disputed", why=why, by=by, now=now)
    other = restriction.restrict(subject=alice, ground="disputed", why="Says it is wrong.", by=dan, now=now + timedelta(days=2))
    restriction.lift(locked, why="Order lifted.", by=bob, now=now + timedelta(days=3))
    alice.refresh_from_db()
    assert alice.restricted_at == now + timedelta(days=2), "another lock stands"
    restriction.lift(other, why="It was right.", by=bob, now=now + timedelta(days=4))
    alice.refresh_from_db()
    assert alice.restricted_at is None
    (told, _other) = rights.export(alice, now=now)["privacy"]["locks"]
    assert (told["why"], told["lifted_why"]) == ("Court order 12.", "Order lifted.")


def test_the_database_keeps_locks_and_no_lifted_one_comes_back(alice, dan, locked, now):
    restriction.lift(locked, why="Over.", by=dan, now=now)
    for sql in ("DELETE FROM privacy_restriction", "UPDATE privacy_restriction SET lifted_at = NULL, lifted_by_id = NULL"):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    with pytest.raises(IntegrityError), transaction.atomic():
        Restriction.objects.create(subject=alice, ground="whim", set_at=now)


def test_under_a_legal_hold_nothing_is_erased_neither_asked_for_nor_by_its_age(alice, bob, dan, say, locked, now):
    later = now + timedelta(days=4 * 365)
    for person in (alice, bob):
        disclosure.note([person.pk], kinds_seen=["document"], actor=Actor("user", dan.pk, "reviewer"), purpose="legal_hold", page="test", now=now)
    seals.seal_segments(now=now + timedelta(seconds=5))
    asked = desk.receive(subject=alice, kind="erase", message="", locale="en", now=now)
    assert (asked.state, asked.reasons) == ("refused", ["legal_hold"])
    sweeps.run(now=later)
    assert list(AccessLog.objects.values_list("subject", flat=True)) == [alice.pk]
    restriction.lift(locked, why="Over.", by=dan, now=later)
    sweeps.run(now=later)
    assert not AccessLog.objects.exists()


def test_what_only_a_law_keeps_is_locked_when_erasure_is_asked_and_erased_when_the_law_lets_go(alice, now, monkeypatch):
    kept = ["loan_file_kept_by_law"]
    monkeypatch.setattr(rights, "holds", lambda _subject: kept)
    desk.receive(subject=alice, kind="erase", message="", locale="en", now=now)
    alice.refresh_from_db()
    assert alice.restricted_at == now
    assert restriction.standing(alice).get().ground == KEPT
    sweeps.run(now=now)
    alice.refresh_from_db()
    assert alice.erased_at is None
    kept.clear()
    (proof,) = sweeps.run(now=now + timedelta(days=1))
    alice.refresh_from_db()
    assert (alice.erased_at is not None, proof.app, proof.rule) == (True, "privacy", "loan_file")


def test_one_who_cannot_be_erased_keeps_nobody_else_waiting(alice, bob, now, monkeypatch):
    holds, erase = ["loan_file_kept_by_law"], rights._erase

    def broken(subject, *, now):
        if subject == alice:
            raise RuntimeError("alice's file is torn")
        erase(subject, now=now)

    monkeypatch.setattr(rights, "holds", lambda _subject: holds)
    monkeypatch.setattr(rights, "_erase", broken)
    for person in (alice, bob):
        desk.receive(subject=person, kind="erase", message="", locale="en", now=now)
    holds.clear()
    (proof,) = sweeps.run(now=now + timedelta(days=1))
    for person in (alice, bob):
        person.refresh_from_db()
    assert (proof.count, alice.erased_at, bob.erased_at is not None) == (1, None, True)
    assert alice.restricted_at, "locked as before, and tried again the next night"
    monkeypatch.setattr(rights, "_erase", erase)
    sweeps.run(now=now + timedelta(days=2))
    alice.refresh_from_db()
    assert alice.erased_at


@pytest.mark.parametrize("reason", ["open_loan", "wallet_not_empty"])
def test_what_is_still_going_on_is_not_locked(alice, now, monkeypatch, reason):
    monkeypatch.setattr(rights, "holds", lambda _subject: [reason, "loan_file_kept_by_law"])
    desk.receive(subject=alice, kind="erase", message="", locale="en", now=now)
    alice.refresh_from_db()
    assert alice.restricted_at is None


def test_the_erased_cannot_be_locked(alice, dan, now):
    rights.erase(alice, now=now)
    with pytest.raises(restriction.UnableToRestrict):
        restriction.restrict(subject=DataSubject.objects.get(pk=alice.pk), ground=HOLD, why="Late.", by=dan, now=now)
    assert not RightsRequest.objects.exists()
