"""Staff's view of the books: to read and to search, never to write."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.money import format_amount

from . import queries
from .models import Account, Transfer

if TYPE_CHECKING:
    AccountBase = admin.ModelAdmin[Account]
    TransferBase = admin.ModelAdmin[Transfer]
else:
    AccountBase = TransferBase = admin.ModelAdmin


class ReadOnly:
    """No add, no change, no delete, so no actions either; whoever may view may view."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Account)
class AccountAdmin(ReadOnly, AccountBase):
    list_display = ["code", "owner", "currency", "posted", "held", "available"]
    list_filter = ["code", "currency"]
    search_fields = ["=owner"]
    search_help_text = _("Owner, such as party:7")
    ordering = ["code", "owner"]
    readonly_fields = ["posted", "held", "available", "purpose"]

    @admin.display(description=_("posted"))
    def posted(self, account: Account) -> str:
        return format_amount(queries.of_account(account).posted, account.currency)

    @admin.display(description=_("held"))
    def held(self, account: Account) -> str:
        return format_amount(queries.of_account(account).pending_out, account.currency)

    @admin.display(description=_("available"))
    def available(self, account: Account) -> str:
        return format_amount(queries.of_account(account).available, account.currency)

    @admin.display(description=_("purpose"))
    def purpose(self, account: Account) -> str:
        return str(account.entry.why)


@admin.register(Transfer)
class TransferAdmin(ReadOnly, TransferBase):
    list_display = ["id", "booked_on", "kind", "phase", "money", "debit_account", "credit_account", "reference", "key"]
    list_filter = ["phase", "kind", "currency", "booked_on"]
    list_select_related = ["debit_account", "credit_account"]
    search_fields = ["=reference", "key__startswith"]
    search_help_text = _("Reference, or the beginning of a key")
    ordering = ["-id"]
    exclude = ["input_hash"]
    readonly_fields = ["money", "fingerprint"]

    @admin.display(description=_("amount"))
    def money(self, transfer: Transfer) -> str:
        return format_amount(transfer.amount, transfer.currency)

    @admin.display(description=_("input hash"))
    def fingerprint(self, transfer: Transfer) -> str:
        return bytes(transfer.input_hash).hex()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        return super().get_queryset(request).select_related("pending")
