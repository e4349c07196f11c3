"""The restricted state: a person's data is kept and secured, and used for nothing else (PIPL 47, GDPR 18).

Two grounds keep it from everybody: a legal hold, which also stops every retention rule and any erasure, and an erasure that was asked for while a law
still keeps the records; that one is carried out by the nightly job as soon as nothing holds it back. A third, that its correctness is disputed, lasts
until somebody lifts it. While locked: only the person and whoever serves a legal hold read it, no grant opens it, nobody is contacted about it, no
consent counts, nothing new is begun. Whoever owes or holds money keeps paying and being paid: a lock on data is none on money.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import sweeps

from . import rights
from .disclosure import Restricted
from .models import DataSubject, Restriction

LEGAL_HOLD, KEPT_BY_LAW = Restriction.Ground.LEGAL_HOLD, Restriction.Ground.KEPT_BY_LAW


class UnableToRestrict(Exception):
    """Nothing was locked or lifted; `message` is for staff."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@transaction.atomic
def restrict(*, subject: DataSubject, ground: str, why: str, by: DataSubject | None, now: datetime) -> Restriction:
    """Lock a person's data from this commit on; the same ground again is the lock that stands. `by` is None for the rights desk's own doing.

    Raises UnableToRestrict: nobody is there any more, no reason, or it is one's own.
    """
    locked = DataSubject.objects.select_for_update().get(pk=subject.pk)
    if locked.erased_at is not None or locked.kind == DataSubject.Kind.SYSTEM:
        raise UnableToRestrict("erased", _("There is nothing left of this person that could be locked."))
    _by_somebody_else(locked, why, by)
    standing = Restriction.objects.filter(subject=locked, ground=ground, lifted_at=None).first()
    if standing is not None:
        return standing
    made = Restriction.objects.create(subject=locked, ground=ground, why=why.strip(), set_by=by, set_at=now)
    _keep_step(locked)
    subject.refresh_from_db(fields=["restricted_at"])
    return made


@transaction.atomic
def lift(restriction: Restriction, *, why: str, by: DataSubject, now: datetime) -> None:
    """End one lock; the person's data opens when it was the last. Safe to repeat. Raises UnableToRestrict without a reason, or for one's own."""
    locked = DataSubject.objects.select_for_update().get(pk=restriction.subject_id)
    _by_somebody_else(locked, why, by)
    row = Restriction.objects.get(pk=restriction.pk)
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by, row.lifted_why = now, by, why.strip()
        row.save(update_fields=["lifted_at", "lifted_by", "lifted_why"])
        _keep_step(locked)
    restriction.refresh_from_db()


def _by_somebody_else(subject: DataSubject, why: str, by: DataSubject | None) -> None:
    if by is not None and by.pk == subject.pk:
        raise UnableToRestrict("own", _("Somebody else has to lock or open what is your own."))
    if by is not None and not why.strip():
        raise UnableToRestrict("no_reason", _("Write down why. The person reads it."))


def _keep_step(subject: DataSubject) -> None:
    """`restricted_at`, which every look asks for, says since when the oldest standing lock is there."""
    first = Restriction.objects.filter(subject=subject, lifted_at=None).order_by("set_at").values_list("set_at", flat=True).first()
    DataSubject.objects.filter(pk=subject.pk).update(restricted_at=first)


def standing(subject: DataSubject) -> QuerySet[Restriction]:
    """The locks there are on this person's data now, the oldest first."""
    return Restriction.objects.filter(subject=subject, lifted_at=None).order_by("set_at", "pk")


def is_restricted(subject_id: UUID) -> bool:
    return DataSubject.objects.filter(pk=subject_id, restricted_at__isnull=False).exists()


def refuse(subject_id: UUID) -> None:
    """For everything that would begin something new with this person's data. Raises Restricted."""
    if is_restricted(subject_id):
        raise Restricted


def on_hold() -> QuerySet[DataSubject]:
    """Persons under a legal hold: no retention rule takes anything of theirs."""
    return DataSubject.objects.filter(restrictions__ground=LEGAL_HOLD, restrictions__lifted_at=None)


def finish(*, cutoff: datetime, now: datetime) -> Sequence[UUID]:
    """Carry out every erasure that was asked for while a law kept the records, and that nothing holds back any more. The persons erased.

    Somebody who cannot be erased, for whatever reason, is logged and tried again the next night; nobody else waits for them.
    """
    gone: list[UUID] = []

    def act(row: Restriction) -> None:
        if not rights.holds(row.subject):
            rights.erase(row.subject, now=now)
            gone.append(row.subject_id)

    asked = Restriction.objects.filter(ground=KEPT_BY_LAW, lifted_at=None, subject__erased_at=None).select_related("subject").order_by("pk")
    sweeps.each(asked, act, what="retention: an erasure that was asked for")
    return gone
