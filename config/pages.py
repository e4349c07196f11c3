"""The pages anybody may read: the front page with its live figures, how it works, help, definitions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config import circle_figures, figures, outcomes
from core import business_day
from credit import cards

SCALE = 0.175  # AUC at the right end of the chart


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    evidence = [_measured(row) for row in cards.evidence()["sets"] for measured in row["measured"] if measured["kind"] == "circle"]
    contacts = SimpleLazyObject(lambda: circle_figures.read(now=timezone.now()))
    return render(request, "pages/home.html", {**figures.front_page(now=timezone.now()), "evidence": evidence, "contacts": contacts})


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    """A set of the circle study as the front page draws it: both gains, their bars, and the interval of the circle's."""
    circle, own = row["measured"][0]["set_aside"], row["own_data"]["set_aside"]
    bars = {"circle_share": f"{max(circle['delta_auc'], 0) / SCALE:.2%}", "own_share": f"{own['delta_auc'] / SCALE:.2%}"}
    low, high = (cards.signed(end) for end in circle["interval"])
    shown = {"circle": cards.signed(circle["delta_auc"]), "own": cards.signed(own["delta_auc"], 3), "low": low, "high": high}
    return {"name": cards.said(row["title"]), "n": circle["rows"], **bars, **shown}


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    example = figures.worked_example()
    chart = {
        "id": "example",
        "title": _("Twelve installments of the example, by month"),
        "summary": _("Equal installments; the part that is interest falls from month to month."),
        "currency": example["currency"],
        "series": [{"key": "principal", "label": _("Principal"), "fill": "b1"}, {"key": "interest", "label": _("Interest"), "fill": "hatch"}],
        "rows": [{**row, "label": _("Month %(number)s") % {"number": row["label"]}} for row in example["chart_rows"]],
    }
    return render(request, "pages/how.html", {**example, "chart": chart})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help.html")


@require_safe
def circle(request: HttpRequest) -> HttpResponse:
    """Do you contact my circle? The answer, its conditions, and the count as it stands this moment."""
    return render(request, "pages/circle.html", {"figures": circle_figures.read(now=timezone.now())})


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """How our decisions turned out, by grade and quarter, and how often another person decided otherwise."""
    return render(request, "pages/outcomes.html", outcomes.read(as_of=business_day.current()))


@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/definitions.html")
