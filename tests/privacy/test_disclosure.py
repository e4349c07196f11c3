import pytest
from django.db import transaction

from privacy import disclosure, vault
from privacy.disclosure import Actor, UnableToReveal, reveal, reveal_many, who_looked
from privacy.models import AccessLog, DataSubject

from .diary import Diary

PAGE = {"purpose": "review", "page": "loans.review"}


@pytest.fixture
def reviewer(dan):
    return Actor("user", dan.pk, "reviewer")


def test_a_look_is_written_down_and_the_person_sees_it(write, alice, dan, reviewer, now):
    row = write(alice, phone="139")
    assert reveal(row, ["name", "phone"], actor=reviewer, now=now, reference="AP-1", **PAGE) == {"name": "Alice Zhang", "phone": "139"}
    (look,) = who_looked(alice)
    assert (look.viewer, look.role, look.at, look.purpose, look.reference) == (dan.pseudonym, "reviewer", now, "review", "AP-1")
    assert look.kinds == ("name", "phone")
    assert who_looked(dan) == []


def test_no_log_no_data(write, alice, dan, now, monkeypatch):
    row = write(alice)
    opened = []
    monkeypatch.setattr(vault, "open_with", lambda *args: opened.append(args))
    stranger = Actor("user", DataSubject().pk, "reviewer")  # a viewer the log refuses: no such person

    def broken(*args, **kwargs):
        raise OSError("log is down")

    monkeypatch.setattr(AccessLog.objects, "bulk_create", broken)
    with pytest.raises(OSError, match="log is down"):
        reveal(row, ["name"], actor=stranger, now=now, **PAGE)
    assert opened == []


def test_the_log_comes_first(write, alice, reviewer, now, monkeypatch):
    row = write(alice)
    seen = []
    real = vault.open_with
    monkeypatch.setattr(vault, "open_with", lambda *args: seen.append(AccessLog.objects.count()) or real(*args))
    reveal(row, ["name"], actor=reviewer, now=now, **PAGE)
    assert seen == [1]


@pytest.mark.parametrize("wrong", [{"purpose": ""}, {"purpose": "curiosity"}, {"page": ""}])
def test_a_look_without_purpose_or_page_is_refused(write, alice, reviewer, now, wrong):
    row = write(alice)
    with pytest.raises(UnableToReveal):
        reveal(row, ["name"], actor=reviewer, now=now, **(PAGE | wrong))
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("fields", [[], ["owner"], ["name", "nothing"]])
def test_only_encrypted_fields_are_opened(write, alice, reviewer, now, fields):
    with pytest.raises(UnableToReveal):
        reveal(write(alice), fields, actor=reviewer, now=now, **PAGE)


@pytest.mark.parametrize("wrong", [("user", None, "x"), ("ghost", None, "x"), ("system", None, "")])
def test_nobody_looks_anonymously(wrong):
    with pytest.raises(UnableToReveal):
        Actor(*wrong)


def test_many_rows_cost_one_entry_per_person_and_few_queries(write, alice, bob, reviewer, now, django_assert_num_queries):
    for person in (alice, alice, bob):
        write(person)
    rows = list(Diary.objects.select_related("owner"))
    with django_assert_num_queries(5):  # savepoint, log, hold, keys, release
        opened = reveal_many(rows, ["name"], actor=reviewer, now=now, **PAGE)
    assert opened == {row.pk: {"name": "Alice Zhang"} for row in rows}
    assert sorted(AccessLog.objects.values_list("subject", flat=True)) == sorted([alice.pk, bob.pk])
    assert reveal(Diary.objects.none(), ["name"], actor=reviewer, now=now, **PAGE) == {}


def test_own_looks_are_logged_but_nobody_looked(write, alice, now):
    reveal(write(alice), ["name"], actor=Actor("user", alice.pk, "self"), purpose="rights", page="privacy.export", now=now)
    assert AccessLog.objects.count() == 1
    assert who_looked(alice) == []


def test_an_engine_is_a_looker_too(write, alice, now):
    row = write(alice)
    assert vault.open_sealed(row, ["name"], engine="loans.facts", purpose="automated_decision", now=now) == {"name": "Alice Zhang"}
    (look,) = who_looked(alice)
    assert (look.viewer, look.actor_kind, look.role) == ("", "system", "loans.facts")


def test_what_needs_no_key_is_noted_too(alice, bob, reviewer, now):
    disclosure.note([alice.pk, bob.pk], kinds_seen=["listing_attribute"], actor=reviewer, purpose="listing_disclosure", page="listing", now=now)
    assert who_looked(bob)[0].kind_labels
    assert AccessLog.objects.count() == 2


def test_restricted_data_opens_for_a_legal_hold_only(write, alice, reviewer, now):
    row = write(alice)
    DataSubject.objects.filter(pk=alice.pk).update(restricted_at=now)
    with pytest.raises(UnableToReveal, match="restricted"):
        reveal(row, ["name"], actor=reviewer, now=now, **PAGE)
    assert reveal(row, ["name"], actor=reviewer, now=now, purpose="legal_hold", page="desk") == {"name": "Alice Zhang"}


def test_the_log_is_only_ever_added_to(write, alice, reviewer, now):
    reveal(write(alice), ["name"], actor=reviewer, now=now, **PAGE)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        AccessLog.objects.update(purpose="rights")
    with pytest.raises(Exception, match=r"Cannot (update or )?delete"), transaction.atomic():
        AccessLog.objects.all().delete()
