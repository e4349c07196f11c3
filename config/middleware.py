"""What every answer carries: a reference people can quote, and headers that keep private pages private."""

import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from config import logs

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")
# Nothing here asks for a device's abilities, so a script that somehow got in cannot either.
# There is no name here for a telephone's address book: no browser has such a feature to deny, and naming one logs an error on every page.
_DENIED: tuple[str, ...] = ("camera", "display-capture", "geolocation", "microphone", "payment", "hid", "midi", "serial", "usb")
_DENIED += ("accelerometer", "gyroscope", "magnetometer", "browsing-topics")
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _DENIED)

CHUNK = 2**16
READ_AWAY = 2**25

Handler = Callable[[HttpRequest], HttpResponse]


def new_reference() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


class RequestReference:
    """`request.reference`: taken from a proxy in front when it sends a harmless one, shown on error pages, written on every log line."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.reference = given if _ACCEPTED.fullmatch(given) else new_reference()  # type: ignore[attr-defined]
        token = logs.reference.set(request.reference)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            logs.reference.reset(token)
        response["X-Request-ID"] = request.reference  # type: ignore[attr-defined]
        return response


class HeadersAlone:
    """HEAD is answered wherever GET is, with the same headers and nothing after them (RFC 9110, 9.3.2)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        if response.streaming:
            response.streaming_content = ()  # type: ignore[attr-defined]
        else:
            response.content = b""
        return response


class ReadToTheEnd:
    """What was sent and refused as too much is read and thrown away, so that the connection can carry the next request; far too much is not."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 413:
            for _ in range(READ_AWAY // CHUNK):
                if not request.read(CHUNK):
                    break
        return response


class PrivatePages:
    """Pages of somebody signed in are stored nowhere: not by a proxy, not on the disk of a shared computer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if request.user.is_authenticated or request.headers.get("Authorization") or response.cookies:
            add_never_cache_headers(response)
            patch_cache_control(response, no_store=True, private=True)
        return response


class _Noted(ExceptionReporter):
    """Draws no traceback: notes on the request what Django would have drawn one of."""

    def get_traceback_html(self) -> SafeString:
        self.request.fault = self.exc_value  # type: ignore[attr-defined, union-attr]
        return SafeString()

    get_traceback_text = get_traceback_html


class NotThisWay:
    """An address that only takes what a form sends says so to whoever opens it, instead of showing an empty page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        from config import errors  # needs references from this file

        page = errors.page(request, 405)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """An address of the admin site that names no field of a model (`?_to_field=`): Django looks only at names that are not empty."""
        from config import errors  # needs references from this file

        here = isinstance(exception, FieldDoesNotExist) and request.path.startswith(reverse("admin:index"))
        return errors.bad_request(request, exception) if here else None


class OwnErrorPages:
    """Development shows the same error pages as everywhere else. TECHNICAL_ERRORS=1 brings back Django's, with their tracebacks.

    Stands last: there, in development, an answer 404 or 500 in HTML can only be Django's own page; its pages about a fault note it first.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.DEBUG or settings.TECHNICAL_ERRORS:
            return self.get_response(request)
        request.exception_reporter_class = _Noted  # type: ignore[attr-defined]
        response = self.get_response(request)
        return self._own(request, response) or response

    def _own(self, request: HttpRequest, response: HttpResponse) -> HttpResponse | None:
        from config import errors  # needs references from this file

        fault = getattr(request, "fault", None)
        if fault is not None and response.status_code == 400:
            return errors.bad_request(request, fault)
        in_html = response.get("Content-Type", "").startswith("text/html")
        if in_html and response.status_code == 404:
            return errors.not_found(request, Exception())
        return errors.server_error(request) if fault is not None or (in_html and response.status_code == 500) else None
