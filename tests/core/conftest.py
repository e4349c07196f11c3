"""What the foundation's tests share: a keyring of their own, a folder for files, and a kite that flies by a transition table."""

import os
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from core import storage

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class TestKeyring:
    """One AES-GCM key for everyone; the subject is part of what is bound."""

    __test__ = False

    def __init__(self):
        self.cipher = AESGCM(AESGCM.generate_key(128))

    def seal(self, subject_id, context, plaintext):
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, plaintext, f"{subject_id}|{context}".encode())

    def open(self, subject_id, context, sealed):
        return self.cipher.decrypt(sealed[:12], sealed[12:], f"{subject_id}|{context}".encode())


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def keyring():
    before = storage._keyring
    ring = TestKeyring()
    storage.set_keyring(ring)
    yield ring
    storage.set_keyring(before)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def kites(db):
    """The kite table with its triggers; the test's transaction takes it away again."""
    from .kite import TRIGGERS, Kite, KiteStateEvent

    with connection.schema_editor() as editor:
        editor.create_model(Kite)
        editor.create_model(KiteStateEvent)
    for model, trigger in TRIGGERS:
        trigger.install(model)
    return Kite.objects
