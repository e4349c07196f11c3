"""What a reviewer opens: sealed answers, co-borrowers' figures, the scorecard's reasons, earlier exchanges. Each opening is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.access import actor
from accounts.models import User
from core.money import format_amount
from loans import answers, forms, reason_words, sources, words
from loans import application as applications
from loans.models import Application
from privacy import disclosure
from privacy.notices import supported

PAGE = "admin:application"
PARTS: tuple[tuple[str, type[Any]], ...] = (
    ("finances", forms.FinancesForm),
    ("work", forms.WorkForm),
    ("repayment", forms.RepaymentForm),
    ("background", forms.BackgroundForm),
)


def opened(found: Application, *, reviewer: User, why: str, language: str | None, now: datetime, graded: bool = True) -> dict[str, Any]:
    """Everything for the page, after one entry in the access log for each kind of thing opened. Not `graded`: what the scorecard found stays shut."""
    who = actor(reviewer, role="reviewer", why=why)
    common: dict[str, Any] = {"actor": who, "purpose": "review", "page": PAGE, "now": now, "reference": found.reference}
    fields = [name for names in applications.SEALED.values() for name in names if getattr(found.file, name) is not None]
    values = disclosure.reveal(found.file, fields, **common) if fields else {}
    return {
        "parts": [{"code": code, "rows": _rows(form, values, found.currency)} for code, form in PARTS],
        "reasons": _reasons(found, supported(language), common) if graded else [],
        "missing": _missing(found, common) if graded else [],
        "beside": _beside(found, common),
        "exchanges": _exchanges(found, common),
        "sources": sources.told(found, actor=who, purpose="review", page=PAGE, now=now),
        "documents": found.documents.filter(removed_at=None).order_by("uploaded_at"),
    }


def _rows(form: type[Any], values: dict[str, Any], currency: str) -> list[tuple[Any, str]]:
    return [(field.label, _shown(name, values.get(name), currency)) for name, field in form.base_fields.items()]


def _shown(name: str, value: Any, currency: str) -> str:
    if value in (None, ""):
        return "–"
    return format_amount(int(value), currency) if name in answers.MONEY else str(words.VALUES.get(name, {}).get(value, value))


def _output(found: Application, common: dict[str, Any]) -> dict[str, Any]:
    if found.decision is None:
        return {}
    score: dict[str, Any] = disclosure.reveal(found.decision, ["output"], **common)["output"].get("score", {})  # empty once its time is over
    return score


def _reasons(found: Application, locale: str, common: dict[str, Any]) -> list[dict[str, Any]]:
    reasons = _output(found, common).get("reasons", [])
    return [reason_words.told(reason, currency=found.currency, language=locale) for reason in reasons]


def _missing(found: Application, common: dict[str, Any]) -> list[str]:
    """What the scorecard did not find, in the words of the form."""
    labels = {name: field.label for _code, form in PARTS for name, field in form.base_fields.items()}
    return [str(labels.get(name, name)) for name in _output(found, common).get("missing", [])]


def _beside(found: Application, common: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for obligor in found.obligors.filter(role="co_borrower", state__in=["joined", "signed"]).select_related("party").order_by("pk"):
        figures = disclosure.reveal(obligor, ["income_monthly", "debt_monthly"], **common)
        shown = {name: format_amount(int(value), found.currency) if value else "–" for name, value in figures.items()}
        rows.append({"obligor": obligor, **shown})
    return rows


def _exchanges(found: Application, common: dict[str, Any]) -> list[dict[str, Any]]:
    from loans import referral

    rows = []
    for asked, reply in referral.exchanges(found):
        question = disclosure.reveal(asked, ["reason"], **common)["reason"]
        answer = disclosure.reveal(reply, ["text"], **common)["text"] if reply else ""
        rows.append({"question": question, "answer": answer, "asked_at": asked.at, "answered_at": reply.at if reply else None})
    return rows
