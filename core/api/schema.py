"""How our doors read in the schema: pages, problems, and the headers every request may carry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from core.api import fields, once, paging, problems

READ_PROBLEMS = (400, 401, 403, 404, 429)
WRITE_PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422, 429)


class FieldProblem(fields.Reply):
    """One field that is wrong. `field` is a path such as items.0.amount, empty for the whole."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemDocument(fields.Reply):
    """An error, as RFC 9457 has it. `code` is stable; `detail` is for people, in their language."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    reference = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]  # a field; the serializer's own property stays
    sections = serializers.ListField(child=serializers.CharField(), required=False, help_text=_("Sections of an application that are not complete."))
    page = serializers.CharField(required=False, help_text=_("Where a person does what a program cannot."))


def problem_responses(statuses: Iterable[int]) -> dict[Any, Any]:
    return {(status, problems.CONTENT_TYPE): OpenApiResponse(ProblemDocument, description=problems.TITLES[status]) for status in statuses}


@cache
def page_of(row: type[serializers.Serializer[Any]]) -> type[fields.Reply]:
    """The shape of a page of such rows."""
    address = serializers.URLField(allow_null=True, help_text=_("The next page; null at the end."))
    return type(f"{row.__name__}Page", (fields.Reply,), {"results": row(many=True), "next": address})


KEY = OpenApiParameter(
    once.HEADER,
    {"type": "string", "pattern": once.KEY_TEXT},
    OpenApiParameter.HEADER,
    required=True,
    description=_("A new key for each thing you do. The same key and body again gives the same reply and acts once."),
)
PAGES = (
    OpenApiParameter("cursor", str, description=_("From `next` of the page before.")),
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": paging.LIMIT_MAX, "default": paging.LIMIT}, description=_("Rows on a page."), required=False
    ),
)


def refuse_unknown(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of the schema's generator: bodies say that they take no other fields."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _close(content["schema"], result["components"]["schemas"])
    return result


def _close(schema: dict[str, Any], components: dict[str, Any]) -> None:
    found = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if found.get("type") == "object":
        found["additionalProperties"] = False
        for field in found.get("properties", {}).values():
            _close(field, components)
    elif found.get("type") == "array":
        _close(found["items"], components)
