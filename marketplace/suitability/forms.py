"""The test an investor takes and the figures given beside it; the sentence that the outcome has been read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField
from marketplace.suitability import questions

FINANCES = ("income", "assets", "commitments")


class SuitabilityForm(forms.Form):
    """Every question and three amounts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in questions.QUESTIONS:
            choices = [(str(k), words) for k, words in enumerate(question.answers)]
            self.fields[question.code] = forms.ChoiceField(label=question.text, choices=choices, widget=forms.RadioSelect)
        self.fields["income"] = MoneyField(min_value=0, label=_("Your income in a year, after tax"))
        self.fields["assets"] = MoneyField(
            min_value=0,
            label=_("What you own and could turn into money"),
            help_text=_("Savings, deposits, shares and funds. Not the home you live in, not your pension."),
        )
        self.fields["commitments"] = MoneyField(
            min_value=0,
            label=_("What you have to pay within a year"),
            help_text=_("Rent, loan installments, maintenance. 0 if none."),
        )
        for name in FINANCES:
            self.fields[name].currency = settings.DEFAULT_CURRENCY  # type: ignore[attr-defined]

    def answers(self) -> dict[str, int]:
        return {question.code: int(self.cleaned_data[question.code]) for question in questions.QUESTIONS}

    def finances(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in FINANCES}


class AcknowledgeForm(forms.Form):
    """The warning, agreed to expressly."""

    read = forms.BooleanField(
        label=_("I have read the outcome and understand that I may lose all the money I put in"),
        error_messages={"required": _("Tick this to go on. You can lose money.")},
    )
