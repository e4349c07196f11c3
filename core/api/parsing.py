"""Reading requests: JSON that is JSON, and an answer in JSON whatever the caller says it accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import media_type_matches

from core.api.problems import Problem, malformed


class JSONParser(BaseParser):
    """Strict: no NaN, no key twice, no depth that exhausts the reader."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise Problem(413, "too_large", _("The body is too large."))
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_object)
        except Problem:
            raise
        except (ValueError, RecursionError):
            raise malformed("bad_json", _("The body is not JSON.")) from None


def _refuse(constant: str) -> None:
    raise malformed("bad_json", _("The body is not JSON."))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("bad_json", _("A field is given twice."))
    return found


class AlwaysJSON(BaseContentNegotiation):
    """One format out; which one of the parsers reads is said by Content-Type."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return next((parser for parser in parsers if media_type_matches(parser.media_type, request.content_type)), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
