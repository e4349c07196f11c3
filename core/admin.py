"""Staff's view of the foundation: jobs (read-only, the dead ones can be retried) and the holiday calendar."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import outbox
from core.models import Holiday, Job
from core.templatetags.look import tag


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Dead letters first: what was given up waits here for a decision."""

    list_display = ["name", "shown_state", "attempts", "failures", "last_error", "created_at", "next_at"]
    list_filter = ["state", "name"]
    search_fields = ["key", "name"]
    search_help_text = _("Name, or the fact in the key, such as disbursement:DB-7K3F9Q2M")
    ordering = [Case(When(state="dead", then=0), When(state="running", then=1), default=2), "-id"]
    actions = ["retry"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, job: Job) -> str:
        return tag(job.state, job.get_state_display())

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> list[str]:
        return [field.name for field in Job._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).defer("payload")

    @admin.action(description=_("Retry the given-up jobs"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        count = outbox.retry_all(queryset, by=request.user.pk, now=timezone.now())
        text = ngettext("%(count)d job will be tried again.", "%(count)d jobs will be tried again.", count) % {"count": count}
        messages.success(request, text)


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Days that differ from the plain week. What staff enter or change is never overwritten by an import."""

    list_display = ["day", "calendar", "kind", "name", "source"]
    list_filter = ["calendar", "kind", "source"]
    date_hierarchy = "day"
    fields = ["calendar", "day", "kind", "name"]

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:
        obj.source = Holiday.Source.STAFF
        super().save_model(request, obj, form, change)
