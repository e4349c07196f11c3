"""Watching applicants: each week, how the inputs and scores of decisions stand to the first that the same file of a model made, and charts that ring.

The facts of each decision are opened once, as the installation's own look; what is kept are counts, shares and where the charts stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from core import outbox
from credit import monitoring
from credit.models import Decision, ModelAlarm, Watch, WeekOfInputs
from credit.monitoring import Reference, Vector, Watched
from privacy import vault

FIRST = 500  # decisions that make the reference
WEEK_LEAST = 200  # decisions of a week; the index of fewer is mostly noise and asks for nothing
MONTH_LEAST = 200  # decisions a month the charts are set for at the least
WEEK = timedelta(days=7)
NUMBERS = ("amount", "term_months", "income_monthly", "debt_monthly", "debt_total", "debt_other_platforms", "overdue_count_6m", "months_at_work")
CODES = ("purpose", "currency", "occupation", "housing")
Levels = Mapping[str, list[str]]
STEP = Decimal("0.0001")


def inputs(*, today: date, now: datetime) -> list[ModelAlarm]:
    """Every week that has closed and was not looked at yet, of every file of a model that decides. Safe to repeat. Returns what rang."""
    files = Decision.objects.order_by().values_list("model", "model_sha256").distinct()
    return [alarm for model, sha256 in files for alarm in _file(model, sha256, today=today, now=now)]


@transaction.atomic
def _file(model: str, sha256: str, *, today: date, now: datetime) -> list[ModelAlarm]:
    Watch.objects.get_or_create(model_sha256=sha256, defaults={"model": model, "made_at": now})
    watch = Watch.objects.select_for_update().get(model_sha256=sha256)
    if watch.reference is None and not _refer(watch, now=now):
        return []
    assert watch.through is not None
    found = []
    while watch.through + WEEK < today:
        found += _week(watch, watch.through + timedelta(days=1), now=now)
    return found


def _refer(watch: Watch, *, now: datetime) -> bool:
    """Makes the reference of the first decisions, once there are enough. The first week looked at is the one after them."""
    rows = list(_decisions(watch)[:FIRST])
    if len(rows) < FIRST:
        return False
    facts, odds = _opened(rows, now=now)
    levels = {name: sorted({str(each[name]) for each in facts if each[name] is not None}) for name in CODES}
    made = monitoring.reference(_columns(facts, levels), odds)
    last = timezone.localdate(rows[-1].decided_at)
    watch.reference = {"levels": levels, "inputs": [_plain(each) for each in made.inputs], "score": _plain(made.score), "loans": made.loans}
    watch.reference_until, watch.through = rows[-1].decided_at, last + timedelta(days=6 - last.weekday())
    watch.save(update_fields=["reference", "reference_until", "through"])
    return True


def _week(watch: Watch, monday: date, *, now: datetime) -> list[ModelAlarm]:
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (monday, monday + WEEK))
    rows = list(_decisions(watch).filter(decided_at__gte=begin, decided_at__lt=end))
    facts, odds = _opened(rows, now=now)
    alarms = _judged(watch, monday, facts, odds, now=now) if facts else []
    watch.through = monday + timedelta(days=6)
    watch.save(update_fields=["through", "charts"])
    return alarms


def _judged(watch: Watch, monday: date, facts: Sequence[Mapping[str, Any]], odds: Vector, *, now: datetime) -> list[ModelAlarm]:
    assert watch.reference is not None
    known, columns = _known(watch.reference), _columns(facts, watch.reference["levels"])
    found = monitoring.stability(known, columns, odds)
    few = len(facts) < WEEK_LEAST
    for name, row in found.items():
        asks = WeekOfInputs.AsksFor.TOO_FEW if few else row["asks_for"]
        WeekOfInputs.objects.create(watch=watch, week=monday, name=name, decisions=len(facts), index=Decimal(row["index"]).quantize(STEP), asks_for=asks)
    rang, watch.charts = monitoring.follow(known, columns, watch.charts, per_month=_per_month(watch, monday))
    alarms = [(rang.kind, rang.about, rang.after)] if rang else []
    if not few and found["score"]["asks_for"] == "stop":
        alarms.append(("stop", "score", len(facts)))
    return [alarm(watch.model, watch.model_sha256, *each, on=monday + timedelta(days=6), now=now) for each in alarms]


def alarm(model: str, sha256: str, kind: str, about: str, after: int, *, on: date, now: datetime, months_on_book: int = 0) -> ModelAlarm:
    """Kept, and told to whoever owns or signs models."""
    made = ModelAlarm.objects.create(model=model, model_sha256=sha256, kind=kind, about=about, after=after, on=on, at=now, months_on_book=months_on_book)
    outbox.enqueue("model.rang", key=f"model_alarm:{made.pk}", payload={"alarm": made.pk})
    return made


def _per_month(watch: Watch, monday: date) -> int:
    begin = timezone.make_aware(datetime.combine(monday - 3 * WEEK, time.min))
    return max(_decisions(watch).filter(decided_at__gte=begin, decided_at__lt=begin + 4 * WEEK).count(), MONTH_LEAST)


def _decisions(watch: Watch) -> Any:
    """Those with a score: without one, a person decides, and there is nothing to watch."""
    return Decision.objects.filter(model_sha256=watch.model_sha256, pd__isnull=False).order_by("decided_at", "pk")


def _opened(rows: Iterable[Decision], *, now: datetime) -> tuple[list[Mapping[str, Any]], Vector]:
    """Facts and log-odds of decisions; without those whose person was erased or whose time is over."""
    rows = list(rows)
    opened = vault.open_sealed(rows, ["facts"], engine="credit.watch", purpose="automated_decision", now=now)
    left = [row for row in rows if opened[row.pk] and opened[row.pk]["facts"]]
    pd = np.clip(np.array([float(row.pd or 0) for row in left]), 1e-9, 1 - 1e-9)
    return [opened[row.pk]["facts"]["facts"] for row in left], np.asarray(np.log(pd / (1 - pd)))


def _columns(facts: Sequence[Mapping[str, Any]], levels: Levels) -> dict[str, Vector]:
    """Numbers as they are, codes by their place among those of the reference; what is missing or was never met is "not known"."""
    columns = {name: np.array([_number(each[name]) for each in facts]) for name in NUMBERS}
    for name in CODES:
        places = {level: float(place) for place, level in enumerate(levels[name])}
        columns[name] = np.array([places.get(str(each[name]), np.nan) for each in facts])
    return columns


def _number(value: int | None) -> float:
    return np.nan if value is None else float(value)


def _plain(each: Watched) -> dict[str, Any]:
    return {"name": each.name, "edges": each.edges.tolist(), "shares": each.shares.tolist()}


def _known(kept: Mapping[str, Any]) -> Reference:
    def watched(each: Mapping[str, Any]) -> Watched:
        return Watched(each["name"], np.array(each["edges"], dtype=float), np.array(each["shares"]))

    return Reference(tuple(watched(each) for each in kept["inputs"]), watched(kept["score"]), kept["loans"])
