"""What a borrower fills in: one form a section, each saved by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField, normalize_digits
from loans import product, words
from loans.models import Document
from loans.models.application import METHODS, PURPOSES
from privacy.forms import ConsentField

TERMS = [(str(months), _("%(months)s months") % {"months": months}) for months in product.STANDARD.terms]
TEXT_MAX = 4000
ITEMS = 8


def _blank(choices: Iterable[Any]) -> list[Any]:
    return [("", _("Choose")), *choices]


class ProjectForm(forms.Form):
    """What investors read, in the borrower's own words, and what is asked for."""

    title = forms.CharField(label=_("Title of the project"), max_length=80, help_text=_("Investors see this. Leave out names and addresses."))
    summary = forms.CharField(label=_("The project in a few sentences"), max_length=600, widget=forms.Textarea, help_text=_("Investors see this too."))
    purpose = forms.ChoiceField(label=_("What is it for?"), choices=_blank(PURPOSES))
    amount = MoneyField(label=_("Amount"), min_value=product.STANDARD.amount_min, max_value=product.STANDARD.amount_max)
    term_months = forms.TypedChoiceField(label=_("Over how long?"), choices=_blank(TERMS), coerce=int)
    method = forms.ChoiceField(label=_("How do you want to repay?"), choices=METHODS, widget=forms.RadioSelect)

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if amount % product.STANDARD.unit:
            raise forms.ValidationError(_("Enter a multiple of ¥100, because shares are sold in units of ¥100."), code="multiple")
        return amount


class FundsForm(forms.Form):
    """The itemised use of funds: as many lines as are filled in, together the amount asked for."""

    def __init__(self, *args: Any, total: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.total = total
        for k in range(1, ITEMS + 1):
            self.fields[f"label_{k}"] = forms.CharField(label=_("Item %(number)s") % {"number": k}, max_length=80, required=False)
            self.fields[f"amount_{k}"] = MoneyField(label=_("Amount of item %(number)s") % {"number": k}, required=False)

    def items(self) -> list[tuple[str, int]]:
        data = self.cleaned_data
        return [(data[f"label_{k}"], data[f"amount_{k}"]) for k in range(1, ITEMS + 1) if data.get(f"label_{k}") and data.get(f"amount_{k}")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for k in range(1, ITEMS + 1):
            if bool(data.get(f"label_{k}")) != bool(data.get(f"amount_{k}")) and f"amount_{k}" not in self.errors:
                self.add_error(f"amount_{k}", _("An item needs both words and an amount."))
        if not self.errors and self.total is not None and sum(amount for _label, amount in self.items()) != self.total:
            raise forms.ValidationError(_("The items must add up to the amount you ask for."), code="sum")
        return data


class BackgroundForm(forms.Form):
    background = forms.CharField(
        label=_("Background"), widget=forms.Textarea, max_length=TEXT_MAX, help_text=_("Who you are and what you do. Read by our assessors only.")
    )


class RepaymentForm(forms.Form):
    repayment_plan = forms.CharField(label=_("How will you repay?"), widget=forms.Textarea, max_length=TEXT_MAX, help_text=_("Read by our assessors only."))
    repayment_source = forms.ChoiceField(label=_("Mainly from"), choices=_blank(words.SOURCES.items()))


class FinancesForm(forms.Form):
    """Income, debts and work. Amounts are kept as minor units; what is not known stays empty and is read by a person."""

    phone = forms.CharField(label=_("Your own phone number"), max_length=20, help_text=_("Yours, not somebody else's. We never ask for your contacts."))
    region = forms.ChoiceField(label=_("Province"), choices=_blank(words.REGIONS.items()))
    occupation = forms.ChoiceField(label=_("Work"), choices=_blank(words.OCCUPATIONS.items()))
    industry = forms.ChoiceField(label=_("Industry"), choices=_blank(words.INDUSTRIES.items()), required=False)
    housing = forms.ChoiceField(label=_("Housing"), choices=_blank(words.HOUSINGS.items()), required=False)
    months_at_work = forms.IntegerField(label=_("Months in this work or business"), min_value=0, max_value=720, required=False)
    income_monthly = MoneyField(label=_("Income a month, after tax"), min_value=0)
    debt_monthly = MoneyField(label=_("Debt payments a month"), min_value=0, help_text=_("0 if none."))
    debt_total = MoneyField(label=_("Debt in all"), min_value=0)
    debt_other_platforms = MoneyField(label=_("Of that, on other platforms"), min_value=0, required=False)
    overdue_count_6m = forms.IntegerField(label=_("Times overdue in the last 6 months"), min_value=0, max_value=99, required=False)

    def clean_phone(self) -> str:
        phone = normalize_digits(str(self.cleaned_data["phone"])).replace(" ", "").replace("-", "")
        if not phone.removeprefix("+").isdigit() or not 7 <= len(phone.removeprefix("+")) <= 15:
            raise forms.ValidationError(_("Enter a phone number in digits."), code="phone")
        return phone


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is it?"), choices=Document.Kind.choices)
    upload = forms.FileField(label=_("File"), help_text=_("PDF, PNG or JPEG, up to 10 MB. We remove hidden data such as the place a photo was taken."))


class ConsentsForm(forms.Form):
    """Each consent by itself; the first three are what the service is made of, the others may be refused without consequence."""

    application = ConsentField(purpose="application", needed=True)
    automated_decision = ConsentField(purpose="automated_decision", needed=True)
    listing_disclosure = ConsentField(purpose="listing_disclosure", needed=True)
    credit_source = ConsentField(purpose="credit_source")
    named_recipient = ConsentField(purpose="named_recipient")


class RepayForm(forms.Form):
    amount = MoneyField(label=_("Amount"))


SECTION_FORMS: dict[str, type[forms.Form]] = {
    "project": ProjectForm,
    "funds": FundsForm,
    "background": BackgroundForm,
    "repayment": RepaymentForm,
    "finances": FinancesForm,
    "privacy": ConsentsForm,
}
