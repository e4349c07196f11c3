"""Fields of JSON bodies, strict about types: a number is no text, a text no number, and what nobody asked for is refused.

Amounts are integers in minor units, with their currency beside; rates are decimal texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.forms import normalize_digits
from core.money import MAX_MINOR

AMOUNT_TEXT = "^[0-9０-９]{1,15}$"
RATE_TEXT = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$"
REFERENCE_TEXT = "^[A-Z]{2}-[0-9A-Z]{8}$"


class Body(serializers.Serializer[Any]):
    """What comes in. A field that is not asked for is an error, not silence: nobody sets by accident what they may not set."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **self._unknown(unknown)}) from None
            raise
        if unknown:
            raise serializers.ValidationError(self._unknown(unknown))
        return value

    def _unknown(self, names: list[str]) -> dict[str, list[serializers.ErrorDetail]]:
        return {str(name)[:80]: [serializers.ErrorDetail(str(_("There is no such field.")), code="unknown")] for name in names}


class Text(serializers.CharField):
    """A text and nothing that would have to be turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A whole number, neither text nor 1.0 nor true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """true or false, no words for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:40])
        return data


class Choice(serializers.ChoiceField):
    """One of the codes, in the type the codes have."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, str | int) or type(data) is not type(next(iter(self.choices))):
            self.fail("invalid_choice", input=str(data)[:40])
        return super().to_internal_value(data)


@extend_schema_field(
    {"oneOf": [{"type": "integer", "minimum": 0, "maximum": MAX_MINOR}, {"type": "string", "pattern": AMOUNT_TEXT}], "description": "Minor units."}
)
class AmountIn(serializers.Field[Any, Any, Any, Any]):
    """An amount in minor units: a whole number, or its digits as text, full-width ones included. The domain says how much is enough and too much."""

    default_error_messages = {"invalid": _("Send the amount as a whole number of minor units, such as 100000 for ¥1,000.00.")}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and len(data) <= 15:
            plain = normalize_digits(data)
            data = int(plain) if plain.isascii() and plain.isdecimal() else None
        if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data <= MAX_MINOR:
            self.fail("invalid")
        return data


class Amount(serializers.IntegerField):
    """An amount going out, in minor units of the currency beside it; may be negative where it says so."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)


@extend_schema_field({"type": "string", "pattern": RATE_TEXT, "example": "0.0825"})
class Rate(serializers.Field[Any, Any, Any, Any]):
    """A rate as a fraction in decimal text: 0.0825 is 8.25 %. Never a JSON number, which readers would round."""

    default_error_messages = {"invalid": _("Send the rate as decimal text, such as “0.0825”.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not re.fullmatch(RATE_TEXT, data):
            self.fail("invalid")
        return data

    def to_representation(self, value: Decimal) -> str:
        return rate_text(value)


def rate_text(value: Decimal) -> str:
    """0.082500 → 0.0825; never an exponent."""
    return format(Decimal(value).normalize(), "f")


@extend_schema_field({"type": "string", "pattern": REFERENCE_TEXT})
class Reference(serializers.CharField):
    """How a thing is named outside: never by its number in a table."""


class Moment(serializers.DateTimeField):
    """A moment, in UTC: programs know no time zone of ours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class Reply(serializers.Serializer[Any]):
    """What goes out, read from a row or a record."""


class Event(Reply):
    """One step of a thing's life."""

    state = serializers.CharField()
    at = Moment()


__all__ = ["REFERENCE_TEXT", "Amount", "AmountIn", "Body", "Choice", "Event", "Flag", "Moment", "Rate", "Reference", "Reply", "Text", "Whole", "rate_text"]
