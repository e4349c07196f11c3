"""What a contact fills in: everything optional but the name, the age and the number; nothing ticked for them."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.forms import WordsField

from . import decisions
from .circle import HOURS
from .circle_records import SCOPES
from .numbers import NotANumber, Number, parse

SCOPE_LABELS = {
    "reference": _("Confirm that I know this person"),
    "locate": _("Say how this person can be reached"),
    "relay": _("Pass on one fixed sentence: “Please call us”"),
}
SCOPE_HELP = {
    "reference": _("One yes-or-no question. The answer is never scored."),
    "locate": _("Only if this person has been silent on every channel for a long time."),
    "relay": _("No reason, no amount, no deadline is ever in it."),
}
CLOCKS = [(str(minute), f"{minute // 60:02}:{minute % 60:02}") for minute in range(HOURS[0], HOURS[1] + 1, 60)]


class NumberField(forms.CharField):
    """A telephone number in any spelling; cleans to a `Number` of a country whose rules are in force here."""

    default_error_messages = {
        "unknown": _("This is not a telephone number. Write it as you would dial it, or with its country code, such as +86."),
        "no_rules": _("We send no texts to numbers of this country yet. Nothing was kept."),
    }

    def __init__(self, *, jurisdiction: str, **kwargs: Any) -> None:
        attrs = {"type": "tel", "inputmode": "tel", "autocomplete": "tel"}
        super().__init__(**{"label": _("Your own mobile number"), "max_length": 40, "widget": forms.TextInput(attrs=attrs), **kwargs})
        self.jurisdiction = jurisdiction

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            number = parse(text, jurisdiction=self.jurisdiction)
        except NotANumber:
            raise forms.ValidationError(self.error_messages["unknown"], code="unknown") from None
        if number.jurisdiction not in decisions.rulebook(on=timezone.localdate()).packs:
            raise forms.ValidationError(self.error_messages["no_rules"], code="no_rules")
        return number


class ScopesField(forms.MultipleChoiceField):
    """What may be asked. Empty is a complete answer."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, offered: Any = SCOPES, **kwargs: Any) -> None:
        choices = [(scope, SCOPE_LABELS[scope]) for scope in SCOPES if scope in offered]
        super().__init__(**{"label": _("What we may ask you"), "choices": choices, "required": False, **kwargs})


class AcceptForm(forms.Form):
    name = WordsField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    adult = forms.ChoiceField(label=_("Are you 18 or older?"), choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect)

    def __init__(self, *args: Any, jurisdiction: str, offered: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = ScopesField(offered=offered)
        self.fields["number"] = NumberField(jurisdiction=jurisdiction, help_text=_("We send one code to it, to be sure that it is yours."))
        self.order_fields(["scopes", "name", "adult", "number"])

    @property
    def number(self) -> Number:
        return self.cleaned_data["number"]  # type: ignore[no-any-return]


class NumberForm(forms.Form):
    """A number alone: to be found by it, or to be left alone."""

    def __init__(self, *args: Any, jurisdiction: str = "CN", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"] = NumberField(jurisdiction=jurisdiction)


class CodeForm(forms.Form):
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "pattern": "[0-9]*"}
    code = forms.CharField(label=_("The six digits from the text"), min_length=6, max_length=6, widget=forms.TextInput(attrs=attrs))


class AllowForm(forms.Form):
    """What the contact allows, and when."""

    hours_from = forms.TypedChoiceField(label=_("Not before"), choices=CLOCKS[:-1], coerce=int)
    hours_until = forms.TypedChoiceField(label=_("Not after"), choices=CLOCKS[1:], coerce=int)
    time_zone = forms.ChoiceField(label=_("By the clock of"), required=False)

    def __init__(self, *args: Any, offered: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = ScopesField(offered=offered)
        zones = [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/")]
        self.fields["time_zone"].choices = [("", _("The country of my number")), *zones]  # type: ignore[attr-defined]
        self.order_fields(["scopes", "hours_from", "hours_until", "time_zone"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "hours_from" in data and "hours_until" in data and data["hours_from"] >= data["hours_until"]:
            self.add_error("hours_until", forms.ValidationError(_("The end must be after the beginning."), code="order"))
        return data


class ComplaintForm(forms.Form):
    text = WordsField(label=_("What went wrong"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class LocateForm(forms.Form):
    text = WordsField(label=_("How can this person be reached?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
