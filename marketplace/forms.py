"""What an investor fills in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField, WordsField
from core.money import InvalidAmount, parse_amount
from loans import product, words
from loans.models import Participation
from loans.models.application import PURPOSES
from marketplace import search
from marketplace.models import Listing, Sale


class PledgeForm(forms.Form):
    """Amount and the sentence about risk. The rate seen travels with it, so a changed price is noticed."""

    amount = MoneyField(label=_("Amount"))
    seen_rate = forms.DecimalField(widget=forms.HiddenInput, max_digits=9, decimal_places=6)
    risk = forms.BooleanField(
        label=_("I may lose some or all of this money"),
        help_text=_("This is not a deposit and nobody guarantees it."),
        error_messages={"required": _("Tick this to go on. You can lose money.")},
    )
    large = forms.BooleanField(label=_("This is much for me by what I told you of my finances, and I can bear to lose all of it"), required=False)

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen_rate": listing.annual_rate, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = listing.currency  # type: ignore[attr-defined]


QUESTION_MAX = 500
ANY = ("", _("Any"))
RATES_MIN = ("6", "8", "10", "12")


class FilterForm(forms.Form):
    """Filters live in the address, so a list can be kept and sent."""

    q = forms.CharField(label=_("Words"), required=False, max_length=search.Q_MAX, help_text=_("In the title, the summary or the use of funds."))
    purpose = forms.ChoiceField(label=_("Purpose"), required=False, choices=[ANY, *PURPOSES])
    grade = forms.ChoiceField(label=_("Grade"), required=False, choices=[ANY, *[(g, g) for g in "ABCDE"]])
    term_max = forms.ChoiceField(label=_("Longest term"), required=False)
    rate_min = forms.ChoiceField(label=_("Lowest rate"), required=False, choices=[ANY, *[(rate, f"{rate}%") for rate in RATES_MIN]])
    region = forms.ChoiceField(label=_("Province"), required=False, choices=[ANY, *words.REGIONS.items()])
    industry = forms.ChoiceField(label=_("Industry"), required=False, choices=[ANY, *words.INDUSTRIES.items()])
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[("", _("Closing soon")), ("rate", _("Rate, highest first")), ("left", _("Nearly filled first")), ("new", _("Newest"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = [(str(m), _("%(months)s months") % {"months": m}) for m in product.STANDARD.terms]
        self.fields["term_max"].choices = [ANY, *months]  # type: ignore[attr-defined]

    def wanted(self) -> search.Wanted:
        """What is looked for; a filter that is no filter filters nothing."""
        self.full_clean()
        data = self.cleaned_data if self.is_bound else {}
        plain = {name: data.get(name, "") for name in ("q", "purpose", "grade", "region", "industry", "sort")}
        months, percent = data.get("term_max"), data.get("rate_min")
        return search.Wanted(**plain, term_max=int(months) if months else None, rate_min=Decimal(percent) / 100 if percent else None)


class SearchForm(FilterForm):
    """The filters of a search that is kept; it has no order."""

    sort = None  # type: ignore[assignment]  # how a field of the class above is left out


def considered(typed: str, *, most: int, unit: int) -> int:
    """The part of an offer somebody has in mind: whole units, at most what is left. Unreadable: all of it."""
    try:
        wanted = parse_amount(typed[:40], currency=settings.DEFAULT_CURRENCY)
    except InvalidAmount:
        wanted = most
    return most if wanted >= most else max(wanted // unit * unit, min(unit, most))


class SellForm(forms.Form):
    """How much of a holding, and at which part of its claim."""

    amount = MoneyField(label=_("Share to sell"), help_text=_("In the principal you lent; what has been repaid of it goes along."))
    percent = forms.DecimalField(
        label=_("Price, in % of the claim"),
        help_text=_("100 asks for exactly what the borrower owes on the share today. 70 to 105."),
        min_value=Decimal(70),
        max_value=Decimal(105),
        max_digits=5,
        decimal_places=2,
        initial=Decimal(100),
    )

    def __init__(self, *args: Any, holding: Participation, **kwargs: Any) -> None:
        kwargs["initial"] = {"amount": holding.amount, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = holding.loan.currency  # type: ignore[attr-defined]

    @property
    def factor(self) -> Decimal:
        return Decimal(self.cleaned_data["percent"]) / 100


class BuyForm(forms.Form):
    """Amount and the sentence about risk. The price seen travels with it, so a changed one is noticed."""

    amount = MoneyField(label=_("Share to buy"))
    seen_price = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    risk = forms.BooleanField(
        label=_("I may lose some or all of this money"),
        help_text=_("This is not a deposit and nobody guarantees it."),
        error_messages={"required": _("Tick this to go on. You can lose money.")},
    )
    large = forms.BooleanField(label=_("This is much for me by what I told you of my finances, and I can bear to lose all of it"), required=False)

    def __init__(self, *args: Any, sale: Sale, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = sale.participation.loan.currency  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """A question, or an answer."""

    text = WordsField(
        label=_("Your question"),
        help_text=_("We read it first. No names, numbers or addresses; nobody is named in the answer either."),
        max_length=QUESTION_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(WordsForm):
    """Labelled for the borrower."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["text"].label = _("Your answer")
