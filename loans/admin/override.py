"""Approvals against the scorecard that wait for a second person, and those that were answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import states
from loans import override as overrides
from loans.admin import acts
from loans.models import Override
from loans.override import UnableToOverride
from privacy import disclosure


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """One person wants it, another confirms or refuses."""

    list_display = ("reference", "application_reference", *columns("state", "proposed_by", "proposed_at"))
    list_filter = ("state",)
    list_select_related = ("application", "proposed_by__subject")
    search_fields = ("=reference", "=application__reference")
    ordering = ("answered_at", "proposed_at")
    change_form_template = "admin/loans/override.html"

    @admin.display(description=gettext_lazy("application"))
    def application_reference(self, found: Override) -> str:
        return found.application.reference

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_override_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = _rows().filter(pk=object_id).first() if object_id.isdecimal() else None
        return super().change_view(request, object_id, form_url, {**(_context(request, found) if found else {}), **(extra_context or {})})

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm or refuse. What cannot be done comes back with the reason as it was typed."""
        found = row_or_404(_rows(), object_id)
        known = {
            "confirm": (overrides.confirm, _("Confirmed. The offer is made.")),
            "refuse": (overrides.refuse, _("Refused. It stays with whoever claimed it.")),
        }
        wanted = known.get(request.POST.get("act", ""))
        if not request.user.has_perm(overrides.CONFIRM) or request.method != "POST" or wanted is None:
            raise PermissionDenied
        reason = request.POST.get("reason", "")
        try:
            wanted[0](found, reason=reason, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except (UnableToOverride, states.IllegalMove, states.StaleState) as error:
            request.method = "GET"  # the same page, looked at again
            answer = self.change_view(request, object_id, extra_context={"reason": reason, "reason_error": error.message})
            answer.status_code = 422
            return answer
        messages.success(request, wanted[1])
        return HttpResponseRedirect(reverse("admin:loans_override_change", args=[found.pk]))


def _rows() -> Any:
    return Override.objects.select_related("application__file__subject", "decision", "proposed_by__subject", "answered_by__subject")


def _context(request: HttpRequest, found: Override) -> dict[str, Any]:
    """The first person's reason opens to whoever may confirm; the look is written down."""
    user: Any = request.user
    may = user.has_perm(overrides.CONFIRM)
    context: dict[str, Any] = {
        "title": _("Approval of %(reference)s against the scorecard") % {"reference": found.application.reference},
        "subtitle": found.reference,
        "events": acts.history(found),
        "own": found.proposed_by_id == user.pk,
        "may_confirm": may,
    }
    if may:
        fields = ["reason", *(["answer"] if found.answer is not None else [])]
        look: dict[str, Any] = {"actor": actor(user, role="approver"), "purpose": "review", "page": "admin:override", "now": timezone.now()}
        context["said"] = disclosure.reveal(found, fields, reference=found.reference, **look)
    return context
