"""How staff pages show a column: its label in the reader's language, amounts as money, rates in per cent, states as words with an icon, people by pseudonym."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.money import format_amount
from core.templatetags.look import tag
from core.templatetags.money import percent

from .models import User

Words = dict[str, str | Promise]
# Columns without a verbose name of their own. What is listed here is shown through `column`.
LABELS: Words = {
    "about": _("Affair"),
    "amount": _("Amount"),
    "accrued": _("Interest earned"),
    "annual_rate": _("Annual rate"),
    "answered_at": _("Answered at"),
    "answered_by": _("Answered by"),
    "apr": _("Cost a year with all fees"),
    "approved_at": _("Approved at"),
    "approved_by": _("Approved by"),
    "as_of": _("Business day"),
    "at": _("When"),
    "attempt": pgettext_lazy("payout", "Attempt"),
    "balance_after": _("Balance after"),
    "bank_account": _("Bank account"),
    "bucket": _("Days late"),
    "cancel_until": _("Can be cancelled until"),
    "cap": _("Cap"),
    "claimed_at": _("Claimed at"),
    "closed_at": _("Closed at"),
    "closed_on": _("Closed on"),
    "closes_at": _("Closes at"),
    "costs": _("Costs"),
    "created_at": _("Begun at"),
    "created_by": _("Begun by"),
    "currency": _("Currency"),
    "days_late": _("Days late"),
    "decided_at": _("Decided at"),
    "decided_by": _("Decided by"),
    "decision": pgettext_lazy("scorecard", "Decision"),
    "disbursed_on": _("Paid out on"),
    "due_on": _("Due"),
    "ended_at": _("Ended at"),
    "expected_loss": _("Expected loss"),
    "fees": _("Fees"),
    "finished_at": _("Finished at"),
    "funded": _("Pledged"),
    "funded_at": _("Funded at"),
    "grace_days": _("Days of grace"),
    "grade": _("Grade"),
    "gross": _("Came in"),
    "interest": _("Interest"),
    "jurisdiction": _("Jurisdiction"),
    "kind": pgettext_lazy("sort of thing", "Kind"),
    "language": _("Language"),
    "listing": _("Listing"),
    "loan": _("Loan"),
    "loans": _("Loans"),
    "method": _("Repayment"),
    "minimum": _("Smallest pledge"),
    "model": _("Model"),
    "model_sha256": _("Hash of its file"),
    "net": pgettext_lazy("recovery", "To the holders"),
    "number": pgettext_lazy("installment", "Number"),
    "on": pgettext_lazy("business day", "Day"),
    "opened_on": _("Since"),
    "opens_at": _("Opened at"),
    "outcome": _("Outcome"),
    "origination_fee": _("Origination fee"),
    "outstanding": _("Principal still out"),
    "owed_at_default": _("Principal at default"),
    "originated_at": _("Held since"),
    "paid_interest": _("Interest paid"),
    "paid_on": _("Paid on"),
    "paid_principal": _("Principal paid"),
    "parked_at": _("Set aside at"),
    "party": _("Party"),
    "payment": _("Payment"),
    "pd": _("Probability of default, 12 months"),
    "penalties": _("Late penalties"),
    "penalty_rate": _("Late penalty a year"),
    "phase": _("Stage"),
    "points": _("Points"),
    "pledged_at": _("Pledged at"),
    "principal": _("Principal"),
    "proposed_at": _("Proposed at"),
    "proposed_by": _("Proposed by"),
    "provision": _("Expected to be lost"),
    "purpose": _("Purpose"),
    "reason": _("Reason"),
    "received_on": _("Received on"),
    "received_fees": _("Fees received"),
    "received_interest": _("Interest received"),
    "received_penalties": _("Penalties received"),
    "received_principal": _("Principal received"),
    "reference": _("Reference"),
    "released_at": _("Released at"),
    "reviewer": _("Reviewer"),
    "rules": _("Rules of lending"),
    "saved_at": _("Saved at"),
    "segment": _("For whom"),
    "servicing_fee_rate": _("Servicing fee a year"),
    "settled_at": _("Paid out at"),
    "started_at": _("Started at"),
    "source": pgettext_lazy("recovery", "From"),
    "stage": _("Stage"),
    "stage_since": _("Stage since"),
    "state": _("State"),
    "submitted_at": _("Sent at"),
    "summary": _("In a few sentences"),
    "target": _("Target"),
    "term_months": _("Term, months"),
    "title": _("Title"),
    "unit": _("Step of a pledge"),
    "waived_interest": _("Interest waived"),
    "why": _("Why"),
    "wish": _("Help wanted"),
}
MONEY = frozenset(
    (
        *("amount", "balance_after", "fees", "funded", "interest", "minimum", "origination_fee", "penalties", "principal", "target", "unit"),
        *("paid_interest", "paid_principal", "waived_interest"),
        *("accrued", "costs", "gross", "net", "outstanding", "owed_at_default", "provision"),
        *("received_fees", "received_interest", "received_penalties", "received_principal"),
    )
)
RATES = frozenset(("annual_rate", "apr", "cap", "expected_loss", "pd", "penalty_rate", "servicing_fee_rate"))
NOTHING = "–"


@cache
def column(name: str) -> Callable[[Model], Any]:
    """A column for `list_display`, `fields` and `readonly_fields`. The same one each time, as the admin compares them."""

    def shown(row: Model) -> Any:
        return show(row, name)

    shown.short_description = LABELS[name]  # type: ignore[attr-defined]
    shown.admin_order_field = name  # type: ignore[attr-defined]
    shown.__name__ = f"shown_{name}"
    return shown


def columns(*names: str) -> tuple[Callable[[Model], Any] | str, ...]:
    """`names` as columns; a name that is a method of the admin stays one."""
    return tuple(column(name) if name in LABELS else name for name in names)


def show(row: Model, name: str) -> Any:
    """One value of a row, for staff's eyes."""
    value = getattr(row, name)
    if value is None or value == "":
        return NOTHING
    if name in MONEY and isinstance(value, int):
        return format_amount(value, currency_of(row))
    if name in RATES:
        return percent(value)
    if name == "state":
        return tag(value, row.get_state_display())  # type: ignore[attr-defined]
    words = getattr(row, f"get_{name}_display", None)
    return words() if words else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, User):
        return value.pseudonym
    if isinstance(value, Model):
        return _linked(value)
    if isinstance(value, datetime):
        return date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _linked(row: Model) -> Any:
    words = getattr(row, "reference", None) or str(row)
    try:
        return format_html('<a href="{}">{}</a>', reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]), words)
    except NoReverseMatch:
        return words


def currency_of(row: Model) -> str:
    """The currency of a row, or of what it belongs to."""
    owner = getattr(row, "loan", None) or getattr(row, "listing", None)
    return str(getattr(row, "currency", "") or getattr(owner, "currency", "") or settings.DEFAULT_CURRENCY)


def waiting(since: datetime, *, now: datetime) -> str:
    """How long something has waited, in the largest two units that say something."""
    minutes = max(int((now - since).total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return gettext("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60} if hours else gettext("%(minutes)s min") % {"minutes": minutes}
