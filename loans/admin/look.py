"""Second looks at the desk: claim, read the inputs and write down one's own reading; only then the grade and the first reason are shown; then answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import states
from loans import override, second_look
from loans.admin import acts, sealed
from loans.models import SecondLook
from loans.override import UnableToOverride
from loans.second_look import UnableToLook
from privacy import disclosure

WHY = "looking_again"  # nobody has to say it: the borrower asked for exactly this


@admin.register(SecondLook)
class SecondLookAdmin(ReadOnlyAdmin):
    list_display = ("reference", "kind", "application_reference", *columns("state", "reviewer", "asked_at"))
    list_filter = ("state", "kind")
    list_select_related = ("application", "reviewer__subject")
    search_fields = ("=reference", "=application__reference")
    ordering = ("answered_at", "asked_at")
    change_form_template = "admin/loans/look.html"

    @admin.display(description=gettext_lazy("application"))
    def application_reference(self, found: SecondLook) -> str:
        return found.application.reference

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_secondlook_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = _rows().filter(pk=object_id).first() if object_id.isdecimal() else None
        return super().change_view(request, object_id, form_url, {**(_context(request, found) if found else {}), **(extra_context or {})})

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One step. What is refused comes back with the text as it was typed."""
        found = row_or_404(_rows(), object_id)
        text, by, now = request.POST.get("text", ""), request.user, timezone.now()
        known: dict[str, tuple[Callable[[], None], str]] = {
            "claim": (lambda: second_look.claim(found, by=by, now=now), _("Claimed. Read the inputs first.")),  # type: ignore[arg-type]
            "release": (lambda: second_look.release(found, by=by, now=now), _("Back in the queue.")),  # type: ignore[arg-type]
            "read": (lambda: second_look.read(found, reading=text, by=by, now=now), _("Written down. Now you see the grade.")),  # type: ignore[arg-type]
            "uphold": (lambda: second_look.uphold(found, reason=text, by=by, now=now), _("The decision stands. The borrower reads your reasons.")),  # type: ignore[arg-type]
            "overturn": (lambda: second_look.overturn(found, reason=text, by=by, now=now), _overturned(found)),  # type: ignore[arg-type]
        }
        wanted = known.get(request.POST.get("act", ""))
        if not request.user.has_perm(second_look.TAKE) or request.method != "POST" or wanted is None:
            raise PermissionDenied
        try:
            wanted[0]()
        except (UnableToLook, UnableToOverride, states.IllegalMove, states.StaleState) as error:
            request.method = "GET"  # the same page, looked at again
            answer = self.change_view(request, object_id, extra_context={"text": text, "text_error": error.message})
            answer.status_code = 422
            return answer
        messages.success(request, wanted[1])
        return HttpResponseRedirect(reverse("admin:loans_secondlook_change", args=[found.pk]))


def _overturned(found: SecondLook) -> str:
    two = override.needs_second(found.application, "approve")
    return _("Proposed. A second person has to confirm: it goes against the scorecard.") if two else _("Overturned. The offer is made.")


def _rows() -> Any:
    return SecondLook.objects.select_related("application__file__subject", "application__party", "application__decision", "decision", "reviewer__subject")


def _context(request: HttpRequest, found: SecondLook) -> dict[str, Any]:
    """The inputs for whoever claimed it; grade, reasons and the first reason only once their own reading is written."""
    user: Any = request.user
    mine = found.reviewer_id == user.pk and user.has_perm(second_look.TAKE)
    context: dict[str, Any] = {
        "title": _("%(kind)s of %(reference)s") % {"kind": found.get_kind_display(), "reference": found.application.reference},
        "subtitle": found.reference,
        "events": acts.history(found),
        "mine": mine,
        "may_take": user.has_perm(second_look.TAKE),
        "graded": mine and found.read_at is not None,
    }
    return context | (_opened(user, found, context["graded"]) if mine else {})


def _opened(user: Any, found: SecondLook, graded: bool) -> dict[str, Any]:
    now, who = timezone.now(), actor(user, role="reviewer", why=WHY)
    inputs = sealed.opened(found.application, reviewer=user, why=WHY, language=get_language(), now=now, graded=graded)
    look: dict[str, Any] = {"actor": who, "purpose": "review", "page": "admin:second_look", "now": now, "reference": found.reference}
    words = disclosure.reveal(found, [name for name in ("words", "reading", "answer") if getattr(found, name) is not None], **look)
    first = found.application.reviews.filter(verdict="decline").order_by("-at", "-pk").first() if graded else None
    told = disclosure.reveal(first, ["reason"], **look)["reason"] if first else ""
    return {**inputs, "said": words, "first_reason": told}
