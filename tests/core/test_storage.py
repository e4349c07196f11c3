import uuid

import pytest
from cryptography.exceptions import InvalidTag
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from core import storage
from core.storage import NoKeyring, NotAStoredFile, delete_document, open_document, save_document, set_keyring

ALICE, BOB = uuid.uuid4(), uuid.uuid4()
SECRET = "Alice earns 8,000 a month 月薪八千".encode()


@pytest.fixture
def stored(keyring, media):
    return save_document(subject_id=ALICE, context="upload:income", content=SECRET, name="Alice Zhang salary.pdf")


def files(media):
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_document_comes_back_as_it_was(stored):
    assert open_document(subject_id=ALICE, context="upload:income", path=stored) == SECRET


def test_nothing_readable_is_on_the_disk_not_even_the_name(stored, media):
    (file,) = files(media)
    assert b"Alice" not in file.read_bytes()
    assert "salary" not in str(file.relative_to(media))
    assert file.stat().st_mode & 0o077 == 0


def test_a_document_opens_only_for_its_subject_and_its_purpose(stored):
    with pytest.raises(InvalidTag):
        open_document(subject_id=BOB, context="upload:income", path=stored)
    with pytest.raises(InvalidTag):
        open_document(subject_id=ALICE, context="upload:id", path=stored)


def test_files_cannot_be_swapped_or_changed(stored, media):
    other = save_document(subject_id=ALICE, context="upload:income", content=b"other")
    (media / stored).write_bytes((media / other).read_bytes())
    with pytest.raises(InvalidTag):
        open_document(subject_id=ALICE, context="upload:income", path=stored)
    changed = bytearray((media / other).read_bytes())
    changed[-1] ^= 1
    (media / other).write_bytes(changed)
    with pytest.raises(InvalidTag):
        open_document(subject_id=ALICE, context="upload:income", path=other)


def test_without_a_keyring_nothing_is_written(keyring, media):
    set_keyring(None)
    with pytest.raises(NoKeyring):
        save_document(subject_id=ALICE, context="x", content=SECRET)
    assert not media.exists() or files(media) == []


def test_a_write_that_fails_leaves_no_document(keyring, media, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OSError):
        save_document(subject_id=ALICE, context="x", content=SECRET)
    assert files(media) == []


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "ab/" + "g" * 32, "", "ab/" + "0" * 32 + "/.."])
def test_only_our_own_paths_are_opened(path, keyring, media):
    with pytest.raises(NotAStoredFile):
        open_document(subject_id=ALICE, context="x", path=path)


def test_a_deleted_document_is_gone_and_deleting_again_is_no_error(stored, media):
    delete_document(path=stored)
    delete_document(path=stored)
    assert files(media) == []
    with pytest.raises(FileNotFoundError):
        open_document(subject_id=ALICE, context="upload:income", path=stored)


def test_file_fields_use_it_too(keyring, media):
    default = storages["default"]
    name = default.save("Alice Zhang.pdf", ContentFile(SECRET))
    assert default.open(name).read() == SECRET
    assert default.size(name) == len(SECRET)
    assert default.exists(name)
    assert not default.exists("../" + name)
    with pytest.raises(ValueError):
        default.url(name)
    default.delete(name)
    assert not default.exists(name)
