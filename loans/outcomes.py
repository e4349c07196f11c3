"""What came of loans, for whoever watches the models: the decision behind each, and by which month on book it defaulted. About nobody by name."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from credit import vintages
from credit.models import ModelAlarm
from credit.vintages import Lent
from loans.models import Loan

SLACK = timedelta(days=5)
DECISION = "agreement__offer__decision"


def watch(*, today: date, now: datetime) -> list[ModelAlarm]:
    """Months that have closed, judged. Returns what rang."""
    return vintages.outcomes(lent(), today=today, now=now)


def lent() -> list[Lent]:
    """Every loan that was paid out."""
    names = ("model", "model_sha256", "pd", "grade", "decided_at")
    rows = Loan.objects.filter(disbursed_on__isnull=False, **{f"{DECISION}__pd__isnull": False})
    defaulted = _defaulted_on()
    return [
        Lent(model, sha256, pd, grade, at, paid_out.replace(day=1), month_on_book(paid_out, defaulted[pk]) if pk in defaulted else None)
        for pk, paid_out, model, sha256, pd, grade, at in rows.values_list("pk", "disbursed_on", *(f"{DECISION}__{name}" for name in names))
    ]


def month_on_book(paid_out: date, day: date) -> int:
    """The month on book a default belongs to, the first being 1. Ninety days late is a day or two more than three months: SLACK makes it three."""
    about = day - SLACK
    months = (about.year - paid_out.year) * 12 + about.month - paid_out.month
    return max(months + (about.day > paid_out.day), 1)


def _defaulted_on() -> dict[int, date]:
    """The day each loan first defaulted. What became of it later does not undo that."""
    events: Any = Loan.state_events.rel.related_model  # type: ignore[attr-defined]  # made by track_state
    found: dict[int, date] = {}
    for loan, context, created in events.objects.filter(state="defaulted").order_by("pgh_id").values_list("pgh_obj_id", "pgh_context", "pgh_created_at"):
        at = datetime.fromisoformat(context["at"]) if context and context.get("at") else created
        found.setdefault(loan, timezone.localdate(at))
    return found
