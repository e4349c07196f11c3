"""The desk for questions about listings, oldest first: read, let through or hold back. Opening one is logged with its purpose."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from loans.admin import acts
from marketplace import question as asking
from marketplace.models import Question

DECIDE = "loans.review_application"
TO_READ = ("asked", "answered")


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "listing", "state", "asked_at")
    list_select_related = ("listing",)
    list_filter = ("state",)
    search_fields = ("reference", "listing__reference")
    ordering = ("asked_at", "pk")
    change_form_template = "admin/marketplace/question.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="marketplace_question_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = Question.objects.select_related("listing", "party__subject", "listing__loan__file__subject")
        found = rows.filter(pk=object_id).first() if object_id.isdecimal() else None
        may = request.user.has_perm(DECIDE)  # type: ignore[union-attr]
        words = asking.read(found, by=request.user, page="admin:question", now=timezone.now()) if found and may else {}  # type: ignore[arg-type]
        context = {"words": words, "may_decide": may, "to_read": found is not None and found.state in TO_READ, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm(DECIDE) or request.method != "POST":  # type: ignore[union-attr]
            raise PermissionDenied
        found = get_object_or_404(Question, pk=object_id)
        by, now = request.user, timezone.now()
        calls: dict[str, acts.Act] = {
            "let_through": (lambda: asking.let_through(found, by=by, now=now), _("Let through.")),  # type: ignore[arg-type]
            "hold_back": (lambda: asking.hold_back(found, by=by, now=now), _("Held back.")),  # type: ignore[arg-type]
        }
        if (call := calls.get(request.POST.get("act", ""))) is None:
            raise PermissionDenied
        acts.told(request, call)
        return HttpResponseRedirect(reverse("admin:marketplace_question_changelist"))
