"""What staff see of the market: listings, pledges, mandates, runs and shares that change hands, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from marketplace import question_admin  # noqa: F401 registers its page
from marketplace.models import Listing, Mandate, MatchRun, Pledge, Purchase, Sale


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "title", "grade", "annual_rate", "target", "funded", "state", "closes_at")
    ordering = ("-opens_at",)
    list_filter = ("state", "grade")
    search_fields = ("reference", "loan__reference")


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "listing", "party", "amount", "state", "pledged_at")
    list_select_related = ("listing", "party")
    ordering = ("-pledged_at",)
    list_filter = ("state",)
    search_fields = ("reference", "listing__reference")


@admin.register(Sale)
class SaleAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "party", "amount", "state", "ended_at")
    list_select_related = ("participation__loan", "party")
    ordering = ("-offered_at",)
    list_filter = ("state",)
    search_fields = ("reference", "participation__loan__reference")


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "party", "amount")
    list_select_related = ("sale", "party")
    ordering = ("-bought_at",)
    search_fields = ("reference", "sale__reference")


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = (*columns("reference", "party"), "rank", "version", *columns("state", "created_at"), "running_since")
    list_select_related = ("party",)
    ordering = ("-created_at",)
    list_filter = ("state",)
    search_fields = ("reference",)


@admin.register(MatchRun)
class MatchRunAdmin(ReadOnlyAdmin):
    """The public part of a run; its input and certificates are sealed, and opened for nobody here."""

    list_display = ("due_at", *columns("reference", "state"), "counts", "placed", "dropped")
    ordering = ("-due_at",)
    list_filter = ("state",)
    search_fields = ("reference",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # type: ignore[override]
        kept = ("sealed_secret", "input_path", "result_path", "public", "figures")
        return [field for field in super().get_fields(request, obj) if field not in kept]
