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

WITH_A_YES = ("reason", "paper")
READER = _("Only who takes up your request")


class HardshipConsentForm(forms.Form):
    """Whether we may read a reason: asked first, alone on its screen, and a no costs nothing."""

    hardship = ConsentField(purpose="hardship")


class HardshipForm(forms.Form):
    """A request for help. What is wanted is enough; a reason only with a yes to the notice about it (`allowed`)."""

    wish = forms.ChoiceField(label=_("What would help you?"), choices=HardshipRequest.Wish.choices, widget=forms.RadioSelect)
    affordable = seen(
        MoneyField(label=_("What could you pay each month?"), min_value=0, required=False, help_text=_("Leave it empty if you do not know yet.")),
        "sealed",
        READER,
    )
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

    def __init__(self, *args: Any, allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed
        if not allowed and not any(self.data.get(name) or self.files.get(name) for name in WITH_A_YES):
            for name in WITH_A_YES:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in WITH_A_YES:
            if not self.allowed and data.get(name):  # a yes taken back while the page stood open
                self.add_error(name, _("You chose that we do not read a reason. Leave this empty, or change your answer first."))
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
