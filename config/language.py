"""Which language a person reads: their own choice, kept in a cookie and, when signed in, on the account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

YEAR = int(timedelta(days=365).total_seconds())


def safe_next(request: HttpRequest) -> str:
    """The page asked for in `next`, if it is one of ours; else the front page."""
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("pages:home")


@require_safe
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Switch to `code` and go back to the page. A link, so that it works everywhere, even before sign-in."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    response = HttpResponseRedirect(safe_next(request))
    remember(response, code)
    user = request.user
    if user.is_authenticated and user.language != code:
        get_user_model().objects.filter(pk=user.pk).update(language=code)
    return response


def remember(response: HttpResponse, code: str) -> None:
    """Keep the language in this browser for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class AccountLanguageMiddleware:
    """A signed-in person on a new device reads in the language of the account. Stands after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen in dict(settings.LANGUAGES) or not request.user.is_authenticated:
            return self.get_response(request)
        code = request.user.language
        translation.activate(code)
        request.LANGUAGE_CODE = code
        response = self.get_response(request)
        if settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            remember(response, code)
        return response
