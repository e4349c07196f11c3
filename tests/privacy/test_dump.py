"""A dump of the whole database tells nobody who is in it. The sign-in e-mail is the one declared exception."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from accounts.models import IdentityCheck
from core import storage
from privacy import vault
from tests import cast


def dump():
    """Every row of every table as text, bytes shown both as hex and as they are."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            yield from (row[0] for row in cursor.fetchall())


def test_no_row_of_any_table_names_a_person(db, now):
    member = cast.alice()
    check = IdentityCheck.objects.get(party=member.party)
    opened = vault.open_sealed(check, ["legal_name", "number"], engine="test", purpose="identity", now=now)
    rows = list(dump())
    assert len(rows) > 50
    for value in opened.values():
        assert value
        for written in (value, value.encode().hex(), value.encode("unicode_escape").decode()):
            assert not [row for row in rows if written in row]


def test_files_of_the_installation_itself_are_sealed_and_survive_rotation(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    name = default_storage.save("x", ContentFile(b"plain words"))
    path = storage.save_document(subject_id=None, context="upload", content=b"plain words")
    assert all(b"plain" not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    settings.VAULT_KEYS = "new:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=," + settings.VAULT_KEYS
    assert vault.rewrap_all() >= 1
    settings.VAULT_KEYS = settings.VAULT_KEYS.split(",")[0]
    assert default_storage.open(name).read() == b"plain words"
    assert storage.open_document(subject_id=None, context="upload", path=path) == b"plain words"
    with pytest.raises(vault.Unopenable):
        storage.open_document(subject_id=None, context="other", path=path)


def test_a_persons_document_goes_with_the_person(alice, now, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    path = storage.save_document(subject_id=alice.pk, context="upload", content=b"payslip")
    vault.erase(alice, now=now)
    with pytest.raises(vault.Erased):
        storage.open_document(subject_id=alice.pk, context="upload", path=path)
