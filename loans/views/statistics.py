"""Public figures: how the loans fare by the quarter they were paid out in, and the loan tape; each page with the same figures as CSV."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core import business_day
from loans import statistics, tape

KEEP_SECONDS = 600
KEEP_TAPE_SECONDS = 86_400  # it speaks of a month that is over
PARTS = (
    ("repaid", "b1", gettext_lazy("Repaid")),
    ("current", "b2", gettext_lazy("On schedule")),
    ("late_30", "hatch", gettext_lazy("1 to 30 days late")),
    ("late_60", "dots", gettext_lazy("31 to 60 days late")),
    ("late_90", "b3", gettext_lazy("61 to 90 days late")),
    ("late_more", "grid", gettext_lazy("More than 90 days late")),
    ("written_off", "ba", gettext_lazy("Written off")),
)


def _told() -> list[statistics.Cohort]:
    """Read every ten minutes at the most, whoever asks."""
    today, currency = business_day.current(), settings.DEFAULT_CURRENCY
    key = f"statistics:{today.isoformat()}"
    known = cache.get(key)
    if known is None:
        known = statistics.published(as_of=today, currency=currency)
        cache.set(key, known, timeout=KEEP_SECONDS)
    found: list[statistics.Cohort] = known
    return found


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    told = _told()
    whole = statistics.together(told) if told else None
    context = {
        "today": business_day.current(),
        "currency": settings.DEFAULT_CURRENCY,
        "whole": whole,
        "parts": _parts(whole) if whole else [],
        "columns": [label for _code, _fill, label in PARTS],
        "cohorts": [{"cohort": one, "shares": [one.shares[code] for code, _fill, _label in PARTS]} for one in told],
        "chart": _chart(told),
        "smallest": statistics.SMALLEST,
        "tape_day": tape.latest(business_day.current()),
        "k": tape.K,
    }
    return render(request, "loans/statistics.html", context)


def _parts(whole: statistics.Cohort) -> list[dict[str, Any]]:
    return [{"label": label, "fill": fill, "value": getattr(whole, code)} for code, fill, label in PARTS if getattr(whole, code)]


def _chart(told: list[statistics.Cohort]) -> dict[str, Any]:
    return {
        "id": "originations",
        "title": _("Lent, by quarter"),
        "summary": _("What was paid out in each quarter, in principal."),
        "currency": settings.DEFAULT_CURRENCY,
        "series": [{"key": "lent", "label": _("Lent"), "fill": "b1"}],
        "rows": [{"label": one.name, "tick": one.name[:7], "values": {"lent": one.originated}} for one in told],
    }


def _csv(name: str, content: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@require_safe
def cohorts_csv(request: HttpRequest) -> HttpResponse:
    rows = statistics.as_rows(_told())
    return _csv("cohorts.csv", _lines([list(rows[0]) if rows else ["cohort"], *[list(row.values()) for row in rows]]))


@require_safe
def tape_csv(request: HttpRequest) -> HttpResponse:
    """As of a month's end at least thirty days past, de-identified; the last line says how many loans are left out."""
    as_of = tape.latest(business_day.current())
    return _csv(f"loan-tape-{as_of.isoformat()}.csv", _tape(as_of))


def _tape(as_of: date) -> str:
    """The whole book is read once a day at the most; its many like lines are kept packed."""
    key = f"loan-tape:{as_of.isoformat()}"
    packed = cache.get(key)
    if packed is None:
        found = tape.read(as_of=as_of, currency=settings.DEFAULT_CURRENCY, zone=settings.TIME_ZONE)
        lines = [[*line.keys, line.state, f"{line.repaid_tenths * 10}%"] for line in found.lines]
        head = ["quarter", "term_months", "amount", "rate", f"state_{as_of.isoformat()}", "repaid_at_least"]
        packed = gzip.compress(_lines([head, *lines, ["left_out", found.left_out]]).encode())
        cache.set(key, packed, timeout=KEEP_TAPE_SECONDS)
    return gzip.decompress(packed).decode()
