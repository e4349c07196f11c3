"""Jobs of record: work that happens later, exactly once in its effect.

`enqueue` writes the row in the caller's transaction. `run` claims it in a short transaction of its own, then runs the handler and
the completion mark in one transaction that holds the row's lock and its lease: whatever dies, nothing is lost and nothing done twice.

Effects outside the database (a bank, a mail server) cannot join that transaction. Such a handler works in two jobs: the first writes the
intent and enqueues the second; the second calls out with the job's key as idempotency key, writes down the answer, and when there is none
*returns* `RetryLater(seconds, reason)`: what it wrote is kept and the job comes back to look the outcome up. *Raising* it undoes what it wrote.
"""

import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from core import bell
from core.models import Job
from core.refusals import Conflict
from core.states import move

LEASE_SECONDS = 20
START_SECONDS = 3  # from its claim to its lock; a claimed row that nobody has locked by then belonged to a worker that died
SWEEP_SECONDS = 10  # a sweep hands back its worker after this long
_LONGEST_WAIT = 600

log = logging.getLogger(__name__)

Payload = dict[str, Any]
Handler = Callable[..., Any]
_handlers: dict[str, dict[str, Handler]] = {}


class PersonalPayload(Exception):
    """A payload carries something other than numbers, short codes and ids. Put it in a table and send its id."""

    code = "personal_payload"


class RetryLater(Exception):
    """Not now, ask again in `seconds`. Raised: what the handler wrote is undone. Returned: it is kept. Never counts as a failure."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason


class NotDead(Conflict):
    """Only a job that was given up can be retried by hand."""

    code = "not_dead"


@dataclass(frozen=True)
class JobContext:
    """What a handler gets. `key` names the fact; pass it on as the idempotency key of any call outward."""

    id: int
    key: str
    payload: Payload
    attempts: int
    now: datetime


def handles(name: str) -> Callable[[Handler], Handler]:
    """Registers `def handler(*, job: JobContext)` for jobs of that name. Import the module in AppConfig.ready."""

    def register(handler: Handler) -> Handler:
        _handlers.setdefault(name, {})[f"{handler.__module__}.{handler.__qualname__}"] = handler
        return handler

    return register


@contextmanager
def handler_for_a_while(name: str, handler: Handler, *, label: str) -> Iterator[None]:
    """Registers a handler and takes it away again: for tests."""
    _handlers.setdefault(name, {})[label] = handler
    try:
        yield
    finally:
        del _handlers[name][label]


def enqueue(name: str, *, key: str, payload: Payload, run_at: datetime | None = None) -> list[int]:
    """Writes one job per registered handler in the caller's transaction and rings the bell after its commit.

    The same key again is no second job. Returns the ids of the new ones; none when nobody listens. Raises PersonalPayload.
    """
    return enqueue_many(name, [(key, payload, run_at)])


def enqueue_many(name: str, jobs: Iterable[tuple[str, Payload, datetime | None]]) -> list[int]:
    """The same for many facts of one name, as (key, payload, run_at), in one statement however many they are."""
    rows = [(key, _as_json(payload), run_at) for key, payload, run_at in jobs]
    keys, payloads, times = ([row[place] for row in rows] for place in range(3))
    labels = listeners(name)
    if not labels:
        log.debug("outbox: nobody listens to %s", name)
        return []
    facts = "unnest(%s::text[], %s::text[], %s::timestamptz[])"
    with connection.cursor() as cursor:
        cursor.execute(writing(name="%s", facts=facts, labels="%s::text[]"), [name, keys, payloads, times, labels])
        made = cursor.fetchall()
    if at_once := [job_id for job_id, next_at in made if next_at is None]:
        transaction.on_commit(lambda: bell.ring(at_once), robust=True)
    return [job_id for job_id, _next_at in made]


def listeners(name: str) -> list[str]:
    """The labels of everybody who listens to a name."""
    return sorted(_handlers.get(name, {}))


def writing(*, name: str, facts: str, labels: str) -> str:
    """The statement that writes jobs, one per fact and listener, for a function of the database that enqueues what it did: texts of SQL.

    `facts` is a relation of (key, payload, run_at) whose payloads are numbers and codes only; `labels` is an array, as from `listeners`. Yields
    (id, next_at). Whoever called the function rings the bell.
    """
    failures = Job._meta.get_field("max_attempts").get_default()
    return (
        "INSERT INTO core_job (name, handler, key, payload, state, attempts, failures, max_attempts, next_at, last_error)"  # noqa: S608 - fixed text
        f" SELECT {name}, label, fact.key, fact.payload::jsonb, 'waiting', 0, 0, {failures}, fact.run_at, ''"
        f" FROM {facts} AS fact (key, payload, run_at), unnest({labels}) AS label"
        " ON CONFLICT (key, handler) DO NOTHING RETURNING id, next_at"
    )


def _as_json(payload: Payload) -> str:
    check_payload(payload)
    return json.dumps({field: str(value) if isinstance(value, uuid.UUID) else value for field, value in payload.items()})


_CODE = re.compile(r"[A-Za-z0-9_.:/+-]{0,64}")
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{11,}[0-9Xx]?(?![0-9A-Za-z])")  # telephones, identity and card numbers


def check_payload(payload: Payload) -> None:
    """Numbers, short codes, UUIDs, dates, and flat lists of them; nothing that could name a person. Raises PersonalPayload."""
    for field, value in payload.items():
        values = value if isinstance(value, list | tuple) else [value]
        if not _CODE.fullmatch(field) or len(values) > 1000 or not all(_is_plain(item) for item in values):
            raise PersonalPayload(field)


def _is_plain(value: object) -> bool:
    if value is None or isinstance(value, bool | uuid.UUID):
        return True
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, str) and bool(_CODE.fullmatch(value)) and not _LONG_NUMBER.search(value)


def run(job_id: int, *, now: datetime) -> str:
    """Runs one job if it is due and free: "done", "later", "failed", "dead", "lost" (its lease was taken over), or "skipped"."""
    claimed = _claim(now=now, job_id=job_id)
    return _execute(claimed, now=now) if claimed else "skipped"


def sweep(*, now: datetime, limit: int = 200) -> int:
    """Runs due jobs and those whose worker died, one after another, for at most SWEEP_SECONDS. Returns how many it ran."""
    return _run_due(now=now, limit=limit, until=time.monotonic() + SWEEP_SECONDS)


def drain(*, now: datetime, limit: int = 100_000) -> int:
    """Runs everything due at `now`, and what that enqueues, in this process. Returns how many it ran."""
    return _run_due(now=now, limit=limit, until=float("inf"))


def _run_due(*, now: datetime, limit: int, until: float) -> int:
    count = 0
    while count < limit and time.monotonic() < until:
        claimed = _claim(now=now)
        if claimed is None:
            break
        _execute(claimed, now=now)
        count += 1
    return count


def _labels() -> list[str]:
    return [label for handlers in _handlers.values() for label in handlers]


def _claim(*, now: datetime, job_id: int | None = None) -> Job | None:
    """Takes the lease of one job in its own transaction: a due one, or a running one whose row nobody holds although its worker had time to.

    A worker holds its row's lock while it works, and the database lets go of it in the moment the worker dies: that is the sign of death, and
    the lease only its last bound. One that was merely slow between its claim and its lock finds another's token there and does nothing.
    Leases are kept by the database's clock, because they measure processes and not business. A handler nobody registered here is left alone.
    """
    one = "id = %(id)s AND" if job_id is not None else ""
    free = f"""
        SELECT id FROM core_job WHERE {one} handler = ANY(%(labels)s) AND
        {{due}} ORDER BY {{order}} LIMIT 1 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - fixed text
    due = free.format(due="state = 'waiting' AND (next_at IS NULL OR next_at <= %(now)s)", order="next_at ASC NULLS FIRST, id")
    unstarted = "state = 'running' AND lease_until < clock_timestamp() + make_interval(secs => %(unstarted)s)"
    orphaned = free.format(due=unstarted, order="lease_until")
    lease = f"""
        UPDATE core_job SET state = 'running', attempts = attempts + 1, lease_token = %(token)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s) WHERE id = coalesce(({orphaned}), ({due})) RETURNING *"""  # noqa: S608 - fixed text
    values = {"id": job_id, "labels": _labels(), "now": now, "token": uuid.uuid4(), "lease": LEASE_SECONDS, "unstarted": max(LEASE_SECONDS - START_SECONDS, 0)}
    with transaction.atomic():
        return next(iter(Job.objects.raw(lease, values)), None)


class _LeaseLost(Exception):
    """Someone else took this job over: undo."""


def _execute(job: Job, *, now: datetime) -> str:
    """The handler's effect and the completion mark, in one transaction."""
    handler = _handlers[job.name][job.handler]
    context = JobContext(id=job.pk, key=job.key, payload=job.payload, attempts=job.attempts, now=now)
    try:
        with transaction.atomic():
            _hold(job)
            answer = handler(job=context)
            if isinstance(answer, RetryLater):
                _postpone(job, answer, now=now)
                return "later"
            _settle(job, state="done", done_at=now, last_error="")
        return "done"
    except _LeaseLost:
        return "lost"
    except RetryLater as later:
        with transaction.atomic():
            _postpone(job, later, now=now)
        return "later"
    except Exception as error:
        return _fail(job, error, now=now)


def _hold(job: Job) -> None:
    """Locks the row for as long as the handler runs: while we live nobody takes it over, when we die the database lets go at once.

    It waits for the lock: another sweeper that looked at this row a moment before we claimed it holds it until its own short claim ends.
    """
    mine = Job.objects.select_for_update(no_key=True).filter(pk=job.pk, state="running", lease_token=job.lease_token)
    if not mine.values_list("pk", flat=True).first():
        raise _LeaseLost


def _settle(job: Job, *, state: str, **columns: Any) -> None:
    mine = Job.objects.filter(pk=job.pk, state="running", lease_token=job.lease_token)
    if mine.update(state=state, lease_token=None, lease_until=None, **columns) != 1:
        raise _LeaseLost


def _postpone(job: Job, later: RetryLater, *, now: datetime) -> None:
    _settle(job, state="waiting", next_at=now + timedelta(seconds=later.seconds), last_error=later.reason[:200])


def _fail(job: Job, error: Exception, *, now: datetime) -> str:
    failures = job.failures + 1
    dead = failures >= job.max_attempts
    text = _redacted(error)
    log.warning("outbox: job %s (%s) failed %s times: %s", job.pk, job.handler, failures, text)
    try:
        with transaction.atomic():
            wait = timedelta(seconds=min(2**failures, _LONGEST_WAIT))
            _settle(job, state="dead" if dead else "waiting", failures=failures, next_at=now + wait, last_error=text)
    except _LeaseLost:
        return "lost"
    return "dead" if dead else "failed"


def _redacted(error: Exception) -> str:
    """The class, our own code and the place: messages may quote a person's data, so they are left out."""
    base = str(settings.BASE_DIR)
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(base) and "site-packages" not in frame.filename]
    place = f" at {Path(ours[-1].filename).relative_to(base)}:{ours[-1].lineno}" if ours else ""
    code = getattr(error, "code", "")
    code = f" [{code}]" if isinstance(code, str) and _CODE.fullmatch(code) and code else ""
    return f"{type(error).__name__}{code}{place}"[:200]


def retry(job: Job, *, by: int | None, now: datetime) -> None:
    """Staff give a dead job another full set of attempts. Raises NotDead."""
    if job.state != "dead":
        raise NotDead
    move(job, "waiting", now=now, by=by, why="retried_by_staff", failures=0, next_at=None)
    transaction.on_commit(lambda: bell.ring([job.pk]), robust=True)


def retry_all(jobs: Iterable[Job], *, by: int | None, now: datetime) -> int:
    """Retries the dead ones among `jobs`; returns how many."""
    dead = [job for job in jobs if job.state == "dead"]
    for job in dead:
        retry(job, by=by, now=now)
    return len(dead)


def oldest_due_seconds(now: datetime) -> float:
    """How long the oldest job has been due, in seconds: the health of the workers. 0 when nothing waits."""
    due = Q(state="waiting") & (Q(next_at=None) | Q(next_at__lte=now)) | Q(state="running", lease_until__lt=now)
    oldest = Job.objects.filter(due).annotate(due_at=Coalesce(F("next_at"), F("created_at"))).order_by("due_at").values_list("due_at", flat=True).first()
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def unheard() -> list[tuple[str, str]]:
    """(name, handler) of waiting jobs whose handler this installation no longer has: they wait and are shown."""
    waiting = Job.objects.filter(state="waiting").exclude(handler__in=_labels())
    return sorted(waiting.values_list("name", "handler").distinct())
