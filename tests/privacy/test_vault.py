import base64
import copy
import json
import pickle
import secrets

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from privacy import subjects, vault
from privacy.disclosure import Actor, reveal
from privacy.fields import EncryptedField, EncryptedTextField, NoSubject, NotSealed, Sealed
from privacy.models import DataSubject

from .diary import Diary, Owner

CANARY = "张敏 13912345678 canary-7f3a"


def fresh_key(key_id):
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def test_what_is_sealed_opens_for_the_same_person_and_place(alice):
    sealed = vault.seal(alice, "app.model.name:1", b"secret")
    assert b"secret" not in sealed
    assert vault.open_(alice.pk, "app.model.name:1", sealed) == b"secret"
    assert vault.seal(alice, "app.model.name:1", b"secret") != sealed


def test_sealed_bytes_open_nowhere_else(alice, bob):
    sealed = vault.seal(alice.pk, "app.model.name:1", b"secret")
    with pytest.raises(vault.Unopenable):
        vault.open_(alice, "app.model.name:2", sealed)
    with pytest.raises(vault.Unopenable):
        vault.open_(alice, "app.model.phone:1", sealed)
    with pytest.raises(vault.Unopenable):
        vault.open_(bob, "app.model.name:1", sealed)


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_flipped_bit_does_not_open(alice, at):
    sealed = bytearray(vault.seal(alice, "c", b"secret"))
    sealed[at] ^= 1
    with pytest.raises(vault.Unopenable):
        vault.open_(alice, "c", bytes(sealed))


@pytest.mark.parametrize("garbage", [b"", b"\x01", b"\x01short", b"\x02" + bytes(40)])
def test_garbage_does_not_open(alice, garbage):
    with pytest.raises(vault.Unopenable):
        vault.open_(alice, "c", garbage)


def test_a_stolen_wrapped_key_is_bound_to_its_person(alice, bob):
    sealed = vault.seal(alice, "c", b"secret")
    DataSubject.objects.filter(pk=bob.pk).update(wrapped_key=alice.wrapped_key)
    with pytest.raises(vault.Unopenable):
        vault.open_(bob, "c", sealed)


def test_erasure_is_final(alice, now):
    sealed = vault.seal(alice, "c", b"secret")
    stale = DataSubject.objects.get(pk=alice.pk)
    vault.erase(alice, now=now)
    assert alice.wrapped_key is None
    assert alice.erased_at == now
    with pytest.raises(vault.Erased):
        vault.open_(alice, "c", sealed)
    with pytest.raises(vault.Erased):
        vault.open_(stale, "c", sealed)
    with pytest.raises(vault.Erased):
        vault.seal(alice.pk, "c", b"again")
    vault.erase(alice, now=now.replace(year=2030))
    assert alice.erased_at == now


def test_the_database_keeps_an_erased_person_erased(alice, now):
    key_id, wrapped = alice.key_id, bytes(alice.wrapped_key)
    vault.erase(alice, now=now)
    for change in ({"erased_at": None, "wrapped_key": wrapped, "key_id": key_id}, {"erased_at": now.replace(year=2030)}):
        with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
            DataSubject.objects.filter(pk=alice.pk).update(**change)
    with pytest.raises(Exception, match=r"Cannot (update or )?delete"), transaction.atomic():
        DataSubject.objects.filter(pk=alice.pk).delete()


def test_a_living_person_has_a_key(alice):
    with pytest.raises(IntegrityError), transaction.atomic():
        DataSubject.objects.filter(pk=alice.pk).update(wrapped_key=None)


def test_rotation_moves_every_key_and_opens_everything(alice, bob, now, capsys):
    old = fresh_key("old")
    with override_settings(VAULT_KEYS=old):
        people = [subjects.create("person", now=now) for _ in range(3)]
        sealed = [vault.seal(person, "c", person.pseudonym.encode()) for person in people]
    new = fresh_key("new")
    from django.conf import settings

    with override_settings(VAULT_KEYS=f"{new},{old},{settings.VAULT_KEYS}"):
        call_command("vault_rotate")
        assert "5" in capsys.readouterr().out
        assert set(DataSubject.objects.values_list("key_id", flat=True)) == {"new"}
        assert vault.rewrap_all() == 0
    with override_settings(VAULT_KEYS=new):
        assert [vault.open_(person.pk, "c", each).decode() for person, each in zip(people, sealed, strict=True)] == [person.pseudonym for person in people]
    with override_settings(VAULT_KEYS=old), pytest.raises(vault.Unopenable):
        vault.open_(people[0], "c", sealed[0])


def test_rotation_does_not_bring_an_erased_person_back(alice, now, settings):
    row = (alice.pk, alice.key_id, bytes(alice.wrapped_key))
    vault.erase(alice, now=now)
    settings.VAULT_KEYS = f"{fresh_key('new')},{settings.VAULT_KEYS}"
    assert vault._rewrap(*row) == 0
    assert vault.rewrap_all() == 0


def test_blind_index_finds_equals_and_nothing_else(settings):
    index = vault.blind_index("id_number", "11010519491231002X")
    assert index == vault.blind_index("id_number", " 11010519491231002x ")  # full width, case, spaces
    assert index == vault.blind_index("id_number", "１１０１０５19491231002X")
    assert index != vault.blind_index("phone", "11010519491231002X")
    assert index != vault.blind_index("id_number", "110105194912310021")
    settings.BLIND_INDEX_KEY = base64.b64encode(secrets.token_bytes(32)).decode()
    assert index != vault.blind_index("id_number", "11010519491231002X")


def test_pseudonyms_read_well_and_differ(db, now):
    names = {subjects.create("person", now=now).pseudonym for _ in range(50)}
    assert len(names) == 50
    assert all(len(name.split("-")) == 3 for name in names)


@pytest.mark.parametrize("bad", ["", "k1", "k1:", "k1:notbase64!", "k1:c2hvcnQ=", ":" + base64.b64encode(bytes(32)).decode()])
def test_broken_keys_fail_the_checks_without_being_shown(bad, settings):
    from privacy.checks import keys_are_usable

    settings.VAULT_KEYS = bad
    (error,) = keys_are_usable(None)
    assert error.id == "privacy.E010"
    assert bad == "" or bad not in error.msg or len(bad) < 4


# --- fields


def opened(row, *fields, actor=None):
    return reveal(row, fields or ("name", "phone", "debts"), actor=actor or Actor("system", None, "test"), purpose="application", page="test", now=row_now())


def row_now():
    from .conftest import NOW

    return NOW


def test_a_row_comes_back_through_the_door_only(write, alice):
    row = Diary.objects.get(pk=write(alice, name=CANARY, phone="", debts={"car": 120000, "与": ["a"]}).pk)
    assert isinstance(row.name, Sealed)
    assert opened(row) == {"name": CANARY, "phone": "", "debts": {"car": 120000, "与": ["a"]}}


def test_null_is_null_and_empty_is_empty(write, alice):
    row = Diary.objects.get(pk=write(alice, name="").pk)
    assert row.phone is None
    assert opened(row) == {"name": "", "phone": None, "debts": None}
    assert Diary.objects.filter(phone__isnull=True).count() == 1


def test_saving_replaces_plaintext_on_the_instance_and_again_keeps_the_bytes(write, alice):
    row = write(alice, name=CANARY)
    assert isinstance(row.name, Sealed)
    before = row.name.ciphertext
    row.save()
    assert Diary.objects.get(pk=row.pk).name.ciphertext == before
    row.name = "Alice Li"
    row.save(update_fields=["name"])
    assert opened(row, "name") == {"name": "Alice Li"}


def test_bulk_create_seals(diaries, alice, bob, django_assert_num_queries):
    owners = [Owner.objects.create(subject=person) for person in (alice, bob)]
    with django_assert_num_queries(1):
        rows = Diary.objects.bulk_create([Diary(owner=owner, name=f"{CANARY} {i}") for i, owner in enumerate(owners)])
    assert opened(rows[1], "name") == {"name": f"{CANARY} 1"}


def test_a_sealed_value_shows_nothing(write, alice):
    sealed = write(alice, name=CANARY).name
    assert repr(sealed) == "<sealed>"
    for leak in (str, json.dumps, pickle.dumps, "{}".format, lambda value: f"{value}", len, lambda value: sealed + ""):
        with pytest.raises(TypeError):
            leak(sealed)
    assert copy.deepcopy(sealed) is sealed


def test_swapping_ciphertext_between_rows_fields_or_people_fails(write, alice, bob):
    mine, other, his = write(alice, name="one", phone="1"), write(alice, name="two", phone="2"), write(bob, name="three")
    for target, column, source in ((mine, "name", other.name), (mine, "phone", mine.name), (mine, "name", his.name)):
        Diary.objects.filter(pk=target.pk).update(**{column: source})
        with pytest.raises(vault.Unopenable):
            opened(Diary.objects.get(pk=target.pk), column)


def test_roads_that_do_not_seal_are_closed(write, alice):
    row = write(alice)
    with pytest.raises(NotSealed):
        Diary.objects.update(name=CANARY)
    row.name = CANARY
    with pytest.raises(NotSealed) as failure, transaction.atomic():
        Diary.objects.bulk_update([row], ["name"])
    assert CANARY not in str(failure.value)
    with pytest.raises(NotSealed):
        Diary.objects.create(owner=row.owner, name=b"bytes")
    for lookup in ("name", "name__contains", "name__in", "name__lower"):
        with pytest.raises(FieldError):
            list(Diary.objects.filter(**{lookup: CANARY}))


def test_a_row_without_a_person_is_not_sealed(diaries):
    with pytest.raises(NoSubject):
        Diary(name=CANARY).save()


def test_no_plaintext_in_the_table(write, alice):
    write(alice, name=CANARY, phone=CANARY, debts=[CANARY])
    with connection.cursor() as cursor:
        cursor.execute("SELECT d.*::text, encode(d.name,'escape'), encode(d.phone,'escape'), encode(d.debts,'escape') FROM test_diary d")
        dump = str(cursor.fetchall())
    assert "canary" not in dump
    assert CANARY.encode().hex() not in dump


def test_erased_people_read_as_gone(write, alice, bob, now):
    gone, here = write(alice, name="one"), write(bob, name="two")
    vault.erase(alice, now=now)
    rows = list(Diary.objects.select_related("owner").order_by("pk"))
    assert opened(rows, "name") == {gone.pk: None, here.pk: {"name": "two"}}
    with pytest.raises(vault.Erased):
        opened(rows[0], "name")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"purpose": ""}, "privacy.E001"),
        ({"kind": "gossip"}, "privacy.E001"),
        ({"retention": ""}, "privacy.E001"),
        ({"subject": ""}, "privacy.E002"),
        ({"subject": "nobody__subject"}, "privacy.E002"),
        ({"max_length": 20}, "privacy.E004"),
    ],
)
def test_an_untagged_field_fails_the_checks(wrong, code):
    tags = {"subject": "owner__subject", "purpose": "application", "kind": "name", "retention": "loan_file"}
    field = EncryptedTextField(**(tags | wrong))
    field.set_attributes_from_name("name")
    field.model = Diary
    assert [error.id for error in field.check()] == [code]


def test_a_field_on_a_model_without_a_row_id_fails_the_checks():
    field = EncryptedTextField(subject="subject", purpose="application", kind="name", retention="loan_file")
    field.set_attributes_from_name("name")
    field.model = Owner
    assert [error.id for error in field.check()] == ["privacy.E003"]


def test_a_well_tagged_field_passes():
    assert [error for field in Diary._meta.fields if isinstance(field, EncryptedField) for error in field.check()] == []
