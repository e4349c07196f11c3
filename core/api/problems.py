"""Errors of the API as problem+json (RFC 9457): what went wrong in the reader's words, and a code a program can act on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions

from core.refusals import Conflict, Unreadable, map_refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/"
log = logging.getLogger("xinqiao.api")

TITLES = {
    400: gettext_lazy("This request cannot be read"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Nothing here"),
    405: gettext_lazy("Not with this method"),
    409: gettext_lazy("Not possible now"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Not this kind of content"),
    422: gettext_lazy("Something in it is wrong"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something failed here"),
}
DETAILS = {
    "not_authenticated": gettext_lazy("Send a token, or sign in first."),
    "not_found": gettext_lazy("There is nothing here, or it is not yours."),
    "permission_denied": gettext_lazy("You may not do this."),
    "method_not_allowed": gettext_lazy("This address does not know this method."),
    "unsupported_media_type": gettext_lazy("Send JSON, with Content-Type: application/json; a file as multipart/form-data."),
    "throttled": gettext_lazy("You ask too often. Wait as long as Retry-After says, then go on."),
    "bad_request": gettext_lazy("The request is malformed."),
    "too_large": gettext_lazy("The body is too large."),
    "invalid": gettext_lazy("Look at the fields named below."),
    "server_error": gettext_lazy("What you asked for was not done. Try again later and quote the reference."),
}

CODES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 413: "too_large", 500: "server_error"}


class Problem(exceptions.APIException):
    """A refusal with a stable `code`. `extra` are members of the document beside the standard ones."""

    def __init__(self, status: int, code: str, detail: StrOrPromise, **extra: Any) -> None:
        super().__init__(detail=str(detail), code=code)
        self.status_code = status
        self.code = code
        self.extra = extra


def is_api(request: HttpRequest) -> bool:
    """Whether the answer is read by a program."""
    return request.path_info.startswith(PREFIX)


def response(request: Any, status: int, *, code: str = "", detail: StrOrPromise = "", **extra: Any) -> HttpResponse:
    """The problem document of one error."""
    known = code or CODES.get(status, HTTPStatus(status).name.lower())
    document = {
        "type": "about:blank",
        "title": str(TITLES.get(status, HTTPStatus(status).phrase)),
        "status": status,
        "detail": str(detail or DETAILS.get(known, "")),
        "code": known,
        "reference": str(getattr(request, "reference", "")),
        **extra,
    }
    # What a caller sent may come back in it, half of a surrogate pair too: that half is written as JSON's own escape.
    body = json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace")
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE)


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """rest_framework's exception handler. Whatever it does not know is a fault of ours, logged by kind and answered with 500."""
    request = context["request"]
    if isinstance(error, DatabaseError):
        error = map_refusal(error)
    if isinstance(error, Conflict):
        return response(request, 409, code=error.code, detail=error.message)
    if isinstance(error, Unreadable):
        return response(request, 400, code=error.code, detail=error.message)
    if isinstance(error, Http404):
        return response(request, 404)
    if isinstance(error, PermissionDenied):
        return response(request, 403, detail=str(error))
    if isinstance(error, exceptions.ValidationError):
        return response(request, 422, code="invalid", errors=list(_errors(error.get_full_details())))
    if isinstance(error, exceptions.APIException):
        return _known(request, error)
    if isinstance(error, SuspiciousOperation):
        return response(request, 413 if isinstance(error, RequestDataTooBig) else 400)
    return _fault(request, error)


def _known(request: Any, error: exceptions.APIException) -> HttpResponse:
    code = str(error.get_codes())
    own = isinstance(error, Problem)
    answer = response(
        request,
        error.status_code,
        code={"parse_error": "bad_request", "authentication_failed": "not_authenticated"}.get(code, code),
        detail=str(error.detail) if own or code in ("permission_denied", "authentication_failed") else "",
        **getattr(error, "extra", {}),
    )
    if getattr(error, "auth_header", ""):
        answer["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        answer["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return answer


def _fault(request: Any, error: Exception) -> HttpResponse:
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    answer = response(request, 500)
    log.exception("answered 500 kind=%s", type(error).__name__, exc_info=error)
    return answer


def _errors(details: Any, path: str = "") -> Iterable[dict[str, str]]:
    """The tree of field errors as a flat list; `field` is a path such as items.0.amount, empty for the body as a whole."""
    if isinstance(details, dict) and set(details) == {"message", "code"} and isinstance(details["code"], str):
        yield {"field": path, "code": details["code"], "message": str(details["message"])}
        return
    pairs = details.items() if isinstance(details, dict) else ((str(index), item) for index, item in enumerate(details))
    for name, item in pairs:
        leaf = isinstance(details, list) and isinstance(item, dict) and set(item) == {"message", "code"}
        yield from _errors(item, path if leaf or name == "non_field_errors" else f"{path}.{name}".lstrip("."))


def malformed(code: str, detail: StrOrPromise = "") -> Problem:
    """400: what was sent cannot be read at all."""
    return Problem(400, code, detail or _("The request is malformed."))
