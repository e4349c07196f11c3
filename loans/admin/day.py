"""The ends of days: each run with what it did and what its proof found; loans it set aside, and letting them catch up."""

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
from loans import day
from loans.admin import acts
from loans.models import DayRun, ParkedLoan

RELEASE = "loans.release_loan"


@admin.register(DayRun)
class DayRunAdmin(ReadOnlyAdmin):
    list_display = columns("on", "phase", "started_at", "finished_at")
    list_filter = ("phase",)
    date_hierarchy = "on"
    ordering = ("-on",)
    change_form_template = "admin/loans/day.html"

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = DayRun.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = (
            {"title": _("End of %(day)s") % {"day": found.on.isoformat()}, "book": found.book.order_by("currency", "pk"), **_parts(found)} if found else {}
        )
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _parts(found: DayRun) -> dict[str, Any]:
    shards = found.shards.all()
    return {
        "parts": shards.count(),
        "parts_done": shards.filter(done=True).count(),
        "wrong": found.figures.get("wrong", []),
        "parked": ParkedLoan.objects.filter(on=found.on).select_related("loan"),
    }


@admin.register(ParkedLoan)
class ParkedLoanAdmin(ReadOnlyAdmin):
    list_display = columns("loan", "on", "reason", "parked_at", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter),)
    list_select_related = ("loan",)
    search_fields = ("loan__reference",)
    ordering = ("released_at", "-parked_at")
    change_form_template = "admin/loans/parked.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/release/", self.admin_site.admin_view(self.release), name="loans_parkedloan_release"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().change_view(request, object_id, form_url, {"may_release": request.user.has_perm(RELEASE), **(extra_context or {})})

    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = row_or_404(ParkedLoan.objects.select_related("loan"), object_id)
        if request.method != "POST" or not request.user.has_perm(RELEASE):
            raise PermissionDenied
        by: Any = request.user
        act: acts.Act = (lambda: day.release(found, by=by, as_of=business_day.current(), now=timezone.now()), _("Released. It has caught up with the book."))
        acts.told(request, act)
        return HttpResponseRedirect(reverse("admin:loans_parkedloan_change", args=[found.pk]))
