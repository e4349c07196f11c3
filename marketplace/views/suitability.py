"""Does lending suit me? The test, its outcome with the loss simulation, and the warning that is confirmed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import party_required
from core.idempotency import once_per_form
from marketplace import portfolio as portfolios
from marketplace.models import SuitabilityCheck
from marketplace.suitability import check as checks
from marketplace.suitability import pack as packs
from marketplace.suitability import questions, rules, standings
from marketplace.suitability.forms import AcknowledgeForm, SuitabilityForm
from marketplace.suitability.pack import Pack
from marketplace.views.common import acting, market_currency

LOSSES = (10, 25, 50, 100)


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def suitability(request: HttpRequest) -> HttpResponse:
    """GET the outcome, or the test where none was taken; POST takes it. `?again` shows the test beside an outcome."""
    form = SuitabilityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            checks.take(acting(request), by=request.user, answers=form.answers(), finances=form.finances(), now=timezone.now())  # type: ignore[arg-type]
            return redirect("marketplace:suitability")
        except checks.UnableToCheck as error:
            form.add_error(None, error.message)  # type: ignore[arg-type]
    return _page(request, form, AcknowledgeForm())


def _page(request: HttpRequest, form: SuitabilityForm, acknowledging: AcknowledgeForm) -> HttpResponse:
    party, now = acting(request), timezone.now()
    pack, last = packs.of(party), standings.latest(party)
    context: dict[str, Any] = {
        "pack": pack,
        "pack_name": pack.name.get(get_language() or "", pack.name["en"]),
        "form": form,
        "acknowledging": acknowledging,
        "check": last,
        "testing": last is None or "again" in request.GET or form.is_bound,
        "against": checks.against(party, now=now),
        "passing": round(pack.pass_share * len(questions.QUESTIONS)),
        "questions": len(questions.QUESTIONS),
        "currency": market_currency(),
        **(_outcome(party, pack, last, now=now) if last else {}),
    }
    return render(request, "marketplace/suitability.html", context, status=422 if form.errors or acknowledging.errors else 200)


def _outcome(party: Any, pack: Pack, last: SuitabilityCheck, *, now: Any) -> dict[str, Any]:
    opened = standings.finances(last, now=now)
    worth, overview = standings.worth(opened), portfolios.overview(party, currency=market_currency())
    whole = overview.at_work + overview.reserved + overview.available
    bearable = rules.bearable(pack, worth)
    losses = [(percent, whole * percent // 100, whole * percent // 100 > bearable) for percent in LOSSES]
    wrong = [one for one in questions.QUESTIONS if opened["answers"].get(one.code) != one.right]
    line = rules.warn_above(pack, checks.standing(party, pack, now=now), currency=market_currency())
    return {"worth": worth, "whole": whole, "bearable": bearable, "losses": losses, "wrong": wrong, "line": line}


@require_POST
@party_required("sign", invests=True)
def acknowledge_suitability(request: HttpRequest) -> HttpResponse:
    last, form = standings.latest(acting(request)), AcknowledgeForm(request.POST)
    if last is None:
        raise Http404
    if not form.is_valid():
        return _page(request, SuitabilityForm(), form)
    checks.acknowledge(last, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("Confirmed. You can change your answers at any time by taking the test again."))
    return redirect("marketplace:suitability")
