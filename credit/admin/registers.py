"""Decisions and scores in shadow, to look at: outcome and figures. What a decision saw stays sealed here."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from credit.models import Decision, ShadowScore


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "about", "outcome", "grade", "pd", "annual_rate", "apr", "model", "decided_at")
    list_filter = ("outcome", "grade", "model")
    search_fields = ("=reference", "=about")
    ordering = ("-decided_at", "-pk")


@admin.register(ShadowScore)
class ShadowScoreAdmin(ReadOnlyAdmin):
    list_display = columns("decision", "model", "outcome", "grade", "pd", "at")
    list_filter = ("model", "outcome")
    list_select_related = ("decision",)
    search_fields = ("=decision__reference",)
    ordering = ("-at", "-pk")
