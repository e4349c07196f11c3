"""Whom a listing hides among: a table of people in work that ships with us, and our own verified applicants once there are enough of them.

The shipped table is one in a thousand of the people in work, by our own approximation: data/population.json says from what. Applicants are counted in
cells that name nobody, each person once, at their first submitted application.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from core.outbox import JobContext, handles
from loans.anonymity import LADDERS, Pattern, Population, fine
from loans.models import Application, PopulationCell
from privacy import vault

ENOUGH = 100_000
"""So many applicants before they take the place of the shipped table."""
MILLE = 1000
PLACES = ("agriculture", "elsewhere")
SHIPPED = Path(__file__).parent / "data" / "population.json"
FIELDS = ("region", "industry", "occupation", "months_at_work", "income_monthly", "repayment_source")
NUMBERS = ("months_at_work", "income_monthly")


@dataclass(frozen=True)
class Shipped:
    """The table of shares, in whole per mille, multiplied as integers: the same counts everywhere, and wider patterns never fit fewer."""

    table: Mapping[str, Any]

    @property
    def code(self) -> str:
        return str(self.table["code"])

    def count(self, pattern: Pattern) -> int:
        profiles: dict[str, int] = {}
        for region, share in _shares(self.table["regions"], pattern["region"]):
            profile = self.table["profiles"][region]
            profiles[profile] = profiles.get(profile, 0) + share
        return int(self.table["people"]) * sum(share * self._in_profile(profile, pattern) for profile, share in profiles.items()) // MILLE**7

    def _in_profile(self, profile: str, pattern: Pattern) -> int:
        persons = {place: self._persons(profile, place, pattern) for place in PLACES}
        weight = 0
        for industry, share in _shares(self.table["industries"][profile], pattern["industry"]):
            fitting = persons["agriculture" if industry == "agriculture" else "elsewhere"]
            occupations = self.table["occupations"][industry]
            weight += share * sum(occupations[occupation] * person for occupation, person in fitting.items())
        return weight

    def _persons(self, profile: str, place: str, pattern: Pattern) -> dict[str, int]:
        """For each sort of work: how many of its people fit what else is said."""
        groups = [(code, group) for code, group in self.table["groups"].items() if pattern["occupation"] is None or code in pattern["occupation"]]
        return {
            occupation: _total(self.table["kinds"][group], pattern["kind"])
            * _total(_banded("months_at_work", self.table["months_at_work"][occupation]), pattern["months_at_work"])
            * _total(_banded("income_monthly", self.table["income_monthly"][profile][group]), pattern["income_monthly"])
            * _total(self.table["repayment_source"][place][group], pattern["repayment_source"])
            for occupation, group in groups
        }


def _shares(table: Mapping[str, int], fitting: frozenset[str] | None) -> list[tuple[str, int]]:
    return [(code, share) for code, share in table.items() if fitting is None or code in fitting]


def _total(table: Mapping[str, int], fitting: frozenset[str] | None) -> int:
    return sum(share for _code, share in _shares(table, fitting))


def _banded(dimension: str, shares: list[int]) -> dict[str, int]:
    """Bands stand in the file in their order; here each has its code."""
    return dict(zip(LADDERS[dimension].groups[0], shares, strict=True))


@cache
def shipped() -> Shipped:
    return Shipped(json.loads(SHIPPED.read_text(encoding="utf-8")))


class Applicants:
    """Everybody who was identified and has applied here, by cells."""

    code = "applicants"

    def count(self, pattern: Pattern) -> int:
        fitting = {f"{name}__in": sorted(codes) for name, codes in pattern.items() if codes is not None}
        return int(PopulationCell.objects.filter(**fitting).aggregate(people=Sum("people"))["people"] or 0)

    def people(self) -> int:
        return int(PopulationCell.objects.aggregate(people=Sum("people"))["people"] or 0)


def current() -> Population:
    """Our own applicants when there are enough of them, else the shipped table."""
    own = Applicants()
    return own if own.people() >= ENOUGH else shipped()


def cell_of(kind: str, answers: Mapping[str, str | None]) -> dict[str, str | None]:
    """A file's answers as the finest codes."""
    return {"kind": kind} | {name: _code(name, answers.get(name)) for name in FIELDS}


def _code(name: str, answer: str | None) -> str | None:
    if answer is None or name not in NUMBERS:
        return answer
    return fine(name, int(answer) // 100 if name == "income_monthly" else int(answer))


@handles("application.submitted")
def on_submitted(*, job: JobContext) -> None:
    """One more person in their cell, the first time they apply."""
    application = Application.objects.select_related("file__party").get(pk=job.payload["application"])
    if not _earlier(application).exists():
        answers = vault.open_sealed(application.file, FIELDS, engine="loans.population", purpose="application", now=job.now)
        _add(cell_of(application.file.party.kind, answers))


def _earlier(application: Application) -> QuerySet[Application]:
    """Applications the same person sent before this one."""
    before = Q(submitted_at__lt=application.submitted_at) | Q(submitted_at=application.submitted_at, pk__lt=application.pk)
    return Application.objects.filter(before, file__subject=application.file.subject_id)


def _add(cell: Mapping[str, str | None]) -> None:
    """One statement, so that two at once both count. A question not answered is an empty code."""
    names = list(LADDERS)
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO loans_populationcell ({', '.join(names)}, people) VALUES ({marks}, 1)"  # noqa: S608 the names are ours
            f" ON CONFLICT ({', '.join(names)}) DO UPDATE SET people = loans_populationcell.people + 1",
            [cell[name] or "" for name in names],
        )
