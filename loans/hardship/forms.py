"""What a borrower who cannot pay fills in, and what staff choose for a plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField, WordsField
from loans.forms import TEXT_MAX, PercentField, seen
from loans.hardship.terms import Wanted
from loans.models import HardshipRequest, Plan
from privacy.forms import ConsentField

READER = _("Only who takes up your request")


class HardshipForm(forms.Form):
    """A request for help. What is wanted is enough; a reason only with a yes to the notice about it."""

    wish = forms.ChoiceField(label=_("What would help you?"), choices=HardshipRequest.Wish.choices, widget=forms.RadioSelect)
    affordable = seen(
        MoneyField(label=_("What could you pay each month?"), min_value=0, required=False, help_text=_("Leave it empty if you do not know yet.")),
        "sealed",
        READER,
    )
    hardship = ConsentField(purpose="hardship")
    reason = seen(
        WordsField(label=_("What has happened?"), widget=forms.Textarea({"rows": 5}), max_length=TEXT_MAX, required=False),
        "sealed",
        READER,
    )
    paper = seen(
        forms.FileField(label=_("A paper that shows it"), required=False, help_text=_("PDF, PNG or JPEG, up to 10 MB.")),
        "sealed",
        READER,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "hardship" in data and not data["hardship"]:
            for name in ("reason", "paper"):
                if data.get(name):
                    self.add_error(name, _("You chose that we do not read a reason. Leave this empty, or allow it above."))
        return data


class PlanForm(forms.Form):
    """What staff choose for a new plan; the numbers a kind does not use stay empty."""

    kind = forms.ChoiceField(label=_("Kind of plan"), choices=Plan.Kind.choices, widget=forms.RadioSelect)
    pause_months = forms.IntegerField(label=_("Months without a payment"), min_value=0, max_value=24, required=False)
    more = forms.IntegerField(label=_("Installments more than are left"), min_value=0, max_value=120, required=False)
    annual_rate = PercentField(label=_("Lower annual rate"), required=False, help_text=_("New terms only; the holders vote."))
    waive_charges = forms.BooleanField(label=_("Give up the open late charges"), required=False)

    def wanted(self) -> Wanted:
        data = self.cleaned_data
        rate = data["annual_rate"]
        return Wanted(
            kind=data["kind"],
            pause_months=data["pause_months"] or 0,
            more=data["more"] or 0,
            annual_rate=None if rate is None else (rate / 100).quantize(Decimal("0.000001")),
            waive_charges=data["waive_charges"],
        )
