"""A loan as staff see it: where it stands, its schedule, everything that happened, and the door to entering something."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import business_day
from loans import adjustment, repayment
from loans import event as events
from loans.admin.entry_form import EntryForm, undoable
from loans.models import Adjustment, Loan
from loans.models.application import METHODS
from loans.replay import Kind

PROPOSE, APPROVE = "loans.service_loan", "loans.approve_adjustment"


class MethodFilter(admin.SimpleListFilter):
    """How it is repaid, in words: the loan keeps the code alone."""

    title = gettext_lazy("repayment method")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return METHODS

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(method=self.value()) if self.value() else queryset


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    """Loans. Nothing is edited: an entry is proposed here and confirmed by somebody else."""

    list_display = columns("reference", "party", "principal", "annual_rate", "term_months", "state", "days_late", "disbursed_on")
    list_filter = ("state", MethodFilter)
    list_select_related = ("party",)
    search_fields = ("reference", "party__reference")
    search_help_text = gettext_lazy("Reference of the loan or of its borrower")
    ordering = ("-days_late", "-created_at")
    change_form_template = "admin/loans/loan.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/enter/", self.admin_site.admin_view(self.enter), name="loans_loan_enter"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = Loan.objects.filter(pk=object_id).select_related("party", "standing").first() if object_id.isdecimal() else None
        context = _context(request, found) if found else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def enter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """First the difference is shown, then it is proposed: two sends of one form."""
        found = row_or_404(Loan.objects.filter(disbursed_on__isnull=False).select_related("party"), object_id)
        if not request.user.has_perm(PROPOSE):
            raise PermissionDenied
        today, seen = business_day.current(), None
        form = EntryForm(request.POST, loan=found) if request.method == "POST" else EntryForm(loan=found, initial={"on": today, **_wished(request)})
        if form.is_bound and form.is_valid():
            try:
                if request.POST.get("act") == "propose":
                    return self._propose(request, found, form)
                seen = events.preview(found, form.entry(), as_of=today)
            except (events.UnableToEnter, adjustment.UnableToAdjust) as error:
                form.refuse(error.code, str(error.message))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": found,
            "title": _("Enter something on %(reference)s") % {"reference": found.reference},
            "form": form,
            "difference": seen and shown(seen, found),
        }
        return TemplateResponse(request, "admin/loans/enter.html", context, status=422 if form.errors else 200)

    def _propose(self, request: HttpRequest, found: Loan, form: EntryForm) -> HttpResponse:
        made = adjustment.propose(
            found,
            form.entry(),
            why=form.cleaned_data["why"],
            by=request.user,  # type: ignore[arg-type]
            as_of=business_day.current(),
            now=timezone.now(),
        )
        self.message_user(request, _("Proposed. Another person has to confirm."))
        return HttpResponseRedirect(reverse("admin:loans_adjustment_change", args=[made.pk]))


def _wished(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("kind", "undoes") if name in request.GET}


def shown(difference: events.Difference, loan: Loan) -> dict[str, Any]:
    """A difference for the template: lines of (words, before, after) and what the holders get or give."""
    return as_shown(asdict(difference), loan)


def as_shown(kept: dict[str, Any], loan: Loan) -> dict[str, Any]:
    """The same of a difference as it was stored."""
    states = dict(Loan._meta.get_field("state").flatchoices)
    parts = (("principal", _("Principal")), ("interest", _("Interest")), ("fees", _("Fees")), ("penalties", _("Late charges")))
    return {
        "states": (states[kept["state_before"]], states[kept["state_after"]]),
        "days": (kept["days_before"], kept["days_after"]),
        "owed": [(words, kept["owed_before"][part], kept["owed_after"][part]) for part, words in parts],
        "holders": [(words, kept["holders"][part]) for part, words in parts if kept["holders"][part]],
        "overpaid": kept["overpaid"],
        "rows": [row for row in kept["rows"] if row[1] != row[2]],
        "currency": loan.currency,
        "corrects": any(amount < 0 for amount in kept["holders"].values()),
    }


def _context(request: HttpRequest, found: Loan) -> dict[str, Any]:
    living = found.state in repayment.REPAYABLE
    standing = found.standing if found.disbursed_on else None
    undo = {row.number for row in undoable(found)} if standing else set()
    return {
        "title": _("Loan %(reference)s") % {"reference": found.reference},
        "subtitle": found.party.reference,
        "standing": standing,
        "method": dict(METHODS).get(found.method, found.method),
        "owed": repayment.owed(found, as_of=business_day.current()) if living else None,
        "rows": found.installments.order_by("due_on", "number"),
        "events": [(row, row.number in undo and row.kind != Kind.VOID) for row in found.events.select_related("by__subject").order_by("-number")],
        "adjustments": Adjustment.objects.filter(loan=found, state="proposed").select_related("proposed_by__subject").order_by("proposed_at"),
        "may_enter": request.user.has_perm(PROPOSE) and standing is not None,
    }
