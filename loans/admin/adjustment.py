"""Entries that wait for a second pair of eyes, and those that had it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import business_day
from loans import adjustment as adjustments
from loans import event as events
from loans.admin import acts
from loans.admin.loan import APPROVE, PROPOSE, as_shown, shown
from loans.models import Adjustment

NEEDED = {"approve": APPROVE, "decline": APPROVE, "withdraw": PROPOSE}


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    """Entries: one person proposes, another confirms what they see."""

    list_display = columns("reference", "loan", "kind", "on", "amount", "why", "state", "proposed_by", "proposed_at")
    list_filter = ("state", "kind")
    list_select_related = ("loan", "proposed_by__subject")
    search_fields = ("reference", "loan__reference")
    ordering = ("decided_at", "proposed_at", "pk")
    change_form_template = "admin/loans/adjustment.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_adjustment_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = Adjustment.objects.filter(pk=object_id).select_related("loan", "event").first() if object_id.isdecimal() else None
        context = _context(request, found) if found else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = row_or_404(Adjustment.objects.select_related("loan"), object_id)
        wanted, by, now, today = request.POST.get("act", ""), request.user, timezone.now(), business_day.current()
        if request.method != "POST" or wanted not in NEEDED or not by.has_perm(NEEDED[wanted]):
            raise PermissionDenied
        seen = request.POST.get("seen", "")
        known: dict[str, acts.Act] = {
            "approve": (lambda: _approve(found, seen=seen, by=by, as_of=today, now=now), _("Entered. What it changed is booked.")),
            "decline": (lambda: adjustments.decline(found, by=by, now=now), _("Declined. Nothing was entered.")),  # type: ignore[arg-type]
            "withdraw": (lambda: adjustments.withdraw(found, by=by, now=now), _("Taken back. Nothing was entered.")),  # type: ignore[arg-type]
        }
        acts.told(request, known[wanted])
        return HttpResponseRedirect(reverse("admin:loans_adjustment_change", args=[found.pk]))


def _approve(found: Adjustment, **rest: Any) -> None:
    adjustments.approve(found, **rest)


def _context(request: HttpRequest, found: Adjustment) -> dict[str, Any]:
    """While it waits, the difference as it would be now, and its fingerprint in the form; afterwards as it was seen."""
    context = {
        "title": _("%(kind)s on %(reference)s") % {"kind": found.get_kind_display(), "reference": found.loan.reference},
        "subtitle": found.reference,
        "difference": as_shown(found.difference, found.loan),
        "target": found.loan.events.filter(number=found.undoes).first() if found.undoes else None,
        "history": acts.history(found),
        "own": found.proposed_by_id == request.user.pk,
        "may_approve": request.user.has_perm(APPROVE),
    }
    if found.state == "proposed":
        try:
            now = adjustments.difference(found, as_of=business_day.current())
        except events.UnableToEnter as error:
            return {**context, "impossible": error.message}
        return {**context, "difference": shown(now, found.loan), "seen": now.fingerprint}
    return context
