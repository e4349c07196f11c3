"""What a person sees when something cannot be done: each page has a reference and a safe next step. Conflicts (409) come from core.refusals."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from config.middleware import new_reference
from core.api import problems

log = logging.getLogger("xinqiao.errors")

LAST_RESORT = """<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>500 · 信桥 Xinqiao</title></head>
<body><main><h1>系统出错 · Something failed here</h1><p>您的操作没有完成。请稍后再试，并报出编号 {reference}。</p>
<p lang="en">What you did was not completed. Please try again later and quote {reference}.</p></main></body></html>"""


def reference(request: HttpRequest) -> str:
    """The number a person can quote: the one the request carries through all our logs."""
    return str(getattr(request, "reference", "") or new_reference())


def page(request: HttpRequest, status: int, *, exception: Exception | None = None, template: str = "", **context: Any) -> HttpResponse:
    """One error page, logged by kind only: no address, no form data, no text of the exception. A program gets the same as a problem document."""
    number = reference(request)
    log.warning("answered %s reference=%s kind=%s", status, number, type(exception).__name__)
    if problems.is_api(request):
        return problems.response(request, status)
    html = render_to_string(template or f"{status}.html", {"reference": number, **context}, request=request)
    return HttpResponse(html, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where it was merely more text than is taken at once."""
    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400, exception=exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, exception=exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, exception=exception)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429: asked too often. Retry-After is set where the wait is known."""
    response = page(request, 429, exception=exception)
    wait = getattr(exception, "wait", None)
    if wait:
        response["Retry-After"] = str(int(wait))
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's protection token is missing or old: usually a page left open overnight or cookies turned off."""
    return page(request, 403, template="403_csrf.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, drawn without the database or the session, since either may be what failed."""
    number = reference(request)
    log.error("answered 500 reference=%s", number)
    if problems.is_api(request):
        return problems.response(request, 500)
    try:
        html: str = render_to_string("500.html", {"reference": number, "failed": True})
    except Exception:
        html = LAST_RESORT.format(reference=number)
    return HttpResponse(html, status=500)
