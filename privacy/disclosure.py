"""The one door through which personal data is read. The access log is written first: no log, no data.

`reveal` opens encrypted fields for somebody with a purpose; `note` logs a look at data that is personal but not encrypted (or a disclosed record made of
such); `who_looked` is the same log as the person concerned reads it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.refusals import Conflict

from . import kinds, purposes, reasons, vault
from .fields import EncryptedField, Sealed, encrypted_fields
from .models import AccessLog, DataSubject

ACTOR_KINDS = ("user", "system", "contact")
# Roles in the reader's words; one that is not here reads as its code.
ROLES = {
    "investor": pgettext_lazy("role", "investor"),
    "pledger": pgettext_lazy("role", "pledger"),
    "holder": pgettext_lazy("role", "holder"),
    "claimant": pgettext_lazy("role", "claimant"),
    "borrower": pgettext_lazy("role", "borrower"),
    "co_borrower": pgettext_lazy("role", "co-borrower"),
    "staff": pgettext_lazy("role", "staff"),
    "moderator": pgettext_lazy("role", "reviewer"),
    "reviewer": pgettext_lazy("role", "reviewer"),
    "approver": pgettext_lazy("role", "approver"),
    "support": pgettext_lazy("role", "support"),
    "servicer": pgettext_lazy("role", "who looks after loans"),
    "guarantor": pgettext_lazy("role", "guarantor"),
    "contact": pgettext_lazy("role", "somebody you named"),
    "self": pgettext_lazy("role", "yourself"),
    # Our software, by the part of it that looked.
    "circle": _("the page of people around a loan"),
    "circle.reader": _("the page of somebody who was named"),
    "outreach": _("sending of messages"),
    "sandbox_phone": _("the sandbox’s telephone"),
    "recompute": _("a check that computes a decision again"),
}


# A name shown to whom its owner sent a link: were each showing told, the owner would learn that the link was read and nothing came of it.
UNTOLD = ("circle.reader",)


class UnableToReveal(Exception):
    """The look is refused before anything is opened: nobody looks, no purpose, or the data is under a legal hold."""

    code = "unable_to_reveal"


class Restricted(UnableToReveal, Conflict):
    """The person's data is locked (restriction.py): kept, and used for nothing."""

    code = "restricted"
    message = _("This data is locked for now: it is kept, and used for nothing else. The person concerned reads why on their privacy page.")

    def __init__(self) -> None:
        super().__init__("this person's data is restricted to a legal hold")


@dataclass(frozen=True)
class Actor:
    """Who looks: a person (by their data subject) in a role, or the installation itself (`system`, the role names the engine). `why`: what staff said."""

    kind: str
    subject_id: UUID | None
    role: str
    why: str = ""

    def __post_init__(self) -> None:
        if self.why and self.why not in reasons.REASONS:
            raise UnableToReveal("a reason is one of privacy.reasons")
        if self.kind not in ACTOR_KINDS or not self.role or (self.kind != "system" and self.subject_id is None):
            raise UnableToReveal("an actor has a kind, a role and (unless the installation itself) a person")


@dataclass(frozen=True)
class Look:
    """One line of "who looked at me": the viewer's pseudonym (empty for software), role, moment, kinds, purpose and page."""

    viewer: str
    actor_kind: str
    role: str
    at: datetime
    kinds: tuple[str, ...]
    purpose: str
    page: str
    reference: str
    why: str = ""

    @property
    def why_label(self) -> str:
        return reasons.label(self.why)

    @property
    def kind_labels(self) -> list[str]:
        return [kinds.label(code) for code in self.kinds]

    @property
    def role_label(self) -> str:
        return str(ROLES.get(self.role, self.role))

    @property
    def purpose_label(self) -> str:
        return purposes.label(self.purpose)


def reveal(rows: Any, fields: Sequence[str], *, actor: Actor, purpose: str, page: str, now: datetime, reference: str = "") -> dict:
    """Plaintext of the named encrypted fields of one row: {field: value}; a list or queryset goes to `reveal_many`.

    Raises UnableToReveal, vault.Erased, vault.Unopenable. A database that refuses the log entry refuses the data: its error passes through.
    """
    if not isinstance(rows, models.Model):
        return reveal_many(rows, fields, actor=actor, purpose=purpose, page=page, now=now, reference=reference)
    opened = reveal_many([rows], fields, actor=actor, purpose=purpose, page=page, now=now, reference=reference)
    if opened[rows.pk] is None:
        raise vault.Erased
    return opened[rows.pk]


def reveal_many(rows: Iterable[Any], fields: Sequence[str], *, actor: Actor, purpose: str, page: str, now: datetime, reference: str = "") -> dict:
    """{row pk: {field: value}} for many rows of one model; None in place of a row whose person is erased.

    One log entry per person (one insert), one query for the keys, whatever the number of rows.
    """
    rows = list(rows)
    if not rows:
        return {}
    opened_fields = _encrypted(type(rows[0]), fields)
    owners = {row.pk: _owner_id(opened_fields[0], row) for row in rows}
    with transaction.atomic():
        _log(set(owners.values()), actor=actor, what=_what(opened_fields), purpose=purpose, page=page, now=now, reference=reference)
        _refuse_restricted(set(owners.values()), actor=actor, purpose=purpose)
        keys = vault.data_keys(set(owners.values()))
        return {row.pk: _open_row(row, opened_fields, owners[row.pk], keys) for row in rows}


def note(subject_ids: Iterable[UUID], *, kinds_seen: Sequence[str], actor: Actor, purpose: str, page: str, now: datetime, reference: str = "") -> None:
    """Log a look at personal data that needs no key (bands, states, a disclosed record), before it is shown. One insert. Raises Restricted."""
    with transaction.atomic():
        _refuse_restricted(set(subject_ids := list(subject_ids)), actor=actor, purpose=purpose)
        _log(set(subject_ids), actor=actor, what=[(code, code) for code in kinds_seen], purpose=purpose, page=page, now=now, reference=reference)


def who_looked(subject: DataSubject, *, limit: int = 50) -> list[Look]:
    """Looks at this person by others, newest first; their own are not among them, nor those that would tell what somebody else did (`UNTOLD`)."""
    entries = AccessLog.objects.filter(subject=subject).exclude(actor=F("subject")).exclude(role__in=UNTOLD).select_related("actor").order_by("-id")
    return [_as_look(entry) for entry in entries[:limit]]


def _as_look(entry: AccessLog) -> Look:
    return Look(
        viewer=entry.actor.pseudonym if entry.actor else "",
        actor_kind=entry.actor_kind,
        role=entry.role,
        at=entry.at,
        kinds=tuple(entry.kinds),
        purpose=entry.purpose,
        page=entry.page,
        reference=entry.reference,
        why=entry.why or "",
    )


def _encrypted(model: type[models.Model], names: Sequence[str]) -> list[EncryptedField]:
    known = encrypted_fields(model)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UnableToReveal(f"{model._meta.label}: not encrypted fields: {', '.join(unknown) or 'none named'}")
    if len({known[name].subject_path for name in names}) > 1:
        raise UnableToReveal(f"{model._meta.label}: these fields belong to different persons; open them one person at a time")
    return [known[name] for name in names]


def _what(fields: Sequence[EncryptedField]) -> list[tuple[str, str]]:
    return [(f"{field.model._meta.label_lower}.{field.name}", field.kind) for field in fields]


def _owner_id(field: EncryptedField, row: models.Model) -> UUID:
    subject = field.subject_of(row)
    return subject.pk if isinstance(subject, DataSubject) else subject


def _log(subject_ids: set[UUID], *, actor: Actor, what: Sequence[tuple[str, str]], purpose: str, page: str, now: datetime, reference: str) -> None:
    if not page or purpose not in purposes.PURPOSES:
        raise UnableToReveal("a look needs a known purpose and a page")
    names, seen = [name for name, _kind in what], sorted({kind for _name, kind in what})
    AccessLog.objects.bulk_create(
        AccessLog(
            actor_id=actor.subject_id,
            actor_kind=actor.kind,
            role=actor.role,
            subject_id=subject_id,
            fields=names,
            kinds=seen,
            purpose=purpose,
            page=page,
            at=now,
            reference=reference,
            why=actor.why or None,
        )
        for subject_id in sorted(subject_ids)
    )


def _refuse_restricted(subject_ids: set[UUID], *, actor: Actor, purpose: str) -> None:
    """Locked data opens to the person, for their rights, to pay them their own money, and for a legal hold; else to nobody."""
    if purpose in ("legal_hold", "rights") or (purpose == "wallet" and actor.kind == "system"):
        return
    if DataSubject.objects.filter(pk__in=subject_ids - {actor.subject_id}, restricted_at__isnull=False).exists():
        raise Restricted


def _open_row(row: models.Model, fields: Sequence[EncryptedField], owner: UUID, keys: dict[UUID, bytes]) -> dict | None:
    if owner not in keys:
        return None
    return {field.name: _open_value(getattr(row, field.attname), field, row, owner, keys[owner]) for field in fields}


def _open_value(value: Any, field: EncryptedField, row: models.Model, owner: UUID, key: bytes) -> Any:
    if not isinstance(value, Sealed):
        return value  # null, or assigned in this process and not saved yet
    return field.decode(vault.open_with(key, owner, field.context(row), value.ciphertext))
