"""Payouts: one person proposes, another approves. A worker sends what both agreed to, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import business_day
from loans import disbursement as disbursements
from loans import unwind
from loans.admin import acts
from loans.models import Disbursement

PROPOSE, APPROVE = "loans.propose_disbursement", "loans.approve_disbursement"
NEEDED = {
    "propose": PROPOSE,
    "approve": APPROVE,
    "send_back": APPROVE,
    "unwind_propose": PROPOSE,
    "unwind_approve": APPROVE,
    "unwind_decline": APPROVE,
    "unwind_take_back": PROPOSE,
}


@admin.register(Disbursement)
class DisbursementAdmin(ReadOnlyAdmin):
    """Payouts: one person proposes, another approves."""

    list_display = columns("reference", "loan", "amount", "state", "proposed_by", "approved_by", "created_at")
    list_filter = ("state",)
    search_fields = ("reference", "loan__reference")
    search_help_text = gettext_lazy("Reference of the payout or of the loan")
    ordering = ("settled_at", "created_at", "pk")
    list_select_related = ("loan", "proposed_by__subject", "approved_by__subject")
    change_form_template = "admin/loans/disbursement.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<int:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_disbursement_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = Disbursement.objects.select_related("loan__party", "loan__agreement__offer__application", "bank_account", "proposed_by", "approved_by")
        order = rows.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = _context(request, order) if order else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def act(self, request: HttpRequest, object_id: int) -> HttpResponse:
        order = row_or_404(Disbursement.objects.select_related("loan__party", "bank_account"), object_id)
        now, user, wanted = timezone.now(), request.user, request.POST.get("act", "")
        if request.method != "POST" or wanted not in NEEDED or not user.has_perm(NEEDED[wanted]):
            raise PermissionDenied
        known: dict[str, acts.Act] = {
            "propose": (lambda: disbursements.propose(order, by=user, now=now), _("Proposed. Another person has to approve.")),  # type: ignore[arg-type]
            "approve": (lambda: disbursements.approve(order, by=user, now=now), _("Approved. A worker sends it once.")),  # type: ignore[arg-type]
            "send_back": (lambda: disbursements.send_back(order, by=user, now=now), _("Sent back.")),  # type: ignore[arg-type]
        }
        acts.told(request, (known | _unwinding(request, order))[wanted])
        return HttpResponseRedirect(reverse("admin:loans_disbursement_change", args=[order.pk]))


def _unwinding(request: HttpRequest, order: Disbursement) -> dict[str, acts.Act]:
    now, user, why = timezone.now(), request.user, request.POST.get("why", "")

    def kept() -> None:
        unwind.decline(order, by=user, now=now)  # type: ignore[arg-type]

    return {
        "unwind_propose": (lambda: unwind.propose(order, why=why, by=user, now=now), _("Proposed. Another person has to approve.")),  # type: ignore[arg-type]
        "unwind_approve": (lambda: _unwound(order, user, now), _("Everybody who funded it has their money back. The loan is ended.")),
        "unwind_decline": (kept, _("Turned down. The payout can go on.")),
        "unwind_take_back": (kept, _("Taken back. The payout can go on.")),
    }


def _unwound(order: Disbursement, user: Any, now: datetime) -> None:
    unwind.approve(order, by=user, as_of=business_day.current(), now=now)


def _context(request: HttpRequest, order: Disbursement) -> dict[str, Any]:
    account = order.bank_account or disbursements.verified_account(order.loan)
    return {
        "title": _("Payout of %(reference)s") % {"reference": order.loan.reference},
        "subtitle": order.reference,
        "account": account,
        "events": acts.history(order),
        "may_propose": request.user.has_perm(PROPOSE),
        "may_approve": request.user.has_perm(APPROVE),
        "own_proposal": order.proposed_by_id == request.user.pk,
        "reasons": Disbursement.Unwind.choices,
        "may_unwind": order.state in unwind.WAITING,
        "own_unwind": order.unwind_by_id == request.user.pk,
    }
