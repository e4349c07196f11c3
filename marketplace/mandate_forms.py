"""What an investor fills in for a mandate. Pages type per cents; programs send fractions as decimals: both become fractions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.forms import MoneyField, normalize_digits
from credit import pricing
from loans import product
from loans.models.application import METHODS, PURPOSES
from marketplace import attributes, mandate_terms
from marketplace.models import MandateTerms

JURISDICTION = "CN"
GRADES = [(grade, grade) for grade in "ABCDE"]
months_words = lazy(lambda months: gettext("%(months)s months") % {"months": months}, str)
TERMS = [(months, months_words(months)) for months in product.STANDARD.terms]
METHOD_CODES, PURPOSE_CODES, INDUSTRY_CODES = ([(code, code) for code in dict(choices)] for choices in (METHODS, PURPOSES, attributes.INDUSTRIES))
TERM_CODES = [(months, months) for months in product.STANDARD.terms]
LIMITS: dict[str, list[tuple[Any, Any]]] = {"grade": GRADES, "purpose": list(PURPOSES), "term_months": TERMS}
SMALLEST, WHOLE = Decimal("0.01"), Decimal(100)


class PercentField(forms.DecimalField):
    """Typed in per cent, kept as a fraction; a Decimal is a fraction already."""

    unit = "%"
    width = "s"

    def __init__(self, *, most: Decimal = WHOLE, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=2, min_value=SMALLEST, max_value=most, required=False, localize=False, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs take the integer field's
        if isinstance(value, Decimal):
            return (value * 100).normalize()
        return super().to_python(normalize_digits(str(value)).rstrip("% ") if value else value)

    def clean(self, value: Any) -> Decimal | None:
        found = super().clean(value)
        return None if found is None else (Decimal(found) / 100).quantize(Decimal("0.0001"))

    def prepare_value(self, value: Any) -> Any:
        return f"{(value * 100).normalize():f}" if isinstance(value, Decimal) else value


class Ticks(forms.TypedMultipleChoiceField):
    """Several of the codes; none ticked takes any."""

    widget = forms.CheckboxSelectMultiple
    across = True

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=choices, required=False, **kwargs)


class MandateForm(forms.Form):
    """What to fund, how much at most, what stays in the wallet. A criterion with nothing chosen takes any loan."""

    grades = Ticks(GRADES, label=_("Grade"), help_text=_("A has the lowest expected loss, E the highest. None ticked: any."))
    min_rate = PercentField(label=_("Lowest annual rate"), help_text=_("A higher rate pays for a higher expected loss."))
    terms = Ticks(TERMS, coerce=int, label=_("Term"))
    purposes = Ticks(PURPOSES, label=_("Purpose"))
    industries = Ticks(attributes.INDUSTRIES.items(), label=_("Industry"), help_text=_("A loan that does not say its industry fits only if none is ticked."))
    regions = Ticks(attributes.REGIONS.items(), label=_("Region"))
    amounts = Ticks(attributes.AMOUNTS.items(), label=_("Amount of the loan"))
    verifications = Ticks(attributes.VERIFICATIONS.items(), label=_("What was checked"))
    methods = Ticks(METHODS, label=_("Repayment"))
    per_loan = MoneyField(label=_("At most in one loan"), help_text=_("Shares are sold in steps of ¥100."))
    per_borrower = MoneyField(label=_("At most with one borrower"), required=False, help_text=_("In all their loans together, with what you hold already."))
    share_of_loan = PercentField(label=_("At most of any loan"), help_text=_("Your part of one loan."))
    keep_cash = MoneyField(label=_("Always keep in the wallet"), required=False, min_value=0)
    reinvest = forms.BooleanField(
        label=_("Lend again what comes back"), required=False, help_text=_("Not ticked: repayments stay in your wallet until you decide.")
    )
    risk = forms.BooleanField(
        label=_("I may lose some or all of the money this mandate lends"),
        help_text=_("This is not a deposit and nobody guarantees it. The mandate decides for me within these limits."),
        error_messages={"required": _("Tick this to go on. You can lose money.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for attribute, choices in LIMITS.items():
            for value, words in choices:
                self.fields[f"most_{attribute}_{value}"] = PercentField(label=words)

    @property
    def criteria(self) -> list[BoundField]:
        return [self[name] for name in ("grades", "min_rate", "terms", "purposes")]

    @property
    def more_criteria(self) -> list[BoundField]:
        return [self[name] for name in ("industries", "regions", "amounts", "verifications", "methods")]

    @property
    def caps(self) -> list[BoundField]:
        return [self[name] for name in ("per_loan", "per_borrower", "share_of_loan")]

    @property
    def limits(self) -> list[dict[str, Any]]:
        """The limits by kind, for the page."""
        labels = {"grade": _("By grade"), "purpose": _("By purpose"), "term_months": _("By term")}
        return [{"label": labels[kind], "fields": [self[f"most_{kind}_{value}"] for value, _words in choices]} for kind, choices in LIMITS.items()]

    @property
    def limited(self) -> bool:
        """Whether a limit is filled in or wrong, so that the page opens them."""
        return any(field.value() or field.errors for group in self.limits for field in group["fields"])

    @property
    def chosen_more(self) -> bool:
        return any(field.value() or field.errors for field in self.more_criteria)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        cap = pricing.cap_of(jurisdiction=JURISDICTION, as_of=timezone.localdate()).rate
        for name, problem in mandate_terms.problems(_terms(data), rate_cap=cap):
            if name not in self.errors:
                self.add_error(name, forms.ValidationError(str(problem), code="contradiction"))
        return data

    def terms_given(self) -> dict[str, Any]:
        """What `mandate.create` and `mandate.change` keep."""
        return _terms(self.cleaned_data)


def _terms(data: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: data[name] for name in ("min_rate", "per_loan", "per_borrower", "share_of_loan", "reinvest") if name in data}
    lists = {name: sorted(data[name]) for name, field in MandateForm.base_fields.items() if isinstance(field, Ticks) and name in data}
    return plain | lists | {"keep_cash": data.get("keep_cash") or 0, "limits": list(_limits(data))}


def _limits(data: Mapping[str, Any]) -> Iterator[list[str]]:
    for attribute, choices in LIMITS.items():
        for value, _words in choices:
            share = data.get(f"most_{attribute}_{value}")
            if share is not None:
                yield [attribute, str(value), f"{share.normalize():f}"]


def initial_of(terms: MandateTerms) -> dict[str, Any]:
    """A version's terms as the form shows them."""
    names = [name for name in MandateForm.base_fields if hasattr(terms, name)]
    limits = {f"most_{attribute}_{value}": Decimal(share) for attribute, value, share in terms.limits}
    return {name: getattr(terms, name) for name in names} | limits | {"keep_cash": terms.keep_cash or None}


def draft(data: Mapping[str, Any]) -> MandateTerms:
    """Terms that are not kept, for the preview."""
    return MandateTerms(**_terms(data))
