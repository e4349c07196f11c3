"""Read-only for staff: persons by pseudonym, what was published, answered, seen and sealed. No key, no ciphertext, no plaintext."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import AccessLog, Consent, DataSubject, Matter, Notice, Segment


class ReadOnly(admin.ModelAdmin):
    """Looked at, never touched."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DataSubject)
class DataSubjectAdmin(ReadOnly):
    list_display = ("pseudonym", "kind", "created_at", "restricted_at", "erased_at")
    list_filter = ("kind",)
    search_fields = ("pseudonym",)
    fields = ("pseudonym", "kind", "created_at", "restricted_at", "erased_at", "key_id")


@admin.register(Matter)
class MatterAdmin(ReadOnly):
    list_display = ("reference", "subject", "jurisdictions", "opened_at", "closed_at")
    list_select_related = ("subject",)
    search_fields = ("reference", "subject__pseudonym")


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("code", "version", "locale", "title", "material", "published_at")
    list_filter = ("code", "locale", "material")


@admin.register(Consent)
class ConsentAdmin(ReadOnly):
    list_display = ("receipt_id", "subject", "purpose", "decision", "notice", "at")
    list_select_related = ("subject", "notice")
    list_filter = ("purpose", "decision")
    search_fields = ("receipt_id", "subject__pseudonym")


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnly):
    list_display = ("at", "actor", "role", "subject", "kinds", "purpose", "why", "page")
    list_select_related = ("actor", "subject")
    list_filter = ("actor_kind", "purpose")
    search_fields = ("=actor__pseudonym", "=subject__pseudonym", "=reference")


@admin.register(Segment)
class SegmentAdmin(ReadOnly):
    list_display = ("stream", "number", "count", "seal", "sealed_at")
    list_filter = ("stream",)
    fields = ("stream", "number", "count", "ranges", "root", "previous", "seal", "sealed_at")


from . import circle_admin, desk_admin, restriction_admin  # noqa: E402, F401  (registering is its effect)
