"""Form fields for what people type with a Chinese keyboard: amounts and identifiers, full-width characters included."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from core.money import InvalidAmount, format_amount, parse_amount, to_major

_LONGEST_AMOUNT = 64
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # Unicode Standard Annex 9, explicit directional formatting


def normalize_digits(text: str) -> str:
    """Full-width letters, digits and signs as their plain forms: １２３ → 123, Ｘ → X."""
    return unicodedata.normalize("NFKC", text)


class MoneyField(forms.Field):
    """An amount of one currency, cleaned to integer minor units. `min_value` and `max_value` are minor units too."""

    widget = forms.TextInput
    default_error_messages = {
        "required": gettext_lazy("Enter an amount."),
        "min_value": gettext_lazy("Enter at least %(limit)s."),
        "max_value": gettext_lazy("Enter at most %(limit)s."),
    }

    def __init__(self, *, currency: str | None = None, min_value: int | None = 1, max_value: int | None = None, **kwargs: Any) -> None:
        self.currency = currency or settings.DEFAULT_CURRENCY
        self.min_value, self.max_value = min_value, max_value
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, int):
            return value
        text = str(value)
        try:
            if len(text) > _LONGEST_AMOUNT:
                raise InvalidAmount("too_large" if normalize_digits(text[:_LONGEST_AMOUNT]).isdecimal() else "not_a_number")
            return parse_amount(text, currency=self.currency)
        except InvalidAmount as error:
            raise forms.ValidationError(error.message, code=error.code) from error

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        for code, limit, wrong in (
            ("min_value", self.min_value, self.min_value is not None and value < self.min_value),
            ("max_value", self.max_value, self.max_value is not None and value > self.max_value),
        ):
            if wrong and limit is not None:
                raise forms.ValidationError(self.error_messages[code], code=code, params={"limit": format_amount(limit, self.currency)})

    def prepare_value(self, value: Any) -> Any:
        return str(to_major(value, self.currency)) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except forms.ValidationError:
            return True

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "data-currency": self.currency}


class WordsField(forms.CharField):
    """What a person tells in their own words. Refuses what shows nothing, control characters, and marks that turn the direction of what follows."""

    default_error_messages = {
        "unseen": gettext_lazy("Enter words that can be read."),
        "control": gettext_lazy("This text holds characters that cannot be seen and change how it reads. Type it anew instead of pasting it."),
    }

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text and any((unicodedata.category(char) == "Cc" and char not in "\t\r\n") or char in _TURNS for char in text):
            raise forms.ValidationError(self.error_messages["control"], code="control")
        if text and all(unicodedata.category(char)[0] in "CZM" for char in text):
            raise forms.ValidationError(self.error_messages["unseen"], code="unseen")
        return text


class IdField(forms.CharField):
    """Base for identity, registration and account numbers: plain characters, upper case, no spaces or hyphens. Subclasses check the number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return "".join(character for character in normalize_digits(text).upper() if not character.isspace() and character not in "-‐‑‒–—−·")

    def widget_attrs(self, widget: forms.Widget) -> Any:
        return {**super().widget_attrs(widget), "autocomplete": "off", "spellcheck": "false"}
