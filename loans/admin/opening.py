"""Before a member of staff reads what is sealed they say why, from a closed list. It holds for that one thing for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.reasons import REASONS

SESSION, SECONDS = "opened_because", 15 * 60


class WhyForm(forms.Form):
    """Nothing is chosen beforehand."""

    why = forms.ChoiceField(label=gettext_lazy("Why do you open it?"), choices=list(REASONS.items()), widget=forms.RadioSelect)


def why(request: HttpRequest, reference: str, *, site: AdminSite, opts: Any, now: datetime) -> str | HttpResponse:
    """The reason given for this thing a short while ago; or the page that asks for it, or the way back to where it was asked."""
    code, at = request.session.get(SESSION, {}).get(reference, ("", 0))
    if request.method != "POST" and code in REASONS and 0 <= now.timestamp() - at < SECONDS:
        return str(code)
    form = WhyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        request.session[SESSION] = _fresh(request, now=now) | {reference: (form.cleaned_data["why"], now.timestamp())}
        return HttpResponseRedirect(request.path)
    context = {**site.each_context(request), "form": form, "title": _("Open %(reference)s") % {"reference": reference}, "opts": opts}
    return TemplateResponse(request, "admin/loans/why.html", context, status=422 if form.errors else 200)


def _fresh(request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    return {name: kept for name, kept in request.session.get(SESSION, {}).items() if now.timestamp() - kept[1] < SECONDS}
