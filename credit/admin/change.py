"""Changes of model: whoever owns models proposes with figures, somebody else signs or refuses with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from credit import champion, lending_rules, serving, shadow
from credit.champion import UnableToChange
from credit.models import ModelChange

FIGURES = {
    "decisions": gettext_lazy("Decisions beside"),
    "same_outcome": gettext_lazy("Same outcome"),
    "would_approve": gettext_lazy("Would approve more"),
    "would_not_approve": gettext_lazy("Would approve fewer"),
    "mean_pd": gettext_lazy("Mean probability of default"),
    "mean_pd_of_decisions": gettext_lazy("Mean probability in the decisions"),
    "loans": gettext_lazy("Loans with a mature outcome"),
    "bads": gettext_lazy("Of them in default"),
    "error_before": gettext_lazy("Gap between expected and observed, now"),
    "error_after": gettext_lazy("The same gap afterwards"),
}


@admin.register(ModelChange)
class ModelChangeAdmin(ReadOnlyAdmin):
    """The register of changes; a page to propose one, and the answer on the change's own page."""

    list_display = columns("reference", "kind", "model", "segment", "state", "proposed_by", "answered_by", "proposed_at")
    list_filter = ("state", "kind", "model")
    list_select_related = ("proposed_by__subject", "answered_by__subject")
    ordering = ("answered_at", "-proposed_at")
    change_form_template = "admin/credit/change.html"
    change_list_template = "admin/credit/changes.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        mine = [
            path("propose/", view(self.propose), name="credit_modelchange_propose"),
            path("<path:object_id>/act/", view(self.act), name="credit_modelchange_act"),
        ]
        return [*mine, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        now = {"deciding": _deciding(), "rules": lending_rules.load(), "may_propose": request.user.has_perm(champion.OWN)}
        return super().changelist_view(request, {**now, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = (
            ModelChange.objects.select_related("proposed_by__subject", "answered_by__subject").filter(pk=object_id).first() if object_id.isdecimal() else None
        )
        context = _context(request, found) if found else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def propose(self, request: HttpRequest) -> HttpResponse:
        """A form of its own: which model, for whom, and why. The figures of its time in shadow are written into the proposal."""
        if not request.user.has_perm(champion.OWN):
            raise PermissionDenied
        given = {name: request.POST.get(name, "") for name in ("model", "segment", "why")}
        context: dict[str, Any] = {"given": given, "rows": [{"model": name, "figures": shadow.figures(name)} for name in serving.names()]}
        if request.method == "POST":
            try:
                made = champion.propose_promotion(**given, evidence=_figures(given["model"]), by=request.user, now=timezone.now())  # type: ignore[arg-type]
                messages.success(request, _("Proposed. Somebody who owns no model has to sign."))
                return HttpResponseRedirect(reverse("admin:credit_modelchange_change", args=[made.pk]))
            except UnableToChange as error:
                context |= {"error": error.message}
        page = {**self.admin_site.each_context(request), **context, "title": _("Propose a model"), "opts": self.opts, "segments": ModelChange.Segment.choices}
        return TemplateResponse(request, "admin/credit/propose.html", page, status=422 if request.method == "POST" else 200)

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sign or refuse. What is refused comes back with the reason as it was typed."""
        found = row_or_404(ModelChange.objects.all(), object_id)
        known: dict[str, Callable[..., None]] = {"sign": champion.sign, "refuse": champion.refuse}
        wanted = known.get(request.POST.get("act", ""))
        if not request.user.has_perm(champion.SIGN) or request.method != "POST" or wanted is None:
            raise PermissionDenied
        reason = request.POST.get("reason", "")
        try:
            wanted(found, reason=reason, by=request.user, now=timezone.now())
        except UnableToChange as error:
            request.method = "GET"  # the same page, looked at again
            answer = self.change_view(request, object_id, extra_context={"reason": reason, "reason_error": error.message})
            answer.status_code = 422
            return answer
        messages.success(request, _("Signed. It holds from the next application on.") if found.state == "signed" else _("Refused. Nothing changes."))
        return HttpResponseRedirect(reverse("admin:credit_modelchange_change", args=[found.pk]))


def _figures(model: str) -> dict[str, Any]:
    return shadow.figures(model) if model in serving.names() else {}


def _deciding() -> list[dict[str, Any]]:
    """Which model decides for whom, now."""
    return [
        {"segment": label, "model": (name := champion.current(segment)), "sha256": serving.digest(name)[:12], "calibration": champion.calibration(name)}
        for segment, label in ModelChange.Segment.choices
    ]


def _context(request: HttpRequest, found: ModelChange) -> dict[str, Any]:
    user: Any = request.user
    return {
        "title": _("%(what)s: %(model)s") % {"what": found.get_kind_display(), "model": found.model},
        "subtitle": found.reference,
        "figures": [(FIGURES.get(name, name), value) for name, value in found.evidence.items()],
        "may_sign": user.has_perm(champion.SIGN) and found.state == "proposed",
        "owner": champion.owns(user, found.model),
    }
