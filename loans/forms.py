"""What a borrower fills in: one form a section, each saved by itself."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField, WordsField, normalize_digits
from core.money import digits, format_amount
from loans import product, schedule, words
from loans.models import Document
from loans.models.application import METHODS, PURPOSES
from loans.repayment import CHOICES
from privacy.forms import ConsentField

TEXT_MAX = 4000
ITEMS = 8
ITEMS_SHOWN = 3


def _blank(choices: Iterable[Any]) -> list[Any]:
    return [("", _("Choose")), *choices]


def _terms() -> list[Any]:
    return _blank((str(months), _("%(months)s months") % {"months": months}) for months in product.STANDARD.terms)


def seen(field: Any, pane: str, words: Any = "") -> Any:
    """Marks who will see what is typed here."""
    field.pane, field.pane_words = pane, words
    return field


class ProjectForm(forms.Form):
    """What investors read, in the borrower's own words."""

    title = seen(WordsField(label=_("Title of the project"), max_length=80, help_text=_("Leave out names and addresses.")), "pledger")
    summary = seen(
        WordsField(
            label=_("The project in a few sentences"),
            max_length=600,
            widget=forms.Textarea({"rows": 6}),
            help_text=_("What you will do, why it earns the money back, and what could go wrong. Up to 600 characters."),
        ),
        "pledger",
    )
    purpose = seen(forms.ChoiceField(label=_("What is it for?"), choices=_blank(PURPOSES)), "pledger")


class AmountForm(forms.Form):
    """How much, over how long, repaid how."""

    amount = seen(
        MoneyField(
            label=_("Amount"),
            min_value=product.STANDARD.amount_min,
            max_value=product.STANDARD.amount_max,
            help_text=_("¥5,000 to ¥2,000,000, in steps of ¥100."),
        ),
        "pledger",
    )
    term_months = forms.TypedChoiceField(label=_("Over how long?"), choices=_terms, coerce=int)
    method = forms.ChoiceField(
        label=_("How do you want to repay?"),
        choices=METHODS,
        widget=forms.RadioSelect,
        help_text=_("Equal installments: the same every month. Equal principal: more at first, less interest in all."),
    )

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if amount % product.STANDARD.unit:
            raise forms.ValidationError(_("Enter a multiple of ¥100, because shares are sold in units of ¥100."), code="multiple")
        return amount


class FundsForm(forms.Form):
    """The itemised use of funds: as many lines as are filled in, together the amount asked for. `rows` lines are shown."""

    def __init__(self, *args: Any, total: int | None, rows: int = ITEMS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.total, self.rows = total, min(max(rows, ITEMS_SHOWN), ITEMS)
        for k in range(1, self.rows + 1):
            self.fields[f"label_{k}"] = WordsField(label=_("What it is for"), max_length=80, required=False)
            self.fields[f"amount_{k}"] = MoneyField(label=_("Amount"), required=False)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line's two fields, for the page."""
        return [{"number": k, "label": self[f"label_{k}"], "amount": self[f"amount_{k}"]} for k in range(1, self.rows + 1)]

    def items(self) -> list[tuple[str, int]]:
        data = self.cleaned_data
        rows = range(1, self.rows + 1)
        return [(data[f"label_{k}"], data[f"amount_{k}"]) for k in rows if data.get(f"label_{k}") and data.get(f"amount_{k}")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for k in range(1, self.rows + 1):
            missing = "label" if data.get(f"amount_{k}") else "amount"
            if bool(data.get(f"label_{k}")) != bool(data.get(f"amount_{k}")) and f"amount_{k}" not in self.errors:
                self.add_error(f"{missing}_{k}", _("Item %(number)s needs both words and an amount.") % {"number": k})
        if not self.errors and self.total is not None:
            self._compare(sum(amount for _label, amount in self.items()), self.total)
        return data

    def _compare(self, together: int, asked: int) -> None:
        if together == asked:
            return
        words = {
            "together": format_amount(together, product.STANDARD.currency),
            "asked": format_amount(asked, product.STANDARD.currency),
            "rest": format_amount(abs(asked - together), product.STANDARD.currency),
        }
        text = (
            _("The items come to %(together)s, and you asked for %(asked)s. Add an item for the other %(rest)s, or ask for less.")
            if together < asked
            else _("The items come to %(together)s, and you asked for %(asked)s. That is %(rest)s too much.")
        )
        raise forms.ValidationError(text % words, code="sum")


class BackgroundForm(forms.Form):
    background = seen(
        WordsField(
            label=_("Background"),
            widget=forms.Textarea({"rows": 8}),
            max_length=TEXT_MAX,
            help_text=_("Who you are, what you do, and since when. You may name places and people here."),
        ),
        "sealed",
        _("Our assessors only"),
    )


class RepaymentForm(forms.Form):
    repayment_plan = seen(
        WordsField(
            label=_("How will you repay?"),
            widget=forms.Textarea({"rows": 6}),
            max_length=TEXT_MAX,
            help_text=_("Where the money for each month comes from, and what you do if it comes late."),
        ),
        "sealed",
        _("Our assessors only"),
    )
    repayment_source = seen(forms.ChoiceField(label=_("Mainly from"), choices=_blank(words.SOURCES.items())), "pledger")


class WorkForm(forms.Form):
    """Where and what the borrower works. What is not known stays empty and is read by a person."""

    phone = seen(
        forms.CharField(label=_("Your own phone number"), max_length=20, help_text=_("Yours, not somebody else's. We never ask for your contacts.")), "sealed"
    )
    region = seen(forms.ChoiceField(label=_("Province"), choices=_blank(words.REGIONS.items())), "pledger")
    occupation = seen(forms.ChoiceField(label=_("Work"), choices=_blank(words.OCCUPATIONS.items())), "pledger")
    industry = seen(forms.ChoiceField(label=_("Industry"), choices=_blank(words.INDUSTRIES.items()), required=False), "pledger")
    housing = seen(forms.ChoiceField(label=_("Housing"), choices=_blank(words.HOUSINGS.items()), required=False), "sealed")
    months_at_work = seen(
        forms.IntegerField(label=_("Months in this work or business"), min_value=0, max_value=720, required=False), "pledger", _("Pledgers see a range")
    )

    def clean_phone(self) -> str:
        phone = normalize_digits(str(self.cleaned_data["phone"])).replace(" ", "").replace("-", "")
        if not phone.removeprefix("+").isdigit() or not 7 <= len(phone.removeprefix("+")) <= 15:
            raise forms.ValidationError(_("Enter a phone number in digits."), code="phone")
        return phone


class FinancesForm(forms.Form):
    """Income and debts. Amounts are kept as minor units."""

    income_monthly = seen(MoneyField(label=_("Income a month, after tax"), min_value=0), "pledger", _("Pledgers see a range"))
    debt_monthly = seen(MoneyField(label=_("Debt payments a month"), min_value=0, help_text=_("0 if none.")), "sealed")
    debt_total = seen(MoneyField(label=_("Debt in all"), min_value=0), "pledger", _("Pledgers see a range"))
    debt_other_platforms = seen(MoneyField(label=_("Of that, on other platforms"), min_value=0, required=False), "pledger", _("Pledgers see a range"))
    overdue_count_6m = seen(forms.IntegerField(label=_("Times overdue in the last 6 months"), min_value=0, max_value=99, required=False), "pledger")


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is it?"), choices=Document.Kind.choices)
    upload = forms.FileField(label=_("File"), help_text=_("PDF, PNG or JPEG, up to 10 MB. We remove hidden data such as the place a photo was taken."))


class ConsentsForm(forms.Form):
    """The consents of an application; the first three are what the service is made of, the others may be refused without consequence.

    A page asks one of them (`only`), each alone on its screen; programs answer all of them in one call.
    """

    application = ConsentField(purpose="application", needed=True)
    automated_decision = ConsentField(purpose="automated_decision", needed=True)
    listing_disclosure = ConsentField(purpose="listing_disclosure", needed=True)
    credit_source = ConsentField(purpose="credit_source")
    bank_source = ConsentField(purpose="bank_source", may_wait=True)
    named_recipient = ConsentField(purpose="named_recipient")

    def __init__(self, *args: Any, only: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if only:
            self.fields = {only: self.fields[only]}


class ReplyForm(forms.Form):
    """The borrower's answer to a request for more."""

    text = WordsField(label=_("Your answer"), widget=forms.Textarea({"rows": 8}), max_length=TEXT_MAX)


class SecondLookForm(forms.Form):
    """What another person should look at, in the borrower's words."""

    words = WordsField(label=_("What should we look at?"), widget=forms.Textarea({"rows": 5}), max_length=TEXT_MAX)


class CorrectionForm(forms.Form):
    """What was wrong, in the borrower's words."""

    words = WordsField(label=_("What was wrong?"), widget=forms.Textarea({"rows": 4}), max_length=TEXT_MAX)


class ObligorForm(forms.Form):
    """A co-borrower's own two consents and what they say about themselves.

    A page asks the consents first, each alone on its screen (`upto`, its name); the answers before it come along as hidden values, for nothing is kept
    of somebody who does not join.
    """

    CONSENTS = ("application", "automated_decision")
    application = ConsentField(purpose="application", needed=True)
    automated_decision = ConsentField(purpose="automated_decision", needed=True)
    income_monthly = seen(MoneyField(label=_("Your income a month, after tax"), min_value=0), "sealed", _("Our assessors only"))
    debt_monthly = seen(MoneyField(label=_("Your debt payments a month"), min_value=0, help_text=_("0 if none.")), "sealed", _("Our assessors only"))

    def __init__(self, *args: Any, upto: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if upto:
            self.fields = {name: self.fields[name] for name in self.CONSENTS[: self.CONSENTS.index(upto) + 1]}
        for name in (set(self.CONSENTS) - {upto}) & self.fields.keys():
            self.fields[name].widget = forms.HiddenInput()

    @classmethod
    def screen(cls, data: QueryDict) -> ObligorForm:
        """What to show now for what was answered so far: a consent by itself, or, with all of them given, the rest."""
        for name in cls.CONSENTS:
            form = cls(data, upto=name)
            if not form.is_valid():
                return form if name in data else cls(initial=data.dict(), upto=name)
        return cls(data) if "income_monthly" in data else cls(initial=data.dict())


class RepayForm(forms.Form):
    amount = MoneyField(label=_("Amount"))


class WayForm(RepayForm):
    """The same, with what happens to money beyond what is due, and the currency when the giver says it."""

    choice = forms.ChoiceField(label=_("What it changes"), choices=list(CHOICES.items()), required=False)
    currency = forms.RegexField("^[A-Z]{3}$", label=_("Currency"), required=False)

    def payment(self) -> dict[str, Any]:
        """The keyword arguments of `repayment.pay`."""
        data = self.cleaned_data
        return {"amount": data["amount"], "choice": data["choice"] or "next", "currency": data["currency"]}


class WholeProjectForm(ProjectForm, AmountForm):
    """The section as programs send it: the project and what is asked for, together."""


class WholeFinancesForm(WorkForm, FinancesForm):
    """The section as programs send it: work, income and debts, together."""


SECTION_FORMS: dict[str, type[forms.Form]] = {
    "project": WholeProjectForm,
    "funds": FundsForm,
    "background": BackgroundForm,
    "repayment": RepaymentForm,
    "finances": WholeFinancesForm,
    "privacy": ConsentsForm,
}


METHOD_WORDS: list[tuple[str, Any]] = [
    ("equal_installment", _("Equal installments")),
    ("equal_principal", _("Equal principal, falling installments")),
    ("interest_only", _("Interest only, principal at the end")),
    ("bullet", _("Everything at the end")),
    ("flat", _("Flat: interest on the first amount throughout")),
]
PERIODS: dict[str, tuple[str, int, Any]] = {
    "month": ("month", 1, _("Every month")),
    "quarter": ("month", 3, _("Every quarter")),
    "half": ("month", 6, _("Every half-year")),
    "year": ("month", 12, _("Every year")),
    "weeks": ("week", 2, _("Every two weeks")),
    "week": ("week", 1, _("Every week")),
    "day": ("day", 1, _("Every day")),
}
DAY_COUNTS = [
    ("equal_period", _("Equal periods")),
    ("30/360", "30/360"),
    ("actual/365", _("Actual days / 365")),
    ("actual/360", _("Actual days / 360")),
    ("actual/actual", _("Actual days / actual year")),
]


class PercentField(forms.DecimalField):
    """A yearly rate typed in per cent, cleaned to a fraction of one."""

    unit = "%"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=400, max_digits=9, decimal_places=4, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs say int
        return super().to_python(normalize_digits(value).strip().removesuffix("%") if isinstance(value, str) else value)


class CalculatorForm(forms.Form):
    """The public calculator: everything stands in the address, so a result can be kept and sent."""

    amount = MoneyField(label=_("Amount"), min_value=100, max_value=10**13)
    rate = PercentField(label=_("Annual rate"))
    periods = forms.IntegerField(label=_("Number of installments"), min_value=1, max_value=600)
    period = forms.ChoiceField(label=_("How often"), choices=[(code, words) for code, (_unit, _every, words) in PERIODS.items()])
    method = forms.ChoiceField(label=_("Method"), choices=METHOD_WORDS)
    other = forms.ChoiceField(label=_("Compare with"), choices=[("", _("Nothing")), *METHOD_WORDS], required=False)
    fee = MoneyField(label=_("Fee kept back from the payout"), min_value=0, required=False)
    start = forms.DateField(label=_("Paid out on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    day_count = forms.ChoiceField(label=_("Days are counted as"), choices=DAY_COUNTS, required=False)
    grace = forms.IntegerField(label=_("Installments without principal at first"), min_value=0, max_value=599, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("fee") and data.get("amount") and data["fee"] >= data["amount"]:
            self.add_error("fee", _("The fee must be less than the amount."))
        return data

    def terms(self, method: str) -> schedule.Terms:
        """The engine's input for one method. Raises UnableToSchedule."""
        data = self.cleaned_data
        unit, every, _words = PERIODS[data["period"]]
        return schedule.Terms(
            method=method,  # type: ignore[arg-type]
            principal=data["amount"],
            annual_rate=data["rate"] / 100,
            periods=data["periods"],
            period=unit,  # type: ignore[arg-type]
            period_every=every,
            day_count=data["day_count"] or "equal_period",
            currency_digits=digits(settings.DEFAULT_CURRENCY),
            disbursed_on=data["start"],
            principal_grace_periods=0 if method == "bullet" else data["grace"] or 0,
        )

    # The engine's names of what it refuses, and the fields where a person typed it.
    ENGINE_FIELDS: ClassVar = {
        "disbursed_on": "start",
        "periods": "periods",
        "principal_grace_periods": "grace",
        "annual_rate": "rate",
        "principal_minor": "amount",
    }
    REFUSALS: ClassVar = {
        "start": _("This way of counting days needs the day of the payout."),
        "periods": _("The last installment would fall after the year 9999."),
        "grace": _("At least one installment must repay principal."),
    }

    def refuse(self, error: schedule.UnableToSchedule) -> None:
        """What the engine said, at the field it concerns, in the reader's language."""
        field = self.ENGINE_FIELDS.get(error.field, "amount")
        self.add_error(field, self.REFUSALS.get(field, _("With these figures there is no schedule.")))
