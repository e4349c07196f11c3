"""After an erasure nothing opens what was sealed: not the database, not yesterday's backup of it, not with every key still held."""

import shutil
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from core import outbox
from privacy import keystore, rights, vault
from privacy.models import DataSubject


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.KEY_ROOT = tmp_path / "keys"
    return settings.KEY_ROOT


@pytest.fixture
def backup(alice, write):
    """Yesterday's backup: Alice's row and what was sealed for her, as they lay in the tables."""
    diary = write(alice, name="Alice Zhang")
    row = DataSubject.objects.filter(pk=alice.pk).values("id", "wrapped_key", "key_id").get()
    sealed = type(diary).objects.get(pk=diary.pk).name.ciphertext
    return row | {"sealed": bytes(sealed), "context": f"privacy.diary.name:{diary.row_id}"}


def thief(backup):
    """Somebody with the backup, every master key and all that is in the key folder tries each combination."""
    halves = [path.read_bytes() for path in settings.KEY_ROOT.rglob("*") if path.is_file()]
    wrapped = bytes(backup["wrapped_key"])
    for master in vault.master_keys().values():
        for wrapping in [master, *(vault._wrapping_key(master, half) for half in halves)]:
            try:
                key = AESGCM(wrapping).decrypt(wrapped[: vault.NONCE], wrapped[vault.NONCE :], vault._key_aad(backup["id"]))
                return vault.open_with(key, backup["id"], backup["context"], backup["sealed"]).decode()
            except (InvalidTag, vault.Unopenable):
                continue
    return None


def test_a_backup_opens_while_the_person_is_there_and_never_after(alice, backup, now):
    assert thief(backup) == "Alice Zhang"
    rights.erase(alice, now=now)
    outbox.drain(now=now)
    assert thief(backup) is None
    assert list(keystore.destroyed()) == [alice.pk]


def test_the_half_stays_until_the_erasure_is_committed(alice, backup, now):
    keystore_before = keystore.read(alice.pk)
    vault.destroy_half(job=outbox.JobContext(id=1, key="k", payload={"subject": str(alice.pk)}, attempts=1, now=now))
    assert keystore.read(alice.pk) == keystore_before


def test_a_restored_backup_is_erased_again(alice, bob, backup, now, monkeypatch):
    """The database goes back to yesterday; the folder of halves does not."""
    keystore.destroy(alice.pk)
    with pytest.raises(vault.Unopenable):
        vault.seal(alice, "c", b"again")
    assert rights.replay_erasures(now=now) == 1
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert alice.erased_at == now
    assert bob.erased_at is None
    assert rights.replay_erasures(now=now) == 0


def test_nobody_erased_gets_a_half_again(folder):
    person = uuid4()
    assert keystore.make(person) == keystore.make(person)
    keystore.destroy(person)
    keystore.destroy(person)
    with pytest.raises(keystore.NoHalf):
        keystore.make(person)


def test_halves_are_readable_by_the_server_alone(alice, folder):
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_another_installations_folder_opens_nothing(alice, folder):
    sealed = vault.seal(alice, "c", b"secret")
    shutil.rmtree(folder)
    with pytest.raises(vault.Unopenable):
        vault.open_(alice, "c", sealed)
