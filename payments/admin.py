"""Staff's view of payments: read and search; match a receipt nobody claimed; compare with the bank; in the sandbox, order faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access import actor
from core import business_day
from core.idempotency import once_per_form
from core.money import format_amount
from core.templatetags.look import tag
from payments import bank_line, rails, reconciliation
from payments.forms import MatchForm
from payments.models import BankAccount, BankLine, Payment, ReceiptProposal, SandboxLine, SandboxOrder, SandboxTransfer
from payments.rails import sandbox

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

ACCOUNT_STATES = {
    "pending": pgettext_lazy("bank account", "Being checked"),
    "verified": pgettext_lazy("bank account", "Confirmed"),
    "refused": pgettext_lazy("bank account", "Not confirmed"),
    "retired": pgettext_lazy("bank account", "Retired"),
}


class ReadOnly(Base):
    """Rows that pages and jobs write: staff look, nobody types."""

    show_full_result_count = False
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(field) for field in self.get_fields(request, obj)]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("amount"))
    def money(self, row: Any) -> str:
        return format_amount(row.amount, row.currency)


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    list_display = ("reference", "kind", "direction", "money", "state", "rail", "booked_on", "sent_at", "closed_at", "reason_code")
    list_filter = ("state", "kind", "direction", "rail")
    search_fields = ("=reference", "=key", "=rail_reference")
    ordering = ("-id",)
    fields = (
        "reference", "kind", "direction", "money", "state", "reason_code", "party", "account", "rail", "rail_reference", "key",
        "source", "source_code", "booked_on", "created_at", "sent_at", "closed_at",
    )  # fmt: skip
    actions = ("match_receipt",)
    change_list_template = "admin/payments/payment/change_list.html"

    @admin.display(description=_("bank account"))
    def account(self, payment: Payment) -> str:
        return f"•••• {payment.bank_account.last4}" if payment.bank_account else "–"

    def has_match_receipt_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.match_receipt")

    @admin.action(description=_("Match one unmatched receipt to a party"), permissions=["match_receipt"])
    def match_receipt(self, request: HttpRequest, queryset: QuerySet[Payment]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1 or chosen[0].state != "unmatched":
            self.message_user(request, _("Choose exactly one receipt that waits to be matched."), messages.ERROR)
            return None
        return HttpResponseRedirect(reverse("admin:payments_payment_match", args=[chosen[0].reference]))

    def get_urls(self) -> list[URLPattern]:
        ours = [
            path("reconciliation/", self.admin_site.admin_view(self.reconciliation_page), name="payments_payment_reconciliation"),
            path("match/<str:reference>/", self.admin_site.admin_view(once_per_form(self.match_page)), name="payments_payment_match"),
        ]
        return [*ours, *super().get_urls()]

    def match_page(self, request: HttpRequest, reference: str) -> HttpResponse:
        """Whose money it is, or that it goes back: proposed by one person of staff, approved by another, both written down with it."""
        if not self.has_match_receipt_permission(request):
            raise PermissionDenied
        payment = get_object_or_404(Payment, reference=reference, state="unmatched")
        waiting = payment.proposals.filter(state="proposed").select_related("party__subject", "proposed_by__subject").first()
        form = MatchForm(request.POST if request.method == "POST" and waiting is None else None)
        if request.method == "POST":
            try:
                said = self._decide(request, waiting) if waiting else self._propose(request, payment, form)
            except reconciliation.UnableToMatch as error:
                form.add_error(None, str(error.message)) if form.is_bound else self.message_user(request, str(error.message), messages.ERROR)
                said = ""
            if said:
                self.message_user(request, said, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:payments_payment_changelist"))
        seen_by = actor(request.user, role="staff")  # type: ignore[arg-type]
        lines = bank_line.read(payment.lines.all(), actor=seen_by, page="admin.match_receipt", reference=payment.reference, now=timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Match a receipt"),
            "form": form,
            "payment": payment,
            "lines": lines,
            "waiting": waiting,
            "own": waiting is not None and waiting.proposed_by_id == request.user.pk,
            "opts": self.opts,
        }
        status = 422 if form.errors else 409 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/payments/payment/match.html", context, status=status)

    def _propose(self, request: HttpRequest, payment: Payment, form: MatchForm) -> str:
        if not form.is_valid():
            return ""
        user: Any = request.user
        reconciliation.propose(payment=payment, party=form.cleaned_data["party"], by=user, now=timezone.now())
        return str(_("Proposed. Another person has to approve."))

    def _decide(self, request: HttpRequest, waiting: ReceiptProposal) -> str:
        user: Any = request.user
        if request.POST.get("act") == "decline":
            reconciliation.decline(waiting, by=user, now=timezone.now())
            return str(_("Declined. The receipt waits as before."))
        if request.POST.get("act") != "approve":
            raise PermissionDenied
        reconciliation.approve(waiting, by=user, as_of=business_day.current(), now=timezone.now())
        return str(_("Matched. The money is in the party's wallet.") if waiting.party else _("Approved. The bank is asked to give it back."))

    def reconciliation_page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if rails.DEFAULT not in rails.names():
            raise Http404
        report = reconciliation.reconcile(rail=rails.DEFAULT, now=timezone.now())
        sections = (
            (_("The bank has it, we do not"), report.missing_here),
            (_("We have it, the bank does not"), report.missing_there),
            (_("Both have it, not alike"), report.differing),
        )
        context = {**self.admin_site.each_context(request), "title": _("Reconciliation"), "report": report, "sections": sections, "opts": self.opts}
        return TemplateResponse(request, "admin/payments/payment/reconciliation.html", context)


@admin.register(BankLine)
class BankLineAdmin(ReadOnly):
    list_display = ("line_id", "rail", "direction", "money", "booked_on", "payment", "matched_at")
    list_filter = ("rail", "direction", ("payment", admin.EmptyFieldListFilter))
    search_fields = ("=line_id", "=payment__reference")
    list_select_related = ("payment",)
    ordering = ("-id",)
    fields = ("line_id", "rail", "direction", "money", "booked_on", "received_at", "payment", "matched_at")


@admin.register(BankAccount)
class BankAccountAdmin(ReadOnly):
    list_display = ("reference", "party", "masked", "rail", "shown_state", "created_at")
    search_fields = ("=reference", "=party__reference")
    list_select_related = ("party",)
    ordering = ("-id",)
    fields = ("reference", "party", "masked", "rail", "verified_at", "refused_at", "retired_at", "created_at")

    @admin.display(description=_("number"))
    def masked(self, account: BankAccount) -> str:
        return f"•••• {account.last4}"

    @admin.display(description=pgettext_lazy("field", "state"))
    def shown_state(self, account: BankAccount) -> str:
        return tag(account.state, ACCOUNT_STATES[account.state])


class OfTheSandbox(Base):
    """Shown only where there is a sandbox."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sandbox.is_open() and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sandbox.is_open() and super().has_view_permission(request, obj)


@admin.register(SandboxOrder)
class SandboxOrderAdmin(OfTheSandbox):
    """Faults to order from the sandbox bank."""

    list_display = ("fault", "key_prefix", "times", "seconds")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sandbox.is_open() and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sandbox.is_open() and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sandbox.is_open() and super().has_delete_permission(request, obj)


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(ReadOnly, OfTheSandbox):
    list_display = ("idempotency_key", "money", "outcome", "asked", "answers_lost", "at", "pays_at")
    list_filter = ("outcome",)
    search_fields = ("=idempotency_key",)
    ordering = ("-id",)
    fields = ("idempotency_key", "money", "outcome", "reason", "asked", "answers_lost", "at", "pays_at")


@admin.register(SandboxLine)
class SandboxLineAdmin(ReadOnly, OfTheSandbox):
    list_display = ("id", "direction", "money", "reference", "repeats", "at")
    list_filter = ("direction",)
    ordering = ("-id",)
    fields = ("key", "direction", "money", "reference", "repeats", "at")
