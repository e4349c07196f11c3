"""A run's life: announced with a commitment, its input fixed, solved outside the database, booked. Each step is one transaction and can be taken again.

Whatever dies in between, the next tick goes on where the last one stopped: the input is kept, and the result is determined by it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core import states
from loans import product
from marketplace import run_booking, run_input, run_result, run_store
from marketplace.models import Mandate, MatchRun, RunPart
from marketplace.models.run import OPEN
from marketplace.run_gather import gather

LEASE = timedelta(minutes=10)


def next_time(after: datetime) -> datetime:
    """The next published time: every so many minutes from the platform's midnight."""
    local = timezone.localtime(after)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = int((local - midnight).total_seconds() // 60)
    return midnight + timedelta(minutes=(passed // settings.MATCHING_MINUTES + 1) * settings.MATCHING_MINUTES)


def to_come(*, currency: str) -> MatchRun | None:
    """The run that is announced or under way."""
    return MatchRun.objects.filter(currency=currency, state__in=OPEN).first()


def past() -> QuerySet[MatchRun]:
    """Runs that matched something, newest first."""
    return MatchRun.objects.filter(state="booked").order_by("-due_at")


def parts_of(mandate: Mandate) -> QuerySet[RunPart]:
    """The runs in which something of the party's was placed while the mandate was there, newest first."""
    return RunPart.objects.filter(party=mandate.party_id, run__state="booked", run__pledges__mandate=mandate).distinct().select_related("run").order_by("-pk")


def announce(*, currency: str, now: datetime) -> MatchRun:
    """The next run, with the commitment to its secret. The one that stands, when there is one."""
    standing = to_come(currency=currency)
    if standing is None:
        last = MatchRun.objects.filter(currency=currency).order_by("due_at").last()
        run = MatchRun(currency=currency, due_at=next_time(max(now, last.due_at) if last else now), committed_at=now)
        run_store.new_secret(run)
        MatchRun.objects.bulk_create([run], ignore_conflicts=True)  # another worker may announce at the same moment
        standing = to_come(currency=currency)
    assert standing is not None
    return standing


def tick(*, now: datetime) -> MatchRun | None:
    """What the clock calls: the run that is due is taken to its end and the next one announced. None when nothing is due or another worker has it."""
    run = announce(currency=product.STANDARD.currency, now=now)
    if (run.state == "committed" and run.due_at > now) or not _claim(run):
        return None
    try:
        take(run, now=now)
    finally:
        MatchRun.objects.filter(pk=run.pk).update(busy_until=None)
    announce(currency=run.currency, now=now)
    return run


def _claim(run: MatchRun) -> bool:
    """One worker at a time, by the database's clock: a lease, because no lock is held while solving."""
    free = Q(busy_until=None) | Q(busy_until__lt=Now())
    return MatchRun.objects.filter(free, pk=run.pk, state__in=OPEN).update(busy_until=Now() + LEASE) == 1


def take(run: MatchRun, *, now: datetime) -> None:
    """From where it stands to its end."""
    if run.state == "committed":
        freeze(run, now=now)
    if run.state == "frozen":
        solve(run, now=now)
    if run.state == "solved":
        run_booking.book(run, now=now)


@transaction.atomic
def freeze(run: MatchRun, *, now: datetime) -> None:
    """Fix the input: from here on nobody's change counts in this run. With nothing to match the run is skipped."""
    gathered = gather(currency=run.currency, unit=product.STANDARD.unit, now=now)
    if not gathered.listings or not gathered.wishes:
        states.move(run, "skipped", now=now, why="nothing_to_match", secret=run_store.secret_of(run))
        return
    document = run_input.as_json(gathered.listings, gathered.wishes)
    parts = [RunPart(run=run, party_id=name.party, pseudonym=name.pseudonym, mandates=name.mandates) for name in gathered.names]
    RunPart.objects.bulk_create(parts, batch_size=2000)
    counts = {"listings": len(gathered.listings), "mandates": len(gathered.wishes), "investors": len(gathered.names)}
    kept: dict[str, Any] = {"input_sha256": run_store.sha256(document), "input_path": run_store.keep(run, "input", document), "counts": counts}
    states.move(run, "frozen", now=now, why="due", **kept)


def solve(run: MatchRun, *, now: datetime) -> None:
    """Compute what the fixed input determines, outside any transaction, and reveal the secret."""
    secret = run_store.secret_of(run)
    seed = run_store.seed_of(secret, run.input_sha256)
    found = run_result.result(run_input.read(run_store.open_input(run), seed=seed))
    path = run_store.keep(run, "result", found.sealed)
    states.move(run, "solved", now=now, why="computed", secret=secret, seed=seed, result_path=path, public=found.public, figures=found.figures)
