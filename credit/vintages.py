"""Watching outcomes: each month, what came of the probabilities of loans that reached three, six and twelve months on book; what rings, and the
recalibration it asks for. A person signs that, or nothing changes.

A young loan that still pays proves little: at each age only the share of defaults is expected that comes by then.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.utils.translation import gettext_noop

from credit import champion, monitoring, serving, watch
from credit.champion import UnableToChange
from credit.models import ModelAlarm, ModelChange, MonthOfOutcomes
from credit.monitoring import Vector
from credit.policy import Calibration

AGES = (3, 6, 12)  # months on book
CHARTED = (6, 12)
MONTH_LEAST = 200  # loans a month the charts are set for at the least
WHY = gettext_noop("The monitoring of outcomes rang.")


@dataclass(frozen=True)
class Lent:
    """A loan as its decision saw it. `bad_by`: the month on book by which it had defaulted; None: it has not."""

    model: str
    model_sha256: str
    pd: Decimal
    grade: str
    decided_at: datetime
    month: date  # first day of the month it was paid out in
    bad_by: int | None

    def bad(self, age: int) -> bool:
        return self.bad_by is not None and self.bad_by <= age


def outcomes(loans: Iterable[Lent], *, today: date, now: datetime) -> list[ModelAlarm]:
    """Every month that has closed and was not looked at yet, of every file of a model. Safe to repeat. Returns what rang."""
    files: dict[tuple[str, str], list[Lent]] = defaultdict(list)
    for each in sorted(loans, key=lambda loan: (loan.month, loan.decided_at)):
        files[each.model, each.model_sha256].append(each)
    return [alarm for (model, sha256), rows in files.items() for alarm in _file(model, sha256, rows, today=today, now=now)]


@transaction.atomic
def _file(model: str, sha256: str, rows: Sequence[Lent], *, today: date, now: datetime) -> list[ModelAlarm]:
    done = set(MonthOfOutcomes.objects.filter(model_sha256=sha256, grade="").values_list("month", "months_on_book"))
    found = []
    for month in _months(rows[0].month, today):
        for age in AGES:
            cohort = [each for each in rows if _later(each.month, age) == month]
            if cohort and (month, age) not in done:
                _keep(model, sha256, month, age, cohort, _curve(rows, month))
                found += _rings(model, sha256, rows, month, age, now=now) if age in CHARTED else []
                if age == monitoring.YEAR and _unanswered(sha256):
                    _propose(model, sha256, [each for each in rows if _later(each.month, age) <= month], now=now)
    return found


def _months(first: date, today: date) -> Iterator[date]:
    """Closed months."""
    month = first
    while _later(month, 1) <= today:
        yield month
        month = _later(month, 1)


def _later(month: date, months: int) -> date:
    years, place = divmod(month.month - 1 + months, 12)
    return date(month.year + years, place + 1, 1)


def _curve(rows: Sequence[Lent], month: date) -> Vector:
    """When those defaulted that had their whole year."""
    whole = [each.bad_by for each in rows if _later(each.month, monitoring.YEAR) <= month and each.bad_by is not None and each.bad_by <= monitoring.YEAR]
    return monitoring.vintage_curve(whole)


def _keep(model: str, sha256: str, month: date, age: int, cohort: Sequence[Lent], curve: Vector) -> None:
    share = monitoring.expected_share(age, curve.tolist())
    for grade in ("", *sorted({each.grade for each in cohort})):
        mine = [each for each in cohort if grade in ("", each.grade)]
        pd = np.array([float(each.pd) for each in mine]) * share
        found = monitoring.observed_to_expected(np.array([each.bad(age) for each in mine]), pd)
        MonthOfOutcomes.objects.create(
            model=model,
            model_sha256=sha256,
            month=month,
            months_on_book=age,
            grade=grade,
            loans=len(mine),
            expected=Decimal(found["expected"]).quantize(Decimal("0.001")),
            observed=found["observed"],
            low=found["low"],
            high=found["high"],
        )


def _rings(model: str, sha256: str, rows: Sequence[Lent], month: date, age: int, *, now: datetime) -> list[ModelAlarm]:
    """The charts of loans of that age, from where they last started anew: after an alarm, and when a recalibration came into force."""
    since = _restarted(sha256, age)
    charted = [each for each in rows if _later(each.month, age) <= month and (since is None or _later(each.month, age) > since)]
    fresh = sum(_later(each.month, age) == month for each in charted)
    if not charted:
        return []
    odds = _odds(model, sha256, charted)
    bad = np.array([float(each.bad(age)) for each in charted])
    share = np.full(len(charted), monitoring.expected_share(age, _curve(rows, month).tolist()))
    rang = monitoring.outcomes_alarm(
        odds,
        bad,
        middle=float(odds.mean()),
        per_month=max(fresh, MONTH_LEAST),
        share=share,
        charts=monitoring.CHARTS * len(CHARTED),
        since=len(charted) - fresh,
    )
    if rang is None:
        return []
    return [watch.alarm(model, sha256, rang.kind, rang.about, rang.after - len(charted) + fresh, on=month, now=now, months_on_book=age)]


def _restarted(sha256: str, age: int) -> date | None:
    rang = ModelAlarm.objects.filter(model_sha256=sha256, about="outcome", months_on_book=age).order_by("-on").values_list("on", flat=True).first()
    signed = ModelChange.objects.filter(kind="recalibrate", model_sha256=sha256, state="signed").order_by("-answered_at").first()
    moments = [rang, signed.answered_at.date().replace(day=1) if signed and signed.answered_at else None]
    return max((each for each in moments if each), default=None)


def _unanswered(sha256: str) -> bool:
    """Whether outcomes rang and no recalibration was proposed since. The first alarms come before any loan has had its whole year."""
    rang = ModelAlarm.objects.filter(model_sha256=sha256, about="outcome").order_by("-at").values_list("at", flat=True).first()
    asked = ModelChange.objects.filter(kind="recalibrate", model_sha256=sha256).order_by("-proposed_at").values_list("proposed_at", flat=True).first()
    return rang is not None and (asked is None or asked < rang)


def _odds(model: str, sha256: str, rows: Sequence[Lent]) -> Vector:
    """Log-odds as the model would say them today: what was in force at the time is taken out, what is in force now put in."""
    raw, now = _raw(model, sha256, rows), champion.calibration(model) if serving.digest(model) == sha256 else None
    return raw if now is None else float(now.intercept) + float(now.slope) * raw


def _raw(model: str, sha256: str, rows: Sequence[Lent]) -> Vector:
    known = champion.calibrations(model, sha256)
    return np.array([_undone(float(each.pd), next((by for at, by in known if at <= each.decided_at), None)) for each in rows])


def _undone(pd: float, by: Calibration | None) -> float:
    inside = min(max(pd, 1e-9), 1 - 1e-9)
    odds = math.log(inside / (1 - inside))
    return odds if by is None else (odds - float(by.intercept)) / float(by.slope)


def _propose(model: str, sha256: str, mature: Sequence[Lent], *, now: datetime) -> ModelChange | None:
    """A recalibration from loans with their whole year, where there are enough of them. One that waits already is answered first."""
    if model not in serving.names() or serving.digest(model) != sha256 or not mature:
        return None
    bad = np.array([float(each.bad(monitoring.YEAR)) for each in mature])
    made = monitoring.proposal(_raw(model, sha256, mature), bad, why=WHY)
    if made is None:
        return None
    before = abs(float((1 / (1 + np.exp(-_odds(model, sha256, mature))) - bad).mean()))
    figures = Calibration(*(Decimal(each).quantize(Decimal("0.000001")) for each in (made.intercept, made.slope)))
    evidence: Mapping[str, float] = {"loans": made.loans, "bads": made.bads, "error_before": round(before, 6), "error_after": round(made.error_after, 6)}
    try:
        return champion.propose_recalibration(model=model, by_figures=figures, why=WHY, evidence=evidence, by=None, now=now)
    except UnableToChange:
        return None
