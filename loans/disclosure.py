"""The table: which field of a borrower's file is shown to whom, at which stage, in which form. And the one function that applies it.

Rows are fields, columns relations; a cell gives the form and the stage from which it holds. What is not in the table is hidden.
Sources: attribute-level listing data as in the 2017 disclosure guideline, art. 9; identity only to a named claimant (PIPL art. 23, 25).
Contacts have no row here and never will.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.money import digits
from loans import bands
from loans.file import PURPOSES
from loans.models import BorrowerFile
from privacy import disclosure
from privacy.disclosure import Actor

HIDDEN, BAND, MASKED, FULL = "hidden", "band", "masked", "full"
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


def form_of(field: str, *, relation: str, stage: str) -> str:
    """The form in which `field` is shown; hidden when no cell says otherwise."""
    for cell in TABLE.get(field, ()):
        if relation in cell.relations and stage in cell.stages:
            return cell.form
    return HIDDEN


def disclose(file: BorrowerFile, *, relation: str, stage: str | None = None, actor: Actor, page: str, now: datetime) -> dict[str, dict[str, Any]]:
    """The disclosed record: {field: {"form": …, "value": …}}, hidden fields without a value. Views and exports get this, never the file.

    The access log is written by the door before anything is decrypted; nothing hidden is decrypted at all.
    """
    at_stage = stage or file.stage
    forms = {field: form_of(field, relation=relation, stage=at_stage) for field in TABLE}
    shown = [field for field, form in forms.items() if form != HIDDEN]
    values = disclosure.reveal(file, shown, actor=actor, purpose=PURPOSES[relation], page=page, now=now) if shown else {}
    return {field: _cell(field, form, values.get(field)) for field, form in forms.items()}


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
