"""What is typed where payments are missing: a promise, a recovery with its costs, a write-off, the sale of a claim."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField
from loans.models import Recovery, WriteOff


class PromiseForm(forms.Form):
    amount = MoneyField(label=_("Amount promised"))
    due_on = forms.DateField(label=_("By which day"), widget=forms.DateInput(attrs={"type": "date"}))


class RecoveryForm(forms.Form):
    source = forms.ChoiceField(label=_("Who paid"), choices=[choice for choice in Recovery.Source.choices if choice[0] != Recovery.Source.BUYER])
    gross = MoneyField(label=_("What came in"), help_text=_("It is taken from the borrower's wallet."))
    costs = MoneyField(
        label=_("Costs of it"), min_value=0, required=False, help_text=_("With a receipt. A second person has to agree; borrower and holders see them.")
    )


class WriteOffForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"), choices=WriteOff.Reason.choices)
    note = forms.CharField(label=_("What was tried"), widget=forms.Textarea({"rows": 4}), max_length=4000)


class SaleForm(forms.Form):
    buyer = forms.CharField(label=_("Buyer"), max_length=120, help_text=_("A licensed institution, by its full name. The borrower reads it."))
    license = forms.CharField(label=_("License of the buyer"), max_length=60)
    price = MoneyField(label=_("Price"), min_value=0, help_text=_("All of it reaches the holders, like any recovery."))
    receipt = forms.CharField(
        label=_("Receipt of the price"), max_length=20, required=False, help_text=_("The unmatched receipt that brought it, such as PM-7K3F9Q2M.")
    )
