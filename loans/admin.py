"""Staff's desk for loans: the review queue, disbursements for two pairs of eyes, loans to look at. Money and decisions are never edited here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin
from core import states
from loans import application as applications
from loans import disbursement as disbursements
from loans import words
from loans.application import UnableToApply
from loans.disbursement import UnableToDisburse
from loans.models import Application, Disbursement, Installment, Loan, Participation, Repayment
from privacy import disclosure

REVIEW = "loans.review_application"
REFUSALS = (UnableToApply, UnableToDisburse)


def _act(request: HttpRequest, act: Callable[[], None], done: str) -> None:
    """One domain call; what it refuses is told, nothing is half done."""
    try:
        act()
        messages.success(request, done)
    except REFUSALS as error:
        messages.error(request, str(error.message))
    except states.IllegalMove:
        messages.error(request, _("That is not possible in its present state."))
    except states.StaleState:
        messages.error(request, _("Somebody else was faster. Look at it again."))


class QueueFilter(admin.SimpleListFilter):
    """Opens on what waits."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", gettext_lazy("Waiting")), ("mine", gettext_lazy("Claimed by me")), ("all", gettext_lazy("All sent"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        sent = queryset.exclude(state="draft")
        if self.value() == "all":
            return sent
        if self.value() == "mine":
            return sent.filter(state="in_review", reviewer=request.user)
        return sent.filter(state__in=["submitted", "in_review", "referred"])


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """The review queue, oldest first: claim, read with a logged purpose, decide with a reason."""

    list_display = ("reference", "state", "purpose", "amount", "term_months", "submitted_at", "reviewer")
    list_filter = (QueueFilter, "state")
    search_fields = ("reference",)
    ordering = ("submitted_at", "pk")
    change_form_template = "admin/loans/application.html"

    def get_urls(self) -> list[URLPattern]:
        mine = [
            path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_application_act"),
            path("<path:object_id>/file/", self.admin_site.admin_view(self.file), name="loans_application_file"),
        ]
        return [*mine, *super().get_urls()]

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm(REVIEW) or request.method != "POST":
            raise PermissionDenied
        found = get_object_or_404(Application.objects.select_related("party", "decision", "file__subject"), pk=object_id)
        now, reason, user = timezone.now(), request.POST.get("reason", ""), request.user
        acts: dict[str, tuple[Callable[[], None], str]] = {
            "claim": (lambda: applications.claim(found, by=user, now=now), _("Claimed.")),  # type: ignore[arg-type]
            "release": (lambda: applications.release(found, by=user, now=now), _("Back in the queue.")),  # type: ignore[arg-type]
            "approve": (lambda: applications.approve(found, by=user, reason=reason, now=now), _("Approved. The offer is made.")),  # type: ignore[arg-type]
            "refer": (lambda: applications.refer(found, by=user, reason=reason, now=now), _("The borrower is asked for more.")),  # type: ignore[arg-type]
            "decline": (lambda: applications.decline(found, by=user, reason=reason, now=now), _("Declined.")),  # type: ignore[arg-type]
        }
        if request.POST.get("act") in acts:
            _act(request, *acts[request.POST["act"]])
        return HttpResponseRedirect(reverse("admin:loans_application_change", args=[found.pk]))

    def file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The borrower's answers, opened for the reviewer who claimed it, with the purpose logged; the borrower sees that."""
        found = get_object_or_404(Application.objects.select_related("file__subject"), pk=object_id)
        if not request.user.has_perm(REVIEW) or found.reviewer_id != request.user.pk:
            raise PermissionDenied
        fields = [name for names in applications.SEALED.values() for name in names if getattr(found.file, name) is not None]
        opened = disclosure.reveal(
            found.file,
            fields,
            actor=actor(request.user, role="reviewer"),  # type: ignore[arg-type]
            purpose="review",
            page="admin:application",
            now=timezone.now(),
            reference=found.reference,
        )
        rows = [(words.FIELD_LABELS.get(name, name.replace("_", " ")), words.VALUES.get(name, {}).get(value, value)) for name, value in opened.items()]
        context = {**self.admin_site.each_context(request), "application": found, "rows": rows, "title": found.reference, "opts": self.opts}
        return render(request, "admin/loans/file.html", context)


@admin.register(Disbursement)
class DisbursementAdmin(ReadOnlyAdmin):
    """Payouts: one person proposes, another approves."""

    list_display = ("reference", "loan_reference", "state", "amount", "currency", "proposed_by", "approved_by", "created_at")
    list_filter = ("state",)
    search_fields = ("reference", "loan__reference")
    ordering = ("created_at", "pk")
    list_select_related = ("loan", "proposed_by", "approved_by")
    change_form_template = "admin/loans/disbursement.html"

    @admin.display(description=gettext_lazy("loan"))
    def loan_reference(self, order: Disbursement) -> str:
        return order.loan.reference

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_disbursement_act"), *super().get_urls()]

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = get_object_or_404(Disbursement.objects.select_related("loan__party", "bank_account"), pk=object_id)
        now, user, wanted = timezone.now(), request.user, request.POST.get("act", "")
        needed = {"propose": "loans.propose_disbursement", "approve": "loans.approve_disbursement", "send_back": "loans.approve_disbursement"}
        if request.method != "POST" or wanted not in needed or not user.has_perm(needed[wanted]):
            raise PermissionDenied
        acts: dict[str, tuple[Callable[[], None], str]] = {
            "propose": (lambda: disbursements.propose(order, by=user, now=now), _("Proposed. Another person has to approve.")),  # type: ignore[arg-type]
            "approve": (lambda: disbursements.approve(order, by=user, now=now), _("Approved. A worker sends it once.")),  # type: ignore[arg-type]
            "send_back": (lambda: disbursements.send_back(order, by=user, now=now), _("Sent back.")),  # type: ignore[arg-type]
        }
        _act(request, *acts[wanted])
        return HttpResponseRedirect(reverse("admin:loans_disbursement_change", args=[order.pk]))


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    list_display = ("reference", "state", "principal", "annual_rate", "term_months", "days_late", "disbursed_on")
    list_filter = ("state", "method")
    search_fields = ("reference",)


@admin.register(Repayment)
class RepaymentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "loan", "kind", "amount", "principal", "interest", "penalties", "paid_on")
    list_filter = ("kind",)
    search_fields = ("reference", "loan__reference")


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    list_display = ("loan", "party", "amount", "received_principal", "received_interest")
    search_fields = ("loan__reference",)


@admin.register(Installment)
class InstallmentAdmin(ReadOnlyAdmin):
    list_display = ("loan", "number", "due_on", "principal", "interest", "paid_principal", "paid_interest", "paid_on")
    search_fields = ("loan__reference",)


from loans import ladder_admin  # noqa: E402, F401  (registering is its effect)
