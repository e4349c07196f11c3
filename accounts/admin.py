"""Staff's view of people: pseudonyms, states and times. No sealed value is in any list or form here; acts can only be read."""

from typing import Any, TypeVar

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.fields import encrypted_fields

from . import act_words
from .columns import LABELS, column
from .models import Act, IdentityCheck, Membership, Party, User

Row = TypeVar("Row", bound=Model)

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _unnamed(field: Any) -> bool:
    """Whether the model gives the field no words of its own, so that the columns' words stand in."""
    return field.name in LABELS and str(field.verbose_name) == field.name.replace("_", " ")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that pages and jobs write: staff look, nobody types. Sealed columns are left out."""

    show_full_result_count = False
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # type: ignore[override]
        hidden = {*encrypted_fields(self.model), "id", "row_id", "number_index", "password", "token_hash"}
        fields = [field for field in self.model._meta.concrete_fields if field.name not in hidden]
        return [column(field.name) if _unnamed(field) else field.name for field in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # type: ignore[override]
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def row_or_404(rows: QuerySet[Row], object_id: str | int) -> Row:
    """The row an address of the admin site names; what is no number names none."""
    return get_object_or_404(rows, pk=object_id if str(object_id).isdecimal() else None)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    can_delete = False
    fields = readonly_fields = ("person", "role", "created_at", "ended_at")

    @admin.display(description=_("person"))
    def person(self, membership: Membership) -> str:
        return membership.user.pseudonym

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """By pseudonym. Only the superuser changes who is staff and in which role."""

    list_display = ("pseudonym", "is_staff", "is_active", "language", "joined_at")
    list_filter = ("is_staff", "is_active", "groups")
    list_select_related = ("subject",)
    search_fields = ("subject__pseudonym",)
    search_help_text = _("Pseudonym")
    fields = ("pseudonym", "is_active", "is_staff", "groups", "language", "time_zone", "joined_at", "last_login")
    readonly_fields = ("pseudonym", "language", "time_zone", "joined_at", "last_login")

    @admin.display(description=_("pseudonym"), ordering="subject__pseudonym")
    def pseudonym(self, user: User) -> str:
        return user.pseudonym

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(Party)
class PartyAdmin(ReadOnlyAdmin):
    list_display = ("reference", "kind", "pseudonym", "borrows", "invests", "verified_at", "created_at")
    list_filter = ("kind", "borrows", "invests", ("verified_at", admin.EmptyFieldListFilter))
    list_select_related = ("subject",)
    search_fields = ("reference", "subject__pseudonym")
    search_help_text = _("Reference or pseudonym")
    inlines = (MembershipInline,)

    @admin.display(description=_("pseudonym"), ordering="subject__pseudonym")
    def pseudonym(self, party: Party) -> str:
        return party.subject.pseudonym


@admin.register(IdentityCheck)
class IdentityCheckAdmin(ReadOnlyAdmin):
    list_display = ("reference", "party", "document", "state", "reason_code", "provider", "submitted_at", "decided_at")
    list_filter = ("state", "document", "provider", "reason_code")
    list_select_related = ("party",)
    search_fields = ("reference", "party__reference")
    search_help_text = _("Reference")
    ordering = ("-pk",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("party", "person", "role", "created_at", "ended_at")
    list_filter = ("role", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("party", "user__subject")
    search_fields = ("party__reference", "user__subject__pseudonym")

    @admin.display(description=_("person"))
    def person(self, membership: Membership) -> str:
        return membership.user.pseudonym


class ActFilter(admin.SimpleListFilter):
    """By act, in words."""

    title = pgettext_lazy("act", "what")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(act_words.ACTS.items(), key=lambda pair: str(pair[1]))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Who did what. People by pseudonym; the register is append-only."""

    list_display = ("at", "who", "what", "target")
    list_filter = (ActFilter,)
    list_select_related = ("actor__subject",)
    search_fields = ("target", "actor__subject__pseudonym")
    search_help_text = _("Reference or pseudonym")
    date_hierarchy = "at"
    ordering = ("-pk",)

    @admin.display(description=_("who"), ordering="actor__subject__pseudonym")
    def who(self, act: Act) -> str:
        return act.actor.pseudonym

    @admin.display(description=pgettext_lazy("act", "what"), ordering="action")
    def what(self, act: Act) -> str:
        return act_words.words(act.action)
