"""Sources the borrower allowed: asked when the application is sent, and the application assessed anew when one has answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from core import business_day
from core.outbox import JobContext, handles
from credit import inquiry
from credit.models import Inquiry
from credit.sources import SOURCES
from loans import application as applications
from loans import reason_words, words
from loans.models import Application
from privacy import disclosure

LABELS = {**words.FIELD_LABELS, "debt_monthly": words.DEBT_MONTHLY}
WAITING = ("submitted", "in_review", "referred")


def ask(application: Application, *, now: datetime) -> None:
    """One question to each source with a consent of its own. Needs no answer to go on."""
    file = application.file
    inquiry.ask_all(about=application.reference, subject=file.subject, matter=file.matter, currency=application.currency, now=now)


@handles("source.answered")
def on_answered(*, job: JobContext) -> None:
    """The facts are others now, or are known to stay as they are: decided again while nobody has decided."""
    about = Inquiry.objects.values_list("about", flat=True).get(pk=job.payload["inquiry"])
    with transaction.atomic():
        rows = Application.objects.select_for_update(of=("self",)).select_related("file__subject", "file__matter", "party")
        found = rows.filter(reference=about, state__in=WAITING).first()
        if found is not None:
            decision = applications.assess(found, as_of=business_day.current(), now=job.now)
            Application.objects.filter(pk=found.pk).update(decision=decision)


def told(application: Application, *, actor: disclosure.Actor, purpose: str, page: str, now: datetime) -> list[dict[str, Any]]:
    """What each source was asked and told, in words, opened through the logged door for whoever looks."""
    rows = Inquiry.objects.filter(about=application.reference).order_by("pk")
    return [{"inquiry": row, "figures": _figures(row, application.currency, actor=actor, purpose=purpose, page=page, now=now)} for row in rows]


def _figures(row: Inquiry, currency: str, **look: Any) -> list[tuple[Any, str]]:
    field = SOURCES[row.source].field
    if row.state != "answered":
        return []
    figures = disclosure.reveal(row, [field], reference=row.reference, **look)[field]
    return [(LABELS[name], reason_words.fact(name, str(value), currency)) for name, value in figures.items()]
