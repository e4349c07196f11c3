"""The run of one day: its phases and shards, by one process in a row or by many workers through the outbox."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from accounts import audit
from accounts.models import User
from core import business_day, outbox
from core.outbox import JobContext, handles
from core.refusals import Conflict
from loans.day import close, collect, prove
from loans.models import AutopayOrder, DayRun, DayShard, ParkedLoan, Standing

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
LOANS_PER_SHARD = 20_000
ORDERS_PER_SHARD = 200
Phase = DayRun.Phase


class UnableToClose(Conflict):
    """The day cannot be closed now; `code` says why: day_skipped, or day_past."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def close_day(*, to: date, now: datetime) -> None:
    """Move the business day forward to `to` and close every day left behind, one after the other, in this process. None is closed twice."""
    finish_open(now=now)
    while (day := business_day.current()) < to:
        with suppress(business_day.NotForward):  # another process was faster; its run is joined
            _turn(day, now=now, queue=False)
        run_day(on=day, now=now)


def finish_open(*, now: datetime) -> None:
    """Go on with a run that was left unfinished."""
    run = DayRun.objects.exclude(phase=Phase.FINISHED).order_by("on").first()
    if run is not None:
        run_day(on=run.on, now=now)


@transaction.atomic
def _turn(day: date, *, now: datetime, queue: bool) -> DayRun:
    """The business day turns, and the run that closes the old one exists: both or neither."""
    business_day.advance(to=day + DAY, now=now)
    return open_run(on=day, now=now, queue=queue)


def run_day(*, on: date, now: datetime) -> DayRun:
    """Close `on`, going on where an earlier run stopped. A finished day does nothing. Raises UnableToClose."""
    run = open_run(on=on, now=now, queue=False)
    while run.phase != Phase.FINISHED:
        for shard in run.shards.filter(phase=run.phase, done=False).order_by("number"):
            work(shard.pk, now=now)
        advance(run.pk, now=now)
        run.refresh_from_db()
    return run


def begin(*, to: date, now: datetime) -> DayRun | None:
    """Let the workers close the next day before `to`; returns its run. The last shard of a day begins the day after.

    A run that stands still (its jobs were given up) is finished here.
    """
    stuck = DayRun.objects.exclude(phase=Phase.FINISHED).order_by("on").first()
    if stuck is not None:
        return run_day(on=stuck.on, now=now) if stuck.started_at < now - timedelta(minutes=30) else stuck
    day = business_day.current()
    if day >= to:
        return None
    try:
        return _turn(day, now=now, queue=True)
    except business_day.NotForward:  # another process was faster
        return DayRun.objects.filter(on=day).first()


@transaction.atomic
def open_run(*, on: date, now: datetime, queue: bool) -> DayRun:
    """The run of that day with the shards of its first phase."""
    run = DayRun.objects.filter(on=on).first()
    if run is not None:
        return run
    last = DayRun.objects.order_by("-on").first()
    if last is not None and last.on > on:
        raise UnableToClose("day_past")
    if last is not None and last.on < on - DAY:
        raise UnableToClose("day_skipped")
    run, created = DayRun.objects.get_or_create(on=on, defaults={"started_at": now})
    if created:
        ends = Standing.objects.filter(live=True).aggregate(first=Min("loan_id"), last=Max("loan_id"))
        _divide(run, Phase.CLOSING, ends, LOANS_PER_SHARD, queue=queue)
    return run


def _divide(run: DayRun, phase: int, ends: dict[str, int | None], size: int, *, queue: bool) -> None:
    """Shards over a stretch of ids, and a job for each when workers are to do them."""
    first, last = ends["first"], ends["last"]
    starts = range(first, last + 1, size) if first is not None and last is not None else range(0)
    shards = [DayShard(run=run, phase=phase, number=n, first_id=start, last_id=min(start + size - 1, last or 0)) for n, start in enumerate(starts, start=1)]
    DayShard.objects.bulk_create(shards)
    if queue:
        for shard in shards:
            outbox.enqueue("loans.day.shard", key=f"day:{run.on.isoformat()}:{phase}:{shard.number}", payload={"shard": shard.pk})
        if not shards:
            outbox.enqueue("loans.day.shard", key=f"day:{run.on.isoformat()}:{phase}:0", payload={"run": run.pk})


@transaction.atomic
def work(shard_id: int, *, now: datetime) -> bool:
    """Do one shard, unless it is done. Another worker on the same one waits and then finds it done."""
    shard = DayShard.objects.select_for_update(of=("self",)).select_related("run").get(pk=shard_id)
    if shard.done:
        return False
    if shard.phase == Phase.CLOSING:
        shard.figures = asdict(close.close(shard.first_id, shard.last_id, day=shard.run.on, now=now))
    else:
        shard.figures = collect.collect(shard.first_id, shard.last_id, run=shard.run, today=shard.run.on + DAY, now=now)
    shard.done = True
    shard.save(update_fields=["done", "figures"])
    return True


@transaction.atomic
def advance(run_id: int, *, now: datetime, queue: bool = False) -> bool:
    """When every shard of the phase is done, begin the next. Returns whether the run is finished now by this call."""
    run = DayRun.objects.select_for_update().get(pk=run_id)
    if run.phase == Phase.FINISHED or run.shards.filter(phase=run.phase, done=False).exists():
        return False
    _sum_up(run)
    if run.phase == Phase.CLOSING:
        run.figures["orders"] = collect.decide(run, today=run.on + DAY)
        ends = AutopayOrder.objects.filter(run=run).aggregate(first=Min("pk"), last=Max("pk"))
        run.phase = Phase.COLLECTING
        _divide(run, Phase.COLLECTING, ends, ORDERS_PER_SHARD, queue=queue)
    elif run.phase == Phase.COLLECTING:
        run.figures |= prove.write_book(run)
        run.figures["wrong"] = prove.prove(as_of=run.on)
        run.phase, run.finished_at = Phase.FINISHED, now
        outbox.enqueue("loans.day.finished", key=f"day:{run.on.isoformat()}:finished", payload={"run": run.pk})
    run.save(update_fields=["phase", "figures", "finished_at"])
    return run.phase == Phase.FINISHED


def _sum_up(run: DayRun) -> None:
    for figures in run.shards.filter(phase=run.phase).values_list("figures", flat=True):
        for name, value in figures.items():
            run.figures[name] = run.figures.get(name, 0) + value


@handles("loans.day.shard")
def on_shard(*, job: JobContext) -> None:
    """A worker's part; whoever does the last of a phase opens the next, and after the last phase the next day."""
    payload: dict[str, Any] = job.payload
    if "shard" in payload:
        work(payload["shard"], now=job.now)
        run_id = DayShard.objects.values_list("run_id", flat=True).get(pk=payload["shard"])
    else:
        run_id = payload["run"]
    if advance(run_id, now=job.now, queue=True):
        outbox.enqueue("loans.day.next", key=f"day:next:{run_id}", payload={"run": run_id})


@handles("loans.day.next")
def on_next(*, job: JobContext) -> None:
    """The day after, if the calendar is further on."""
    from django.utils import timezone

    begin(to=timezone.localdate(job.now), now=job.now)


class UnableToRelease(Conflict):
    """The loan still cannot be closed; `message` says what stopped it."""

    code = "still_parked"


@transaction.atomic
def release(parked: ParkedLoan, *, by: User | None, as_of: date, now: datetime) -> None:
    """A person has put the cause right: the loan is replayed up to the book. Raises UnableToRelease: it stays parked. Released already: nothing happens."""
    if not ParkedLoan.objects.filter(pk=parked.pk, released_at=None).update(released_at=now):
        return
    try:
        with transaction.atomic():
            close.bring_to(parked.loan_id, day=as_of - DAY, now=now)
    except Exception as error:
        refusal = UnableToRelease()
        refusal.message = close.reason_of(error)
        raise refusal from error
    Standing.objects.filter(pk=parked.loan_id).update(parked=False)
    if by is not None:
        audit.record(actor=by, action="loan.released", target=parked.loan.reference, now=now)
