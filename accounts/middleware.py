"""What every request of a signed-in person passes: their time zone, and for staff a second factor."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

GetResponse = Callable[[HttpRequest], HttpResponse]
# What staff may open before they have a second factor: the way to set one up, and the way out.
OPEN_WITHOUT = {"account_logout", "account_reauthenticate", "account_email", "account_email_verification_sent", "pages:language", "healthz", "readyz"}


class BackToTheForm:
    """Who sent a form after the session ran out comes back, signed in, to the page the form was on: its own address may take nothing but forms."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or response.status_code != 302 or not response["Location"].startswith(f"{reverse(settings.LOGIN_URL)}?"):
            return response
        page = urlsplit(request.headers.get("Referer", ""))
        if page.netloc != request.get_host():
            return response
        return redirect_to_login(urlunsplit(("", "", page.path, page.query, "")))


class TimeZoneMiddleware:
    """Times are shown in the person's own zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(ZoneInfo(request.user.time_zone)):
            return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Staff without an authenticator or passkey open nothing but the pages where they set one up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.STAFF_MFA_REQUIRED or not lacks_second_factor(request.user):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_WITHOUT or name.startswith(("mfa_", "api:")):  # the API refuses in its own words (accounts.api.endpoint)
            return None
        messages.warning(request, _("Staff sign in with a second proof. Set up a passkey or an authenticator app first."))
        return HttpResponseRedirect(reverse("mfa_index"))


def lacks_second_factor(user: Any) -> bool:
    """Whether this is a member of staff whom a password alone would let in. Recovery codes alone are no second factor."""
    return bool(user.is_authenticated and user.is_staff and not get_adapter().is_mfa_enabled(user, types=["totp", "webauthn"]))
