"""The desk for borrowers who cannot pay, oldest first: claim, read what the borrower chose to write, compare both schedules, propose or refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns, waiting
from core import business_day
from core.templatetags.look import tag
from loans.admin import acts, opening
from loans.hardship import plan as plans
from loans.hardship import request as requests
from loans.hardship import terms, vote
from loans.hardship.forms import PlanForm
from loans.hardship.request import UnableToHelp
from loans.models import HardshipRequest
from loans.models.hardship import WAITING
from privacy import disclosure

DECIDE = "loans.decide_hardship"
WAITING_HOURS_MAX = 3 * 24  # what borrowers are told: three working days
PAGE = "admin:hardship"


class QueueFilter(admin.SimpleListFilter):
    """Opens on what waits for staff."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", gettext_lazy("Claimed by me")), ("proposed", gettext_lazy("A plan is proposed")), ("all", gettext_lazy("All requests"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {"selected": self.value() is None, "query_string": changelist.get_query_string(remove=[self.parameter_name]), "display": _("Waiting for us")}
        for value, words in self.lookup_choices:
            yield {"selected": self.value() == value, "query_string": changelist.get_query_string({self.parameter_name: value}), "display": words}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        if self.value() == "mine":
            return queryset.filter(state="claimed", reviewer=request.user)
        return queryset.filter(state="proposed") if self.value() == "proposed" else queryset.filter(state__in=["open", "claimed"])


@admin.register(HardshipRequest)
class HardshipAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "waits", "loan", "wish", "state", "reviewer")
    list_filter = (QueueFilter,)
    list_select_related = ("loan", "reviewer__subject")
    search_fields = ("reference", "loan__reference")
    search_help_text = gettext_lazy("Reference of the request or of the loan")
    ordering = ("requested_at", "pk")
    change_form_template = "admin/loans/hardship.html"

    @admin.display(description=gettext_lazy("Waits"), ordering="requested_at")
    def waits(self, found: HardshipRequest) -> Any:
        if found.state not in WAITING:
            return "–"
        now = timezone.now()
        words = waiting(found.requested_at, now=now)
        return tag("late", words) if (now - found.requested_at).total_seconds() > WAITING_HOURS_MAX * 3600 else words

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        mine = [
            path("<path:object_id>/act/", view(self.act), name="loans_hardshiprequest_act"),
            path("<path:object_id>/file/", view(self.file), name="loans_hardshiprequest_file"),
            path("<path:object_id>/evidence/<str:reference>/", view(self.evidence), name="loans_hardshiprequest_evidence"),
        ]
        return [*mine, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = HardshipRequest.objects.select_related("loan__agreement__offer__application", "loan__party", "reviewer__subject")
        found = rows.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = {**(_context(request, found) if found else {}), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Claim, release, refuse; look at a plan; propose it. What is refused comes back with the reason and as it was typed."""
        if not request.user.has_perm(DECIDE) or request.method != "POST":
            raise PermissionDenied
        found = row_or_404(HardshipRequest.objects.select_related("loan__party", "loan__file"), object_id)
        wanted = request.POST.get("act", "")
        if wanted in ("look", "propose"):
            return self._plan(request, found, wanted)
        call = _simple(found, request).get(wanted)
        if call is None:
            raise PermissionDenied
        acts.told(request, call)
        return HttpResponseRedirect(reverse("admin:loans_hardshiprequest_change", args=[found.pk]))

    def _plan(self, request: HttpRequest, found: HardshipRequest, wanted: str) -> HttpResponse:
        form, preview = PlanForm(request.POST), None
        if form.is_valid():
            try:
                if wanted == "propose":
                    made = plans.propose(found, form.wanted(), by=request.user, as_of=business_day.current(), now=timezone.now())  # type: ignore[arg-type]
                    messages.success(request, _("Proposed as %(reference)s. The borrower sees the same two schedules.") % {"reference": made.reference})
                    return HttpResponseRedirect(reverse("admin:loans_hardshiprequest_change", args=[found.pk]))
                preview = _preview(found, form)
            except UnableToHelp as error:
                form.add_error(error.code if error.code in form.fields else None, str(error.message))
        request.method = "GET"  # the same page, looked at again: nobody changes a row here
        answer = self.change_view(request, str(found.pk), extra_context={"form": form, "preview": preview})
        answer.status_code = 200 if preview else 422
        return answer

    def file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the borrower wrote, for whoever claimed it, while the yes stands; the look is written down, and the borrower sees it."""
        found = _claimed(request, object_id)
        why = opening.why(request, found.reference, site=self.admin_site, opts=self.opts, now=timezone.now())
        if isinstance(why, HttpResponse):
            return why
        names = ["reason"] if found.reason is not None else []
        opened = (
            disclosure.reveal(
                found,
                names,
                actor=actor(request.user, role="reviewer", why=why),  # type: ignore[arg-type]
                purpose=requests.PURPOSE,
                page=PAGE,
                now=timezone.now(),
                reference=found.reference,
            )
            if names
            else {}
        )
        context = {
            **self.admin_site.each_context(request),
            **_context(request, found),
            "original": found,
            "opened": opened,
            "evidence": found.evidence.filter(removed_at=None),
            "title": _("What %(reference)s says") % {"reference": found.reference},
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/loans/hardship_file.html", context)

    def evidence(self, request: HttpRequest, object_id: str, reference: str) -> HttpResponse:
        found = _claimed(request, object_id)
        why = opening.why(request, found.reference, site=self.admin_site, opts=self.opts, now=timezone.now())
        if isinstance(why, HttpResponse):
            return why
        kept = get_object_or_404(found.evidence.select_related("request__loan__file").filter(removed_at=None), reference=reference)
        disclosure.note(
            [found.loan.file.subject_id],
            kinds_seen=["document"],
            actor=actor(request.user, role="reviewer", why=why),  # type: ignore[arg-type]
            purpose=requests.PURPOSE,
            page=f"{PAGE}.evidence",
            now=timezone.now(),
            reference=kept.reference,
        )
        response = HttpResponse(requests.open_content(kept), content_type=kept.content_type)
        response["Content-Disposition"] = f'attachment; filename="{kept.reference}"'
        return response


def _claimed(request: HttpRequest, object_id: str) -> HardshipRequest:
    """The request, when that person has it and the borrower still lets us read it."""
    found = row_or_404(HardshipRequest.objects.select_related("loan__file__subject", "loan__file__matter", "loan__party"), object_id)
    if not request.user.has_perm(DECIDE) or found.reviewer_id != request.user.pk or not requests.may_read(found, now=timezone.now()):
        raise PermissionDenied
    return found


def _simple(found: HardshipRequest, request: HttpRequest) -> dict[str, acts.Act]:
    by, now = request.user, timezone.now()
    return {
        "claim": (lambda: requests.claim(found, by=by, now=now), _("Claimed.")),  # type: ignore[arg-type]
        "release": (lambda: requests.release(found, by=by, now=now), _("Back in the queue.")),  # type: ignore[arg-type]
        "refuse": (lambda: requests.refuse(found, by=by, answer=request.POST.get("answer", ""), now=now), _("Answered. The borrower reads it.")),  # type: ignore[arg-type]
    }


def _preview(found: HardshipRequest, form: PlanForm) -> dict[str, Any]:
    today = business_day.current()
    worked_out = terms.work_out(found.loan, form.wanted(), as_of=today)
    comparison = plans.compare(found.loan, worked_out, as_of=today)
    return {
        "terms": worked_out,
        "comparison": comparison,
        "rows": comparison.by_date(),
        "past_contract": terms.months_past_contract(found.loan, worked_out),
    }


def _context(request: HttpRequest, found: HardshipRequest) -> dict[str, Any]:
    newest = found.plans.order_by("-pk").first()
    return {
        "title": _("Help for %(reference)s") % {"reference": found.loan.reference},
        "subtitle": found.reference,
        "loan": found.loan,
        "events": acts.history(found),
        "mine": found.reviewer_id == request.user.pk and found.state == "claimed",
        "may_decide": request.user.has_perm(DECIDE),
        "may_read": requests.may_read(found, now=timezone.now()),
        "has_words": found.reason is not None or found.evidence.filter(removed_at=None).exists(),
        "waits": waiting(found.requested_at, now=timezone.now()) if found.state in WAITING else "",
        "plan": newest,
        "count": vote.count(newest) if newest and newest.state in ("voting", "outvoted") else None,
        "form": PlanForm(),
    }
