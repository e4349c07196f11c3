"""What staff see of the market: listings and pledges, read-only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from marketplace.models import Listing, Pledge


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("reference", "state", "grade", "annual_rate", "target", "funded", "closes_at")
    list_filter = ("state", "grade")
    search_fields = ("reference", "loan__reference")


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    list_display = ("reference", "listing", "amount", "state", "pledged_at")
    list_filter = ("state",)
    search_fields = ("reference", "listing__reference")
