"""The desk for questions about listings, oldest first: read, let through or hold back. Opening one is logged with its purpose."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from marketplace import question as asking
from marketplace.models import Question

DECIDE = "loans.review_application"


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
        found = Question.objects.select_related(*asking.WHOLE).filter(pk=object_id).first() if object_id.isdecimal() else None
        context = _context(request, found) if found else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was read is let through or held back. When it is no longer what stands there, the page comes back with what does."""
        verb = {"let_through": asking.let_through, "hold_back": asking.hold_back}.get(request.POST.get("act", ""))
        if not request.user.has_perm(DECIDE) or request.method != "POST" or verb is None:  # type: ignore[union-attr]
            raise PermissionDenied
        found = row_or_404(Question.objects.all(), object_id)
        try:
            verb(found, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except asking.UnableToAsk as error:
            request.method = "GET"  # the same page, looked at again
            answer = self.change_view(request, object_id, extra_context={"refused": error.message})
            answer.status_code = 409
            return answer
        messages.success(request, _("Let through.") if verb is asking.let_through else _("Held back."))
        return HttpResponseRedirect(reverse("admin:marketplace_question_changelist"))


def _context(request: HttpRequest, found: Question) -> dict[str, Any]:
    """The words, for whoever may decide about them; the look is written down."""
    user: Any = request.user
    if not user.has_perm(DECIDE):
        return {}
    if not asking.may_moderate(found, by=user):
        return {"own_matter": asking.OWN_MATTER}
    reading = asking.read(found, by=user, page="admin:question", now=timezone.now())
    return {"reading": reading, "to_read": reading.state in asking.TO_READ}
