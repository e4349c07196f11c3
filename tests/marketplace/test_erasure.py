"""A borrower's whole going, years after a loan was repaid: nothing of theirs opens again, neither here nor in a copy of yesterday, and the books balance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile

from core import business_day, outbox
from ledger.checks import check_books
from loans import application as applications
from loans.models import Application
from marketplace.models import Listing, SearchKey
from privacy import rights, shown, tokens, vault
from privacy.models import DataSubject
from tests import stories
from tests.cast import alice, bob
from tests.config.canary import marks
from tests.config.canary.crawl import DECLARED, is_code
from tests.config.canary.marks import Net
from tests.marketplace.test_personal_data import PNG, empty_wallet, funded, settle, start
from tests.privacy.test_dump import dump

pytestmark = pytest.mark.django_db
__all__ = ["start"]


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> Path:
    """A folder of halves that is this test's own."""
    settings.KEY_ROOT = tmp_path / "keys"
    return Path(settings.KEY_ROOT)


class Backup:
    """Yesterday's copy: every row as text, every sealed value of one person with all that was ever needed to open it, and their stored files."""

    def __init__(self, person: DataSubject) -> None:
        row = DataSubject.objects.values("id", "wrapped_key").get(pk=person.pk)
        self.person, self.wrapped = row["id"], bytes(row["wrapped_key"])
        self.rows = list(dump())
        self.sealed = list(self._values())
        self.files = [path.read_bytes() for path in Path(configured.MEDIA_ROOT).rglob("*") if path.is_file()]

    def _values(self) -> Iterator[tuple[str, str, bytes]]:
        for model, fields in marks.models_with_texts():
            for row in model._base_manager.all():
                for field in fields:
                    value = row.__dict__[field.attname]
                    if value is not None and marks._owner(row, field) == self.person:
                        yield marks.label_of(field), field.context(row), value.ciphertext

    def opened(self) -> dict[str, str]:
        """What a thief reads who has this copy, every master key, and the whole folder of halves as it is now."""
        halves = [path.read_bytes() for path in Path(configured.KEY_ROOT).rglob("*") if path.is_file()]
        found: dict[str, str] = {}
        for master in vault.master_keys().values():
            for wrapping in [master, *(vault._wrapping_key(master, half) for half in halves)]:
                found |= self._with(wrapping)
            for half in halves:
                found |= self._shown(shown._key(master, half))
        return found

    def _with(self, wrapping: bytes) -> dict[str, str]:
        try:
            key = AESGCM(wrapping).decrypt(self.wrapped[: vault.NONCE], self.wrapped[vault.NONCE :], vault._key_aad(self.person))
        except InvalidTag:
            return {}
        own = [row for row in self.sealed if row[2][:1] == vault.FORMAT]
        return {f"{label} {context}": vault.open_with(key, self.person, context, sealed).decode() for label, context, sealed in own}

    def _shown(self, key: AESGCM) -> dict[str, str]:
        """The words of projects, which have no key in the database."""
        found = {}
        for label, context, sealed in self.sealed:
            with suppress(InvalidTag, vault.Unopenable):
                _master, person, body = shown._parts(sealed)
                found[f"{label} {context}"] = key.decrypt(body[: vault.NONCE], body[vault.NONCE :], shown._place(person, context)).decode()
        return found


def of(person: UUID) -> list[marks.Canary]:
    """What can be told from anything else among all that one person ever told us."""
    return [canary for canary in marks.collect() if person in canary.owners and not is_code(canary)]


def test_invariant_16_after_erasure_nothing_of_a_person_comes_back(keys: Path, start: datetime, django_capture_on_commit_callbacks: Any) -> None:
    """Alice borrowed, was funded and repaid all of it, left a draft with a document; five years are over. A copy is made, then she asks to be erased."""
    loan = funded(start)
    settle(loan, now=start)
    empty_wallet(alice(), now=start)
    draft = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    applications.add_document(draft, kind="income", upload=SimpleUploadedFile("payslip-of-lin-yue.png", PNG, "image/png"), now=start)
    later = start + timedelta(days=5 * 365 + 1)
    business_day.advance(to=later.date(), now=later)
    person = alice().user.subject
    copy, told, searched = Backup(person), of(person.pk), SearchKey.objects.get(ended_at=None)
    _opens_and_says_only_what_is_declared(copy, told)
    with django_capture_on_commit_callbacks(execute=True):
        rights.erase(person, now=later)
    outbox.drain(now=later)
    assert copy.opened() == {}, "the copy, every master key and every half there is"
    net = Net(told)
    assert not [(found, row[:60]) for row in dump() for found in net.catch(row)], "nor does anything stand in the clear, her sign-in address included"
    assert not [path for path in Path(configured.MEDIA_ROOT).rglob("*") if path.is_file() and net.catch(path.read_bytes().decode(errors="replace"))]
    emptied = Application.objects.filter(file__subject=person)
    assert {(row.title, row.summary, item.label) for row in emptied for item in row.funds.all()} == {("—", "—", "—")}
    assert Listing.objects.get(loan=loan).title == "—"
    with pytest.raises(vault.Unopenable):
        tokens.numbers(["oven"], key=searched.pk, key_id=searched.key_id)
    assert check_books().is_clean
    assert DataSubject.objects.get(pk=bob().user.subject_id).erased_at is None


def _opens_and_says_only_what_is_declared(copy: Backup, told: list[marks.Canary]) -> None:
    """While she is there the copy opens with the keys. In the clear it holds the address she signs in with."""
    before = copy.opened()
    assert len(before) > 20
    assert {canary.text for canary in told if not canary.labels & DECLARED} <= set(before.values())
    assert {label for row in copy.rows for canary in Net(told).catch(row) for label in canary.labels} <= DECLARED
    assert not [found for content in copy.files for found in Net(told).catch(content.decode(errors="replace"))]
