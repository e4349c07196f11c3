"""What staff type to enter something on a loan: which kind, for which day, and what that kind needs."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField
from core.money import format_amount
from loans import adjustment
from loans.event import NEEDS_AMOUNT, Entry
from loans.models import Adjustment, Loan, LoanEvent
from loans.repayment import CHOICES
from loans.replay import Kind
from loans.replay.events import UNDOABLE

NEEDS_TARGET = {Kind.VOID, Kind.CHARGEBACK}
PARTS = [("penalties", _("Late charges")), ("fees", _("Fees")), ("interest", _("Interest"))]
WORDS = {
    Kind.PAYMENT: _("Payment from the wallet, for an earlier day"),
    Kind.VOID: _("Undo an entry: a returned debit, a mistake"),
    Kind.CHARGEBACK: _("Chargeback: a part of a payment was taken back"),
    Kind.GOODWILL: _("Goodwill credit from our own money"),
    Kind.WAIVER: _("Waive charges or interest"),
    Kind.FEE: _("Charge a fee the contract allows"),
    Kind.RETURNED: _("Return what was overpaid"),
    Kind.DISPUTE: _("The borrower disputes what is owed"),
    Kind.DISPUTE_OVER: _("The dispute is over"),
}


class EntryForm(forms.Form):
    """`loan` decides what can be undone and in which currency amounts are read."""

    kind = forms.ChoiceField(label=_("What"))
    on = forms.DateField(label=_("It counts for the day"), widget=forms.DateInput(attrs={"type": "date"}))
    amount = MoneyField(label=_("Amount"), required=False)
    undoes = forms.TypedChoiceField(label=_("Which entry"), required=False, coerce=int, empty_value=None)
    part = forms.ChoiceField(label=_("Waived from"), choices=PARTS, required=False)
    choice = forms.ChoiceField(label=_("Money beyond what is due"), choices=list(CHOICES.items()), required=False)
    why = forms.ChoiceField(label=_("Why"), choices=[("", "–"), *Adjustment.Why.choices])

    # Where a refusal is shown: the field a person can put right.
    FIELDS: ClassVar = {
        "on": ("in_future", "before_disbursement"),
        "amount": ("not_positive", "more_than_owed", "more_than_paid", "returned_too_much", "insufficient_funds", "platform_short"),
        "undoes": ("nothing_to_undo", "already_undone", "charged_back"),
        "part": ("no_such_part",),
    }

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, words) for kind, words in WORDS.items() if kind in adjustment.PROPOSABLE]  # type: ignore[attr-defined]
        self.fields["undoes"].choices = [("", "–"), *((row.number, _named(row)) for row in undoable(loan))]  # type: ignore[attr-defined]
        self.fields["amount"].currency = loan.currency  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = Kind(data["kind"]) if data.get("kind") else None
        if kind in NEEDS_AMOUNT and not data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Enter an amount."))
        if kind in NEEDS_TARGET and not data.get("undoes") and "undoes" not in self.errors:
            self.add_error("undoes", _("Choose the entry it is about."))
        return data

    def entry(self) -> Entry:
        """What was typed, without what the kind does not need."""
        data, kind = self.cleaned_data, Kind(self.cleaned_data["kind"])
        terms = {Kind.PAYMENT: {"choice": data["choice"] or "next"}, Kind.WAIVER: {"part": data["part"]}, Kind.VOID: {"why": data["why"]}}
        amount = data["amount"] if kind in NEEDS_AMOUNT else 0
        return Entry(kind, data["on"], amount, terms.get(kind, {}), data["undoes"] if kind in NEEDS_TARGET else None)

    def refuse(self, code: str, message: str) -> None:
        self.add_error(next((field for field, codes in self.FIELDS.items() if code in codes), None), message)


def undoable(loan: Loan) -> list[LoanEvent]:
    """Entries that still stand and may be undone, newest first."""
    gone = set(loan.events.filter(kind=Kind.VOID.value).values_list("undoes", flat=True))
    return [row for row in loan.events.filter(kind__in=[kind.value for kind in UNDOABLE]).order_by("-number") if row.number not in gone]


def _named(row: LoanEvent) -> str:
    amount = format_amount(row.amount, row.loan.currency) if row.amount else ""
    day: date = row.on
    return f"{row.number} · {row.get_kind_display()} · {day.isoformat()} {amount}".strip()
