"""Every canary there is, read out of the sealed rows themselves, and the forms in which one may turn up."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID

import numpy as np
from django.apps import apps
from django.db import models

from accounts.models import User
from core.money import format_amount
from privacy import vault
from privacy.fields import EncryptedField, EncryptedTextField, Sealed, encrypted_fields
from privacy.models import Contact, ContactLink

# Fields whose values are codes or small numbers: they cannot be anybody's own; what is shown of them the table's own tests say.
CODES = {
    f"loans.borrowerfile.{name}"
    for name in ("occupation", "industry", "region", "housing", "months_at_work", "repayment_source", "overdue_count_6m")
}  # fmt: skip
# Sealed as JSON: made of the fields above, of figures of the sandbox's bureau and bank, of references, and of amounts that both sides of a payment know.
COMPOSED = {
    "credit.inquiry.bank_report",
    "credit.inquiry.bureau_report",
    "credit.shadowscore.output",
    "credit.decision.facts",
    "credit.decision.output",
    "notifications.message.params",
    "privacy.contactdecision.asked",
    "privacy.outboundmessage.params",
    "privacy.outboundmessage.answer",
    "privacy.numbercheck.draft",
    "marketplace.suitabilitycheck.answers",
    "marketplace.listing.story",
}
PHONES = ("phone", "contact_number")
SHORTEST, SHORTEST_NUMBER = 4, 7


@dataclass(frozen=True)
class Canary:
    """One value: whose it is (more than one person may have given the same), and every field it stands in."""

    text: str
    kind: str
    labels: frozenset[str]  # app.model.field
    owners: frozenset[UUID]

    def forms(self) -> set[str]:
        """How it may be written: as it is, escaped for JSON or an address, as an amount, a telephone number in its usual spellings."""
        found = {self.text, json.dumps(self.text)[1:-1], quote(self.text), quote(self.text, safe="")}
        digits = self.text.removeprefix("+86") if self.kind in PHONES else self.text
        if self.kind in PHONES and digits.isdecimal():
            found |= {digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}", f"{digits[:3]}****{digits[7:]}"}
        elif self.kind in ("income", "debts") and digits.isdecimal():
            found |= {format_amount(int(digits), "CNY").lstrip("¥￥"), f"{int(digits) / 100:.2f}", f"{int(digits) // 100:,}"}
        return {form for form in found if len(form) >= (SHORTEST_NUMBER if form[0].isdigit() else SHORTEST) or not form.isascii()}


def collect() -> list[Canary]:
    """The canaries of everybody: what is sealed, the sign-in addresses, and all that a contact is known by."""
    labels: dict[str, set[str]] = {}
    owners: dict[str, set[UUID]] = {}
    kinds: dict[str, str] = {}
    for label, kind, owner, text in [*_sealed(), *_plain(), *_of_contacts()]:
        labels.setdefault(text, set()).add(label)
        owners.setdefault(text, set()).add(owner)
        kinds[text] = kind
    return [Canary(text, kinds[text], frozenset(found), frozenset(owners[text])) for text, found in labels.items()]


Told = Iterator[tuple[str, str, UUID, str]]  # label, kind, owner, text


def models_with_texts() -> Iterator[tuple[type[models.Model], list[EncryptedTextField]]]:
    for model in apps.get_models():
        fields = [field for field in encrypted_fields(model).values() if isinstance(field, EncryptedTextField)]
        if fields:
            yield model, fields


def _sealed() -> Told:
    for model, fields in models_with_texts():
        for row in model._base_manager.all():
            for field in fields:
                text = opened(row, field)
                if text and tells(label_of(field), text):
                    yield label_of(field), field.kind, _owner(row, field), text


def opened(row: models.Model, field: EncryptedField) -> Any:
    """The plaintext, past the door: with the test's own keys, unlogged."""
    sealed = getattr(row, field.attname)
    if not isinstance(sealed, Sealed):
        return sealed or None  # nothing, or words that read as they are (privacy.shown)
    owner = _owner(row, field)
    key = vault.data_keys([owner]).get(owner)
    return None if key is None else field.decode(vault.open_with(key, owner, field.context(row), sealed.ciphertext))


def _owner(row: models.Model, field: EncryptedField) -> UUID:
    subject = field.subject_of(row)
    return subject if isinstance(subject, UUID) else subject.pk


def label_of(field: models.Field[Any, Any]) -> str:
    return f"{field.model._meta.label_lower}.{field.name}"


def tells(label: str, text: str) -> bool:
    """Whether it could be told from anything else on a page."""
    if label in CODES or re.fullmatch(r"[A-Z]{2}-[0-9A-Z]{8}", text):
        return False
    return len(text) >= SHORTEST or (not text.isascii() and len(text) > 1)


def _plain() -> Told:
    for user in User.objects.all():
        yield "accounts.user.email", "email", user.subject_id, user.email


def _of_contacts() -> Told:
    """Not only name and number: reference, code of the number, ciphertext, pseudonym."""
    for contact in Contact.objects.all():
        for text in (contact.reference, contact.subject.pseudonym):
            yield "known-as:contact", "contact_name", contact.subject_id, text
        raw = [bytes(contact.number_index or b""), *(getattr(contact, name).ciphertext for name in encrypted_fields(Contact) if getattr(contact, name))]
        for text in (form for each in raw if each for form in (each.hex(), base64.b64encode(each).decode())):
            yield "privacy.contact", "contact_name", contact.subject_id, text
    for link in ContactLink.objects.all():
        yield "known-as:link", "contact_name", link.matter.subject_id, link.reference


def expected() -> set[str]:
    """Every sealed text field except codes: each must be somebody's canary."""
    return {label_of(field) for _model, fields in models_with_texts() for field in fields} - CODES


def composed() -> set[str]:
    """Every sealed field that is not a text."""
    fields = [field for model in apps.get_models() for field in encrypted_fields(model).values()]
    return {label_of(field) for field in fields if not isinstance(field, EncryptedTextField)}


class Net:
    """Finds canaries in whatever is handed over. Forms hang by their last characters, so that a page is asked only for those whose ends stand in it."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.ends: dict[int, list[tuple[str, Canary]]] = {}
        self.short: list[tuple[str, Canary]] = []
        for canary in canaries:
            for form in canary.forms():
                hung = self.short if len(form) < SHORTEST else self.ends.setdefault(int(_ends(form)[-1]), [])
                hung.append((form, canary))
        self.known = np.fromiter(self.ends, dtype=np.uint64)

    def catch(self, text: str) -> list[Canary]:
        found = {canary for each in {text, unescape(text)} for form, canary in self._near(each) if form in each and _by_itself(form, each)}
        return sorted(found, key=lambda canary: canary.text)

    def _near(self, text: str) -> list[tuple[str, Canary]]:
        ends = _ends(text)
        return [*self.short, *(pair for end in set(ends[np.isin(ends, self.known)].tolist()) for pair in self.ends[end])]


def _ends(text: str) -> np.ndarray:
    """A number for every four characters that stand together."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    parts = [
        points[at : len(points) - SHORTEST + 1 + at] * np.uint64(factor)
        for at, factor in enumerate((1, 2_097_169, 4_398_046_511_119, 9_223_372_036_854_775_783))
    ]
    return sum(parts[1:], parts[0]) if len(points) >= SHORTEST else points[:0]


def _by_itself(form: str, text: str) -> bool:
    """A number counts where it is not a part of a longer one."""
    return not form[0].isdigit() or re.search(rf"(?<![\w.]){re.escape(form)}(?!\w)", text) is not None


def text_of(answer: Any) -> str:
    """All that went out: headers, cookies, body; a PDF as its words and its description."""
    cookies = "\n".join([answer.cookies.output(), *(morsel.value for morsel in answer.cookies.values())])
    head = "\n".join(f"{name}: {value}" for name, value in answer.items()) + "\n" + cookies
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{head}\n{words_of_pdf(body) if body.startswith(b'%PDF') else body.decode(errors='replace')}"


def words_of_pdf(content: bytes) -> str:
    """Also without the spaces that setting a page puts between characters."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content))
    words = f"{reader.metadata} " + "\n".join(page.extract_text() for page in reader.pages)
    return f"{words}\n{''.join(words.split())}"
