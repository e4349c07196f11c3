"""The public calculator: a form in the address, two methods side by side, the same figures as CSV. Works without script."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loans import calculator as calculators
from loans.calculator import Plan
from loans.forms import METHOD_WORDS, CalculatorForm
from loans.schedule import UnableToSchedule

EXAMPLE = {
    "amount": "100000.00",
    "rate": "9.6",
    "periods": "12",
    "period": "month",
    "method": "equal_installment",
    "other": "equal_principal",
    "fee": "800.00",
    "day_count": "equal_period",
}
WORDS = dict(METHOD_WORDS)


def _form(request: HttpRequest) -> CalculatorForm:
    return CalculatorForm(request.GET if "amount" in request.GET else EXAMPLE)


def _plans(form: CalculatorForm) -> list[Plan]:
    """The chosen method and the one it is compared with; none where the figures make no schedule, and the form says why."""
    if not form.is_valid():
        return []
    chosen = dict.fromkeys([form.cleaned_data["method"], form.cleaned_data["other"]])
    try:
        return [calculators.plan(form.terms(method), fee=form.cleaned_data["fee"] or 0) for method in chosen if method]
    except UnableToSchedule as error:
        form.refuse(error)
        return []


@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    plans = _plans(form)
    currency = settings.DEFAULT_CURRENCY
    shown: list[dict[str, Any]] = [
        {"plan": one, "words": WORDS[one.method], "chart": calculators.chart(one, title=str(WORDS[one.method]), currency=currency)} for one in plans
    ]
    context = {"form": form, "shown": shown, "currency": currency, "query": request.GET.urlencode() if "amount" in request.GET else ""}
    return render(request, "loans/calculator.html", context, status=422 if form.errors else 200)


@require_safe
def calculator_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    plans = _plans(form)
    if form.errors:
        return calculator(request)
    response = HttpResponse(calculators.as_csv(plans, currency=settings.DEFAULT_CURRENCY), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="schedule.csv"'
    return response
