"""What a viewer is not shown of a borrower's file, and why; and what of the loan's life they are. Read off the table in disclosure.py, never kept beside it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loans import disclosure
from loans.words import DEBT_MONTHLY, FIELD_LABELS, Words

LABELS: Words = {
    **FIELD_LABELS,
    "legal_name": _("Legal name"),
    "address": pgettext_lazy("of a person", "Address"),
    "phone": _("Phone number"),
    "housing": _("Housing"),
    "debt_monthly": DEBT_MONTHLY,
    "background": _("What the borrower wrote about themselves"),
    "repayment_plan": _("What the borrower wrote about repaying"),
}
_IDENTITY = _("It says who the borrower is. Only a claimant named in enforcement reads it, after two approvals, and the borrower is told.")
_CARD = _("Only the scorecard may use it; what is shown is the grade.")
_WORDS = _("Free words may name people. Only our assessors read them.")
WHY: dict[str, str | Promise] = {
    "legal_name": _IDENTITY,
    "address": _IDENTITY,
    "phone": _("Only we use it, to reach the borrower."),
    "housing": _CARD,
    "debt_monthly": _CARD,
    "background": _WORDS,
    "repayment_plan": _WORDS,
}
LIFE: Words = {
    "schedule": _("Schedule"),
    "payments": _("Payments"),
    "days_late": _("Days late"),
    "stage": pgettext_lazy("of a loan", "Stage"),
    "plan": _("A new plan, when one is voted on"),
    "steps": _("What was tried to clear up open questions"),
    "recovery": _("What is expected to come back after a default"),
}
NOT_YET = _("From the payout of a share on.")
AFTER_DEFAULT = _("Only after a default.")


@dataclass(frozen=True)
class Withheld:
    """One thing kept back: what, and why."""

    field: str
    label: str
    why: str


def of(*, relation: str, stage: str) -> list[Withheld]:
    """Everything the table keeps from this relation at this stage, in the table's order; then what of the loan's life is not theirs yet."""
    hidden = [field for field in disclosure.TABLE if disclosure.form_of(field, relation=relation, stage=stage) == disclosure.HIDDEN]
    life = [fact for fact in disclosure.LIFE if not disclosure.shows(fact, relation=relation, stage=stage)]
    return [Withheld(name, str(LABELS[name]), str(WHY[name])) for name in hidden] + [Withheld(name, str(LIFE[name]), _why_not(name)) for name in life]


def _why_not(fact: str) -> str:
    return str(NOT_YET if "funded" in disclosure.LIFE[fact].stages else AFTER_DEFAULT)


def life(*, relation: str, stage: str) -> list[str]:
    """What of the loan's life this relation sees at this stage, in words."""
    return [str(LIFE[fact]) for fact in disclosure.LIFE if disclosure.shows(fact, relation=relation, stage=stage)]
