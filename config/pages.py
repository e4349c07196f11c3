"""The pages anybody may read: the front page with its live figures, how it works, help, definitions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import figures

# Measured gain in AUC from what is known about the people around a borrower, against the borrower's own data (95% interval of the first).
# Our own study of public lending data; the circle's interval includes zero on every set.
EVIDENCE: tuple[dict[str, Any], ...] = (
    {"name": "Prosper 2006–08", "n": 6_799, "circle": Decimal("0.0010"), "low": "−0.0003", "high": "+0.0022", "own": Decimal("0.100")},
    {"name": "Prosper 2009–14", "n": 7_713, "circle": Decimal("0.0023"), "low": "−0.0003", "high": "+0.0045", "own": Decimal("0.019")},
    {"name": gettext_lazy("Prosper, full columns"), "n": 1_278, "circle": Decimal("0.001"), "low": "−0.006", "high": "+0.007", "own": Decimal("0.083")},
    {"name": "Home Credit", "n": 5_316, "circle": Decimal("0.001"), "low": "−0.003", "high": "+0.006", "own": Decimal("0.120")},
    {"name": "German Credit", "n": 1_000, "circle": Decimal("0.003"), "low": "−0.002", "high": "+0.007", "own": Decimal("0.093")},
)
SCALE = Decimal("0.125")  # AUC at the right end of the chart


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    evidence = [{**row, "circle_share": f"{row['circle'] / SCALE:.2%}", "own_share": f"{row['own'] / SCALE:.2%}"} for row in EVIDENCE]
    return render(request, "pages/home.html", {**figures.front_page(now=timezone.now()), "evidence": evidence})


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
def definitions(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/definitions.html")
