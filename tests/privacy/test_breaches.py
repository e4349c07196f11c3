"""A breach: clocks, persons from the access log, notices with the items of the law; a drill tells nobody."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core.models import Job
from privacy import breaches, disclosure, processors, subjects, texts
from privacy.models import BreachPerson, Processor


@pytest.fixture
def contact(db, now):
    return subjects.create("contact", now=now)


@pytest.fixture
def leak(alice, bob, contact, dan, now):
    """An investor's account was taken over for an hour and opened Alice's income and a contact's number; Bob's look came later."""
    actor = disclosure.Actor(kind="user", subject_id=bob.pk, role="investor")
    for subject, kind, at in ((alice, "income", now), (contact, "contact_number", now), (dan, "income", now + timedelta(days=2))):
        disclosure.note([subject.pk], kinds_seen=[kind], actor=actor, purpose="listing_disclosure", page="test", now=at)
    values = {"what": "An account was taken over.", "kinds_": ["income", "contact_number"], "jurisdictions": ["CN", "EU"], "by": dan}
    return breaches.open_(**values, since=now - timedelta(hours=1), until=now + timedelta(hours=1), now=now)


def test_the_persons_are_those_whose_data_was_looked_at_contacts_included(leak, alice, contact):
    assert set(leak.persons.values_list("subject", flat=True)) == {alice.pk, contact.pk}
    assert breaches.add_persons(leak, [alice.pk]) == 2


def test_the_clocks_run_from_the_moment_we_know(leak, now):
    assert breaches.deadlines(leak) == {"CN": now + timedelta(hours=4), "EU": now + timedelta(hours=72)}


@pytest.mark.parametrize(("locale", "word"), [("en", "Possible harm"), ("zh-hans", "可能的危害")])
def test_the_notice_asks_for_what_the_law_asks(leak, locale, word):
    draft = breaches.draft(leak, locale=locale)
    assert word in [name for name, _text in draft.lines]
    assert draft.missing == ("cause", "harm", "remedies")


def _complete(leak):
    leak.cause, leak.harm, leak.remedies = "A reused password.", "Somebody may know the income.", "Sessions ended; change your password."
    leak.save(update_fields=["cause", "harm", "remedies"])


def test_persons_are_told_once_and_only_with_a_complete_notice(leak, now):
    with pytest.raises(breaches.UnableToTell) as caught:
        breaches.tell_persons(leak, now=now)
    assert caught.value.fields == ("cause", "harm", "remedies")
    _complete(leak)
    assert breaches.tell_persons(leak, now=now) == 2
    assert breaches.tell_persons(leak, now=now) == 0, "the same order twice is one"
    leak.refresh_from_db()
    assert leak.persons_told_at is None, "an order has told nobody"
    assert not BreachPerson.objects.filter(told_at__isnull=False).exists()


def _tell(leak, now):
    breaches.tell_persons(leak, now=now)
    for person in leak.persons.all():
        breaches.tried(person, sent=True, now=now)


def test_a_wider_window_adds_persons_and_they_have_to_be_told_too(leak, alice, contact, dan, now):
    _complete(leak)
    _tell(leak, now)
    leak.refresh_from_db()
    assert leak.persons_told_at
    breaches.amend(leak, values={"until": now + timedelta(days=3)}, now=now)
    assert set(leak.persons.values_list("subject", flat=True)) == {alice.pk, contact.pk, dan.pk}
    assert leak.persons_told_at is None
    assert breaches.tell_persons(leak, now=now) == 1
    breaches.amend(leak, values={"until": now + timedelta(hours=1)}, now=now)
    assert leak.persons.count() == 3, "nobody is taken out again"


def test_what_happened_is_made_no_drill_afterwards(leak, now):
    breaches.amend(leak, values={"drill": True, "harm": "Somebody may know."}, now=now)
    assert (leak.drill, leak.harm) == (False, "Somebody may know.")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        type(leak).objects.filter(pk=leak.pk).update(drill=True)


def test_it_closes_only_when_authority_and_persons_were_told(leak, dan, now):
    _complete(leak)
    breaches.contain(leak, by=dan, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        breaches.close(leak, by=dan, now=now)
    leak.refresh_from_db()
    _tell(leak, now)
    breaches.told_authority(leak, now=now)
    breaches.close(leak, by=dan, now=now)
    assert leak.state == "closed"


def test_a_drill_walks_the_path_and_tells_nobody(alice, dan, now):
    drill = breaches.open_(what="Drill.", kinds_=["income"], jurisdictions=["CN"], since=now, until=now, by=dan, now=now, drill=True)
    breaches.add_persons(drill, [alice.pk])
    _complete(drill)
    assert breaches.tell_persons(drill, now=now) == 1
    assert not Job.objects.filter(name="breach.tell").exists()
    breaches.contain(drill, by=dan, now=now)
    breaches.close(drill, by=dan, now=now)


def test_an_ended_contract_opens_nothing(db):
    contract = Processor.objects.create(
        name="Mail House",
        country="CN",
        purposes=["account"],
        kinds=["email"],
        contract="2026/7",
        supervision="Yearly audit.",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
    )
    asked = {"kind": "email", "purpose": "account"}
    assert processors.require(contract.reference, **asked, as_of=date(2026, 12, 31)) == contract
    for wrong in ({"as_of": date(2027, 1, 1)}, {"as_of": date(2026, 6, 1), "kind": "income"}, {"as_of": date(2026, 6, 1), "purpose": "marketing"}):
        with pytest.raises(processors.NoContract):
            processors.require(contract.reference, **(asked | wrong))


def test_what_is_written_of_a_breach_is_sealed(leak):
    _complete(leak)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(b)::text FROM privacy_breach b")
        (row,) = cursor.fetchone()
    words = [leak.what, leak.cause, leak.harm, leak.remedies]
    assert all(words)
    assert not [word for word in words if word in row]
    leak.refresh_from_db()
    assert [leak.what, leak.cause, leak.harm, leak.remedies] == words


sent: list[dict] = []


def gateway(**text) -> None:
    sent.append(text)


def test_outside_a_sandbox_nothing_is_handed_to_a_service_without_a_living_contract(alice, now, settings):
    settings.SIGNED_PACKS_SANDBOX, settings.TEXT_GATEWAY = False, f"{__name__}.gateway"
    sent.clear()
    text = {"subject": alice, "e164": "+8613800138000", "number_index": b"0" * 32, "body": "x", "key": "k"}
    with pytest.raises(texts.NoGateway):
        texts.send(**text, now=now)
    term = {"starts_on": now.date() - timedelta(days=1), "ends_on": now.date() + timedelta(days=30)}
    house = Processor.objects.create(
        name="Text House", country="CN", purposes=["circle"], kinds=["phone"], contract="2026/8", supervision="Yearly audit.", **term
    )
    settings.PROCESSORS = settings.PROCESSORS | {"texts": house.reference}
    texts.send(**text, now=now)
    assert [each["number"] for each in sent] == ["+8613800138000"]
    with pytest.raises(texts.NoGateway):
        texts.send(**text, now=now + timedelta(days=60))
    Processor.objects.filter(pk=house.pk).update(returned_on=now.date())
    with pytest.raises(texts.NoGateway):
        texts.send(**text, now=now)
    assert len(sent) == 1
