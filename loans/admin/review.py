"""The review queue, oldest first: claim, open the sealed file with a purpose that is written down, decide with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns, waiting
from core.templatetags.look import tag
from loans import application as applications
from loans import override, second_look, sensitivity
from loans.admin import acts, opening, sealed
from loans.models import Application, Document
from privacy import disclosure

REVIEW = "loans.review_application"
READING = ("in_review", "referred")  # the sealed file is open to its reviewer while these hold; a verdict closes it
WAITING_HOURS_MAX = 3 * 24  # what borrowers are told: three working days


class QueueFilter(admin.SimpleListFilter):
    """Opens on what waits."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("mine", gettext_lazy("Claimed by me")),
            ("asked", gettext_lazy("Waiting for the borrower")),
            ("decided", gettext_lazy("Decided")),
            ("all", gettext_lazy("All that were sent")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {"selected": self.value() is None, "query_string": changelist.get_query_string(remove=[self.parameter_name]), "display": _("Waiting for us")}
        for value, words in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": words,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset.exclude(state="draft").exclude(submitted_at=None)
        if self.value() == "mine":
            return queryset.filter(state="in_review", reviewer=request.user)
        if self.value() == "asked":
            return queryset.filter(state="referred")
        if self.value() == "decided":
            return queryset.filter(state__in=["approved", "offered", "accepted", "declined", "lapsed"])
        return queryset.filter(state__in=["submitted", "in_review"])


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """The review queue, oldest first: claim, read with a logged purpose, decide with a reason."""

    list_display = columns("reference", "waits", "title", "amount", "term_months", "scorecard", "state", "reviewer")
    list_filter = (QueueFilter,)
    list_select_related = ("decision", "reviewer__subject")
    search_fields = ("reference",)
    search_help_text = gettext_lazy("Reference, such as AP-7K3F9Q2M")
    ordering = ("submitted_at", "pk")
    change_form_template = "admin/loans/application.html"

    @admin.display(description=gettext_lazy("Waits"), ordering="submitted_at")
    def waits(self, found: Application) -> Any:
        if found.submitted_at is None or found.state not in ("submitted", "in_review", "referred"):
            return "–"
        now = timezone.now()
        late = (now - found.submitted_at).total_seconds() > WAITING_HOURS_MAX * 3600
        return tag("late", waiting(found.submitted_at, now=now)) if late else waiting(found.submitted_at, now=now)

    @admin.display(description=gettext_lazy("Scorecard"), ordering="decision__points")
    def scorecard(self, found: Application) -> str:
        if found.decision is None:
            return "–"
        return f"{found.decision.get_outcome_display()} · {found.decision.grade or '–'}"

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whoever may be asked to look again is told no grade on the way."""
        shown = super().get_list_display(request)
        return [name for name in shown if name != "scorecard"] if request.user.has_perm(second_look.TAKE) else shown  # type: ignore[union-attr]

    def get_urls(self) -> list[URLPattern]:
        mine = [
            path("<int:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_application_act"),
            path("<int:object_id>/file/", self.admin_site.admin_view(self.file), name="loans_application_file"),
            path("<int:object_id>/document/<str:reference>/", self.admin_site.admin_view(self.document), name="loans_application_document"),
        ]
        return [*mine, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = Application.objects.filter(pk=object_id).select_related("decision", "reviewer__subject", "party").first() if object_id.isdecimal() else None
        context = {**(_context(request, found) if found else {}), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def act(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """One verdict. What is refused comes back with the reason as it was typed."""
        if not request.user.has_perm(REVIEW) or request.method != "POST":
            raise PermissionDenied
        found = row_or_404(Application.objects.select_related("party", "decision", "file__subject"), object_id)
        verdict = _verdicts(found, request).get(request.POST.get("act", ""))
        back = HttpResponseRedirect(reverse("admin:loans_application_change", args=[found.pk]))
        if verdict is None:
            return back
        code, words = acts.refusal_of(verdict[0])
        if code == "reason":
            request.method = "GET"  # the same page, looked at again: nobody changes a row here
            answer = self.change_view(request, str(object_id), extra_context={"reason": request.POST.get("reason", ""), "reason_error": words})
            answer.status_code = 422
            return answer
        messages.error(request, words) if code else messages.success(request, verdict[1])
        return back

    def file(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The borrower's answers, opened for the reviewer who claimed it, with the purpose logged; the borrower sees that."""
        found = _claimed(request, object_id)
        why = opening.why(request, found.reference, site=self.admin_site, opts=self.opts, now=timezone.now())
        if isinstance(why, HttpResponse):
            return why
        context = {
            **self.admin_site.each_context(request),
            **_context(request, found),
            **sealed.opened(found, reviewer=request.user, why=why, language=get_language(), now=timezone.now()),  # type: ignore[arg-type]
            "original": found,
            "title": _("The file of %(reference)s") % {"reference": found.reference},
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/loans/file.html", context)

    def document(self, request: HttpRequest, object_id: int, reference: str) -> HttpResponse:
        """One upload, for the reviewer who claimed it; written down before it is decrypted."""
        found = _claimed(request, object_id)
        why = opening.why(request, found.reference, site=self.admin_site, opts=self.opts, now=timezone.now())
        if isinstance(why, HttpResponse):
            return why
        kept = get_object_or_404(Document.objects.select_related("application__file__subject"), application=found, reference=reference, removed_at=None)
        disclosure.note(
            [found.file.subject_id],
            kinds_seen=["document"],
            actor=actor(request.user, role="reviewer", why=why),  # type: ignore[arg-type]
            purpose="review",
            page="admin:application.document",
            now=timezone.now(),
            reference=kept.reference,
        )
        response = HttpResponse(applications.open_content(kept), content_type=kept.content_type)
        response["Content-Disposition"] = f'attachment; filename="{kept.reference}"'
        return response


def _claimed(request: HttpRequest, object_id: int) -> Application:
    found = row_or_404(Application.objects.select_related("file__subject", "decision", "party"), object_id)
    if not request.user.has_perm(REVIEW) or found.reviewer_id != request.user.pk or found.state not in READING:
        raise PermissionDenied
    return found


def _verdicts(found: Application, request: HttpRequest) -> dict[str, acts.Act]:
    now, reason, by = timezone.now(), request.POST.get("reason", ""), request.user

    def verdict(call: Callable[..., None], done: str, **more: Any) -> acts.Act:
        return (lambda: call(found, by=by, now=now, **more)), done

    return {
        "claim": verdict(applications.claim, _("Claimed. You can open the file now.")),
        "release": verdict(applications.release, _("Back in the queue.")),
        "approve": verdict(applications.approve, _approved(found), reason=reason),
        "refer": verdict(applications.refer, _("The borrower is asked for more."), reason=reason),
        "decline": verdict(applications.decline, _("Declined. The borrower reads the scorecard's reasons and how to ask for another look."), reason=reason),
    }


def _approved(found: Application) -> str:
    two = override.needs_second(found, "approve")
    return _("Proposed. A second person has to confirm: it goes against the scorecard.") if two else _("Approved. The offer is made.")


def _context(request: HttpRequest, found: Application) -> dict[str, Any]:
    """What the review page shows to anybody who may look: the published part, who did what, and to whoever need not stay blind what was found."""
    user: Any = request.user
    blind = second_look.keeps_blind(found, user, now=timezone.now())
    return {
        "blind": blind,
        "title": found.title or found.reference,
        "subtitle": found.reference,
        "funds": found.funds.order_by("position"),
        "documents_count": found.documents.filter(removed_at=None).count(),
        "obligors": found.obligors.exclude(role="borrower").exclude(state="expired").order_by("pk"),
        "verdicts": [] if blind else found.reviews.select_related("reviewer__subject").order_by("-at", "-pk"),
        "events": acts.history(found),
        "mine": found.reviewer_id == request.user.pk and found.state == "in_review",
        "may_review": request.user.has_perm(REVIEW),
        "waits": waiting(found.submitted_at, now=timezone.now()) if found.submitted_at and found.state in ("submitted", "in_review", "referred") else "",
        "waiting": None if blind else override.waiting(found),
        "against": not blind and override.is_override(found.decision, "approve"),
        "sensitivity": None if blind else sensitivity.of(found),
        "priced": not blind and found.decision is not None and found.decision.annual_rate is not None,
    }
