"""Breaches: clocks that start with one act, the persons concerned read from the access log, and notices drafted with what PIPL 57 asks for.

A drill runs the same path on the same records, marked as such, and tells nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import outbox, states

from . import clocks, kinds
from .models import AccessLog, Breach, BreachPerson, DataSubject


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
) -> Breach:
    """Start the clocks and scope the persons: everybody whose data of these kinds was looked at in the window, contacts included."""
    breach = Breach.objects.create(
        what=what, kinds=list(kinds_), jurisdictions=list(jurisdictions), since=since, until=until, drill=drill, opened_at=now, opened_by=by
    )
    add_persons(breach, AccessLog.objects.filter(at__range=(since, until), kinds__overlap=list(kinds_)).values_list("subject_id", flat=True))
    return breach


def add_persons(breach: Breach, subject_ids: object) -> int:
    """More persons concerned, found by other means. Nobody stands twice. Returns how many there are now."""
    ids = set(subject_ids)  # type: ignore[call-overload]
    BreachPerson.objects.bulk_create([BreachPerson(breach=breach, subject_id=pk) for pk in sorted(ids)], ignore_conflicts=True)
    return breach.persons.count()


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
    """Mark everybody not told yet and hand their notices over as jobs (a drill hands over none). Raises UnableToTell while an item is missing."""
    missing = draft(breach, locale="en").missing
    if missing:
        raise UnableToTell(missing)
    waiting = BreachPerson.objects.select_for_update().filter(breach=breach, told_at=None)
    ids = list(waiting.values_list("pk", flat=True))
    if not breach.drill:
        for pk in ids:
            outbox.enqueue("breach.tell", key=f"breach:{breach.pk}:person:{pk}", payload={"person": pk})
    waiting.update(told_at=now)
    Breach.objects.filter(pk=breach.pk, persons_told_at=None).update(persons_told_at=now)
    breach.refresh_from_db()
    return len(ids)


def told_authority(breach: Breach, *, now: datetime) -> None:
    """The authority was told, now; the first moment stays."""
    Breach.objects.filter(pk=breach.pk, authority_told_at=None).update(authority_told_at=now)
    breach.refresh_from_db()


def contain(breach: Breach, *, by: DataSubject | None, now: datetime) -> None:
    states.move(breach, "contained", now=now, why="contained")


def close(breach: Breach, *, by: DataSubject | None, now: datetime) -> None:
    """Over. The database refuses while authority or persons were not told, except for a drill."""
    states.move(breach, "closed", now=now, why="closed")
