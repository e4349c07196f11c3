"""Breaches: clocks that start with one act, the persons concerned read from the access log, and notices drafted with what PIPL 57 asks for.

A drill runs the same path on the same records, marked as such, and tells nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import outbox, states

from . import clocks, kinds
from .models import AccessLog, Breach, BreachPerson, DataSubject

AMENDABLE = {"what", "cause", "harm", "remedies", "kinds", "jurisdictions", "since", "until"}


@dataclass(frozen=True)
class Draft:
    """A notice in one language; `missing` are the items of PIPL 57 that are still empty."""

    locale: str
    heading: str
    lines: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


@transaction.atomic
def open_(
    *,
    what: str,
    kinds_: Sequence[str],
    jurisdictions: Sequence[str],
    since: datetime,
    until: datetime,
    by: DataSubject | None,
    now: datetime,
    drill: bool = False,
    known: Mapping[str, str] | None = None,
) -> Breach:
    """Start the clocks and scope the persons: everybody whose data of these kinds was looked at in the window, contacts included.

    `known`: cause, harm and remedies, as far as they can be told already.
    """
    scope = {"kinds": list(kinds_), "jurisdictions": list(jurisdictions), "since": since, "until": until, "drill": drill}
    breach = Breach.objects.create(what=what, **scope, **(known or {}), opened_at=now, opened_by=by)
    add_persons(breach, _looked_at(breach).values_list("subject_id", flat=True))
    return breach


def add_persons(breach: Breach, subject_ids: object) -> int:
    """More persons concerned, found by other means. Nobody stands twice. Returns how many there are now."""
    ids = set(subject_ids) - set(breach.persons.values_list("subject", flat=True))  # type: ignore[call-overload]
    BreachPerson.objects.bulk_create([BreachPerson(breach=breach, subject_id=pk) for pk in sorted(ids)], ignore_conflicts=True)
    if ids:
        Breach.objects.filter(pk=breach.pk).update(persons_told_at=None)
    return breach.persons.count()


def _looked_at(breach: Breach) -> QuerySet[AccessLog]:
    return AccessLog.objects.filter(at__range=(breach.since, breach.until), kinds__overlap=breach.kinds)


@transaction.atomic
def amend(breach: Breach, *, values: Mapping[str, Any], now: datetime) -> Breach:
    """What is known by now. A wider window, or more kinds, adds persons; nobody is taken out again. A drill stays a drill (the database holds it)."""
    locked = Breach.objects.select_for_update().get(pk=breach.pk)
    for name in AMENDABLE & values.keys():
        setattr(locked, name, values[name])
    locked.save(update_fields=sorted(AMENDABLE & values.keys()))
    add_persons(locked, _looked_at(locked).values_list("subject_id", flat=True))
    breach.refresh_from_db()
    return breach


def deadlines(breach: Breach) -> dict[str, datetime]:
    """By jurisdiction: when the authority has to know."""
    return clocks.authority_due(breach.jurisdictions, known_at=breach.opened_at)


def draft(breach: Breach, *, locale: str) -> Draft:
    """The notice with the items of PIPL 57: kinds, cause, harm, remedies taken, what persons can do, how to reach us."""
    from django.conf import settings

    with override(locale):
        lines = (
            (_("Kinds of data"), ", ".join(kinds.label(code) for code in breach.kinds)),
            (_("What happened, and why"), " ".join(filter(None, (breach.what, breach.cause)))),
            (_("Possible harm"), breach.harm),
            (_("What we did, and what you can do"), breach.remedies),
            (_("How to reach us"), settings.PRIVACY_CONTACT),
        )
        heading = _("Your data was affected") if not breach.drill else _("Drill: your data was affected")
    missing = [name for name in ("cause", "harm", "remedies") if not getattr(breach, name)]
    return Draft(locale=locale, heading=heading, lines=lines, missing=tuple(missing))


class UnableToTell(Exception):
    """A notice lacks an item the law asks for; `fields` names them."""

    code = "unable_to_tell"

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = tuple(fields)


@transaction.atomic
def tell_persons(breach: Breach, *, now: datetime) -> int:
    """Hand over the notices of everybody not told yet, as jobs; a drill hands over none. How many. Raises UnableToTell while an item is missing.

    Whoever could not be reached before is tried again; the same order twice is one.
    """
    missing = draft(breach, locale="en").missing
    if missing:
        raise UnableToTell(missing)
    waiting = list(BreachPerson.objects.select_for_update().filter(breach=breach, told_at=None).order_by("pk"))
    if breach.drill:
        BreachPerson.objects.filter(breach=breach, told_at=None).update(told_at=now)
    ordered = waiting if breach.drill else [person for person in waiting if outbox.enqueue("breach.tell", key=_order(person), payload={"person": person.pk})]
    _settle(breach, now=now)
    return len(ordered)


def _order(person: BreachPerson) -> str:
    again = f":{person.tried_at.isoformat()}" if person.tried_at else ""
    return f"breach:{person.breach_id}:person:{person.pk}{again}"


def waiting(person_id: int) -> BreachPerson | None:
    """The person an order names, held for whoever tells them; None when they are told already."""
    return BreachPerson.objects.select_for_update(of=("self",)).select_related("breach").filter(pk=person_id, told_at=None).first()


@transaction.atomic
def tried(person: BreachPerson, *, sent: bool, now: datetime) -> None:
    """What came of it: told when something was sent, and otherwise not reached."""
    breach = Breach.objects.select_for_update().get(pk=person.breach_id)
    BreachPerson.objects.filter(pk=person.pk).update(tried_at=now, told_at=now if sent else None)
    _settle(breach, now=now)


def _settle(breach: Breach, *, now: datetime) -> None:
    """Persons are told when each of them was told, or tried and found out of reach."""
    if not breach.persons.filter(told_at=None, tried_at=None).exists():
        Breach.objects.filter(pk=breach.pk, persons_told_at=None).update(persons_told_at=now)
    breach.refresh_from_db()


def unreached(breach: Breach) -> int:
    """How many have no page and no number here any more: the law asks that these be told in public."""
    return breach.persons.filter(told_at=None, tried_at__isnull=False).count()


def told_authority(breach: Breach, *, now: datetime) -> None:
    """The authority was told, now; the first moment stays."""
    Breach.objects.filter(pk=breach.pk, authority_told_at=None).update(authority_told_at=now)
    breach.refresh_from_db()


def contain(breach: Breach, *, by: DataSubject | None, now: datetime) -> None:
    states.move(breach, "contained", now=now, why="contained")


def close(breach: Breach, *, by: DataSubject | None, now: datetime) -> None:
    """Over. The database refuses while authority or persons were not told, except for a drill."""
    states.move(breach, "closed", now=now, why="closed")
