"""What staff see of the market: listings and pledges, read-only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from marketplace.models import Listing, Pledge


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
