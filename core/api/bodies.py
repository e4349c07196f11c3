"""Bodies and filters made from the pages' own forms: the same fields, limits and messages, with JSON's types instead of typed text.

`body_of` gives the strict shape and the schema; `cleaned` lets the form itself judge the values, as it does for the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from core.api import fields
from core.forms import MoneyField


def body_of(form: type[forms.Form], *, name: str = "", filled: bool = False) -> type[fields.Body]:
    """A strict body with one field for each of the form's. `filled`: ask an instance, because it makes choices of its own."""
    found = form().fields if filled else form.base_fields
    derived = {field_name: _field(field) for field_name, field in found.items()}
    title = name or form.__name__.removesuffix("Form")
    return type(title, (fields.Body,), {**derived, "__doc__": (form.__doc__ or title).strip(), "__module__": form.__module__})


def _field(field: forms.Field) -> serializers.Field[Any, Any, Any, Any]:
    common: dict[str, Any] = {"required": field.required, "help_text": field.help_text or None, "label": field.label}
    if isinstance(field, MoneyField):
        return fields.AmountIn(**common, allow_null=not field.required)
    if isinstance(field, forms.ModelChoiceField):
        return fields.Text(**common, max_length=20)
    if isinstance(field, forms.TypedMultipleChoiceField):
        return serializers.ListField(child=_choice(field, {}), max_length=100, **common)
    if isinstance(field, forms.ChoiceField):
        return _choice(field, common)
    if isinstance(field, forms.BooleanField):
        return fields.Flag(**common)
    if isinstance(field, forms.DecimalField):
        return fields.Rate(**common)
    if isinstance(field, forms.IntegerField):
        limits: dict[str, Any] = {"min_value": field.min_value, "max_value": field.max_value}
        return fields.Whole(**common, **limits, allow_null=not field.required)
    length = getattr(field, "max_length", None)
    return fields.Text(**common, max_length=length, allow_blank=not field.required)


def _choice(field: forms.ChoiceField, common: dict[str, Any]) -> serializers.Field[Any, Any, Any, Any]:
    coerce = getattr(field, "coerce", str)
    codes = [code for code, _label in field.choices if code not in ("", None)]  # type: ignore[union-attr,misc]
    return fields.Choice(choices=[coerce(code) for code in codes], **common)


def cleaned(form: forms.Form) -> dict[str, Any]:
    """The form's verdict: its cleaned data, or its errors as the API says them."""
    if form.is_valid():
        return form.cleaned_data
    raise ValidationError(_details(form))


def _details(form: forms.Form) -> dict[str, Any]:
    names: dict[str, str] = {NON_FIELD_ERRORS: "non_field_errors"}
    return {names.get(name, name): [_detail(error) for error in errors] for name, errors in form.errors.as_data().items()}


def _detail(error: forms.ValidationError) -> ErrorDetail:
    return ErrorDetail(" ".join(error.messages), code=str(error.code or "invalid"))


def data_of(form: type[forms.Form], values: Mapping[str, Any]) -> dict[str, Any]:
    """Validated values as the form's widgets read them: true is a tick, what is missing is left out."""
    return {name: value for name, value in values.items() if value is not None and name in form.base_fields}
