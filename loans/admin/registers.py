"""The registers, to look at: what was repaid, and who owns which part."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from loans.models import Participation, Repayment


@admin.register(Repayment)
class RepaymentAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "loan", "kind", "amount", "principal", "interest", "fees", "penalties", "paid_on")
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
