"""The registers, to look at: loans, who owns them, what is owed when, what was paid."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from loans.models import Loan, Participation, Repayment


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "party", "principal", "annual_rate", "term_months", "state", "days_late", "disbursed_on")
    list_filter = ("state", "method")
    list_select_related = ("party",)
    search_fields = ("reference", "party__reference")
    search_help_text = gettext_lazy("Reference of the loan or of its borrower")
    ordering = ("-days_late", "-created_at")


@admin.register(Repayment)
class RepaymentAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "loan", "kind", "amount", "principal", "interest", "penalties", "paid_on")
    list_filter = ("kind",)
    list_select_related = ("loan",)
    search_fields = ("reference", "loan__reference")
    ordering = ("-paid_on", "-pk")


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    list_display = columns("loan", "party", "amount", "received_principal", "received_interest", "received_penalties", "originated_at")
    list_select_related = ("loan", "party")
    search_fields = ("loan__reference", "party__reference")
    ordering = ("-originated_at", "-pk")
