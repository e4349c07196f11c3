"""Asking sources: only with the consent of each, once for each affair; the answer is believed or kept out whole.

A worker asks (`source.asked`); whoever waits is told by `source.answered`, whatever came of it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import IdentityCheck
from core import outbox, states
from credit import sources
from credit.models import Inquiry
from credit.sources import SOURCES, Source, base
from privacy import assessments, consents, processors, vault
from privacy.models import DataSubject, Matter

log = logging.getLogger(__name__)
ENGINE = "credit.sources"
TIMEOUT_SECONDS = 8.0
ATTEMPTS_MAX = 5
AGAIN_SECONDS = 20


@dataclass(frozen=True)
class Known:
    """What sources told of one affair: figures, by figure the inquiry it came from, and the sources that owe an answer or gave none to be believed."""

    figures: dict[str, int] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@transaction.atomic
def ask_all(*, about: str, subject: DataSubject, matter: Matter, currency: str, now: datetime) -> list[Inquiry]:
    """One inquiry for each source the person agreed to and that was not asked for this affair. Returns the new ones."""
    made: list[Inquiry] = []
    if not assessments.is_on("sources", now=now):
        return made
    for source in SOURCES.values():
        consent = consents.current(subject, source.purpose, matter=matter, now=now)
        if consent is None or consent.decision != "given" or Inquiry.objects.filter(about=about, source=source.code).exists():
            continue
        try:
            provider = sources.provider(source.code).name
            _require_contract(source, now=now)
        except (base.NoProvider, processors.NoContract) as error:
            log.error("%s for the source %s: it is not asked", error.code, source.code)
            continue
        row = Inquiry.objects.create(
            about=about, subject=subject, matter=matter, consent=consent, source=source.code, provider=provider, currency=currency, asked_at=now
        )
        outbox.enqueue("source.asked", key=f"source:{row.reference}", payload={"inquiry": row.pk})
        made.append(row)
    return made


@outbox.handles("source.asked")
def on_asked(*, job: outbox.JobContext) -> outbox.RetryLater | None:
    """Asks, believes or not. A silent provider is asked again a few times; then the affair goes on without it."""
    row = Inquiry.objects.select_for_update(of=("self",)).select_related("subject", "matter").get(pk=job.payload["inquiry"])
    if row.state != "asked":
        return None
    state, why, figures = _came_of_it(row, job=job)
    if state == "asked":
        return outbox.RetryLater(AGAIN_SECONDS, why)
    _settle(row, state, why, figures, now=job.now)
    return None


def _came_of_it(row: Inquiry, *, job: outbox.JobContext) -> tuple[str, str, dict[str, int] | None]:
    """(state, why, figures); still "asked" when it is worth asking again."""
    source = SOURCES[row.source]
    if not consents.is_given(subject=row.subject, purpose=source.purpose, matter=row.matter, now=job.now):
        return "withdrawn", "", None
    try:
        _require_contract(source, now=job.now)
    except processors.NoContract:
        return "unanswered", "no_answer", None
    inquiry = _about(row, attempt=job.attempts, now=job.now)
    if inquiry is None:
        return "unanswered", "no_identity", None
    try:
        return "answered", "", _answer(row, source, inquiry)
    except base.NoAnswer:
        return ("asked" if job.attempts < ATTEMPTS_MAX else "unanswered"), "no_answer", None
    except base.Untrue as error:
        log.error("an answer of %s to %s was not believed: %s", row.provider, row.reference, error.code)
        return "disbelieved", error.code, None


def _require_contract(source: Source, *, now: datetime) -> None:
    """What we tell a source is whom we ask about. Raises processors.NoContract."""
    processors.require_for(source.code, kind="id_number", purpose=source.purpose, as_of=timezone.localdate(now))


def _about(row: Inquiry, *, attempt: int, now: datetime) -> base.Inquiry | None:
    """The question with the person's verified document; None where there is none to ask about."""
    check = IdentityCheck.objects.filter(party__subject=row.subject, state="verified").order_by("-pk").first()
    if check is None:
        return None
    opened = vault.open_sealed(check, ["legal_name", "number"], engine=ENGINE, purpose=SOURCES[row.source].purpose, now=now)
    return base.Inquiry(key=row.reference, name=opened["legal_name"], number=opened["number"], currency=row.currency, attempt=attempt)


def _answer(row: Inquiry, source: Source, inquiry: base.Inquiry) -> dict[str, int]:
    provider = sources.provider(row.source)
    answer = provider.ask(inquiry, timeout=TIMEOUT_SECONDS)
    return base.believed(answer, inquiry, secret=provider.secret, gives=source.gives, today=timezone.localdate())


def _settle(row: Inquiry, state: str, why: str, figures: dict[str, int] | None, *, now: datetime) -> None:
    """State and report in one write: the database knows no answered inquiry without its report."""
    row.state, row.why, row.answered_at = state, why, now
    if figures is not None:
        setattr(row, SOURCES[row.source].field, figures)
    with states.because(why=why or state, now=now):
        row.save(update_fields=["state", "why", "answered_at", SOURCES[row.source].field])
    outbox.enqueue("source.answered", key=f"source:{row.reference}:answered", payload={"inquiry": row.pk})


def known(about: str, *, now: datetime) -> Known:
    """What may be used for this affair now: a consent taken back ends the use of what it brought."""
    rows = [row for row in Inquiry.objects.filter(about=about).select_related("subject", "matter").order_by("pk") if _stands(row, now=now)]
    figures: dict[str, int] = {}
    origin: dict[str, str] = {}
    for row in (row for row in rows if row.state == "answered"):
        source = SOURCES[row.source]
        told = vault.open_sealed(row, [source.field], engine=ENGINE, purpose=source.purpose, now=now)[source.field]
        figures |= told
        origin |= dict.fromkeys(told, row.reference)
    answered = tuple(row.source for row in rows if row.state == "answered")
    return Known(figures, origin, tuple(row.source for row in rows if row.state != "answered"), answered)


def _stands(row: Inquiry, *, now: datetime) -> bool:
    return consents.is_given(subject=row.subject, purpose=SOURCES[row.source].purpose, matter=row.matter, now=now)
