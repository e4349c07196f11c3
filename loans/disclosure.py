"""The table: which field of a borrower's file is shown to whom, at which stage, in which form. And the one function that applies it.

Rows are fields, columns relations; a cell gives the form and the stage from which it holds. What is not in the table is hidden.
Sources: attribute-level listing data as in the 2017 disclosure guideline, art. 9; identity only to a named claimant (PIPL art. 23, 25).
Contacts have no row here and never will.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from core.money import digits
from loans import anonymity, bands, population
from loans import file as files
from loans.file import PURPOSES
from loans.models import BorrowerFile
from privacy import disclosure
from privacy.disclosure import Actor

HIDDEN, GROUP, BAND, MASKED, FULL = "hidden", "group", "band", "masked", "full"
STAGES = ("listing", "funded", "late", "default", "enforcement", "closed")
INVESTOR, PLEDGER, HOLDER, CLAIMANT = "investor", "pledger", "holder", "claimant"
EVERY_INVESTOR = (INVESTOR, PLEDGER, HOLDER, CLAIMANT)


@dataclass(frozen=True)
class Cell:
    """One permission of the table: `form`, for these relations, in these stages."""

    form: str
    relations: tuple[str, ...]
    stages: tuple[str, ...] = STAGES


TABLE: dict[str, tuple[Cell, ...]] = {
    "occupation": (Cell(FULL, EVERY_INVESTOR),),
    "industry": (Cell(FULL, EVERY_INVESTOR),),
    "region": (Cell(FULL, EVERY_INVESTOR),),
    "months_at_work": (Cell(BAND, EVERY_INVESTOR),),
    "income_monthly": (Cell(BAND, EVERY_INVESTOR),),
    "debt_total": (Cell(BAND, EVERY_INVESTOR),),
    "debt_other_platforms": (Cell(BAND, EVERY_INVESTOR),),
    "overdue_count_6m": (Cell(FULL, EVERY_INVESTOR),),
    "repayment_source": (Cell(FULL, EVERY_INVESTOR),),
    "legal_name": (Cell(FULL, (CLAIMANT,), ("enforcement",)),),
    "address": (Cell(FULL, (CLAIMANT,), ("enforcement",)),),
    "phone": (),
    "housing": (),
    "debt_monthly": (),
    "background": (),
    "repayment_plan": (),
}
THRESHOLDS = {
    "income_monthly": bands.INCOME_MONTHLY,
    "debt_total": bands.DEBT,
    "debt_other_platforms": bands.DEBT,
    "months_at_work": bands.MONTHS_AT_WORK,
}
MONEY = {"income_monthly", "debt_total", "debt_other_platforms"}


# What happens to a loan in life: to whom it is shown, and at which stages. What has no row is for the borrower and staff alone: that help was asked
# for and why, promises, calls, notes; and that somebody else was asked anything stands nowhere at all: `steps` are those of R0 to R3 (ladder.py).
HOLDING, LIVING, AFTER_DEFAULT = (HOLDER, CLAIMANT), ("funded", "late", "default", "enforcement", "closed"), ("default", "enforcement")
LIFE: dict[str, Cell] = {
    "schedule": Cell(FULL, HOLDING, LIVING),
    "payments": Cell(FULL, HOLDING, LIVING),
    "days_late": Cell(FULL, HOLDING, LIVING),
    "stage": Cell(FULL, HOLDING, LIVING),
    "plan": Cell(FULL, HOLDING, LIVING),
    "steps": Cell(FULL, HOLDING, AFTER_DEFAULT),
    "recovery": Cell(FULL, HOLDING, (*AFTER_DEFAULT, "closed")),
}


def shows(fact: str, *, relation: str | None, stage: str) -> bool:
    """Whether that sort of fact about a loan in life is shown to this relation at this stage."""
    return fact in LIFE and relation in LIFE[fact].relations and stage in LIFE[fact].stages


def form_of(field: str, *, relation: str, stage: str) -> str:
    """The form in which `field` is shown; hidden when no cell says otherwise."""
    for cell in TABLE.get(field, ()):
        if relation in cell.relations and stage in cell.stages:
            return cell.form
    return HIDDEN


def disclose(file: BorrowerFile, *, relation: str, stage: str | None = None, actor: Actor, page: str, now: datetime) -> dict[str, dict[str, Any]]:
    """The disclosed record: {field: {"form": …, "value": …}}, hidden fields without a value. Views and exports get this, never the file.

    The access log is written by the door before anything is decrypted; nothing hidden is decrypted at all. To everybody but a named claimant it
    speaks only so precisely that at least anonymity.K people fit; what had to be said in wider words, or not at all, carries its `level`.
    """
    forms = _forms(relation, stage or file.stage)
    shown = _shown(forms)
    values = disclosure.reveal(file, list(shown), actor=actor, purpose=PURPOSES[relation], page=page, now=now) if shown else {}
    return _record(file, forms, values, relation=relation)


def disclose_open(
    user: User, *, after: int = 0, limit: int = 50, actor: Actor, page: str, now: datetime
) -> list[tuple[BorrowerFile, dict[str, dict[str, Any]]]]:
    """The disclosed records of the files open to `user`, page by page behind the file `after`, each in the user's strongest relation.

    The number of queries is the same for any number of files."""
    opened = {pk: relation for pk, _reference, relation in files.page(user, after=after, limit=limit)}
    rows = BorrowerFile.objects.select_related("party").filter(pk__in=opened).order_by("pk")
    alike: dict[tuple[str, tuple[str, ...]], list[BorrowerFile]] = {}
    for file in rows:
        alike.setdefault((PURPOSES[opened[file.pk]], _shown(_forms(opened[file.pk], file.stage))), []).append(file)
    values: dict[int, dict[str, str | None] | None] = {}
    for (purpose, shown), group in alike.items():
        values |= disclosure.reveal_many(group, shown, actor=actor, purpose=purpose, page=page, now=now) if shown else {}
    found = ((file, opened[file.pk], values.get(file.pk)) for file in rows)
    return [(file, _record(file, _forms(relation, file.stage), told, relation=relation)) for file, relation, told in found if told is not None]


def _forms(relation: str, stage: str) -> dict[str, str]:
    return {field: form_of(field, relation=relation, stage=stage) for field in TABLE}


def _shown(forms: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(field for field, form in forms.items() if form != HIDDEN)


def _record(file: BorrowerFile, forms: Mapping[str, str], values: Mapping[str, str | None], *, relation: str) -> dict[str, dict[str, Any]]:
    record = {field: _cell(field, form, values.get(field)) for field, form in forms.items()}
    return record if relation == CLAIMANT else record | _coarser(file, values)


def spoken(file: BorrowerFile, values: Mapping[str, str | None]) -> anonymity.Levels:
    """How precisely this file is spoken of: as it was at its publication, before that as precisely as the population allows, and never more
    precisely than an earlier listing of the same person."""
    if file.spoken:
        return dict(file.spoken)
    before = BorrowerFile.objects.filter(subject=file.subject_id).exclude(spoken={}).values_list("spoken", flat=True)
    floor = {name: max((levels.get(name, 0) for levels in before), default=0) for name in anonymity.LADDERS}
    return anonymity.choose(population.cell_of(file.party.kind, values), population.current(), floor=floor).levels


def _coarser(file: BorrowerFile, values: Mapping[str, str | None]) -> dict[str, dict[str, Any]]:
    """The cells that have to be said in wider words or not at all, and what sort of person it is."""
    levels, cell = spoken(file, values), population.cell_of(file.party.kind, values)
    wider = {name: _wide(name, code, levels[name]) for name, code in cell.items() if levels[name] and code is not None}
    return {"kind": {"form": FULL, "value": file.party.kind}} | wider


def _wide(name: str, code: str, level: int) -> dict[str, Any]:
    ladder = anonymity.LADDERS[name]
    if level >= ladder.hidden:
        return {"form": FULL, "value": None, "level": level}
    if name in anonymity.THRESHOLDS:
        return {"form": BAND, "value": bands.band(int(code), anonymity.THRESHOLDS[name][level]), "level": level}
    return {"form": GROUP, "value": ladder.said(code, level), "level": level}


def keep_spoken(file: BorrowerFile, record: Mapping[str, Mapping[str, Any]]) -> None:
    """Remember how precisely a published record spoke, so that nothing said later about this person narrows it down."""
    file.spoken = {name: record[name].get("level", 0) for name in anonymity.LADDERS if name in record}
    file.save(update_fields=["spoken"])


def _cell(field: str, form: str, value: str | None) -> dict[str, Any]:
    if form == HIDDEN:
        return {"form": HIDDEN}
    if value is None:
        return {"form": form, "value": None}
    return {"form": form, "value": _SHAPES[form](field, value)}


def _band(field: str, value: str) -> dict[str, int | None]:
    whole = int(value) // 10 ** digits("CNY") if field in MONEY else int(value)
    return bands.band(whole, THRESHOLDS[field])


_SHAPES: dict[str, Callable[[str, str], Any]] = {
    FULL: lambda _field, value: value,
    BAND: _band,
    MASKED: lambda _field, value: value[:1] + "…",
}
