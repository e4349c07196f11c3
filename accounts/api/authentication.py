"""Two ways into the API: a token in the Authorization header, or the session of the browser with its CSRF token."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as PlainSession
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from accounts import tokens
from accounts.models import AccessToken, User
from core.api.problems import Problem

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer xq_…`. A header that is there but wrong is refused; it never falls through to the session."""

    def authenticate(self, request: Any) -> tuple[User, AccessToken] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, text = header.partition(" ")
        token = tokens.find(text.strip(), now=timezone.now()) if scheme.lower() == SCHEME.lower() and text.isascii() else None
        if token is None:
            raise AuthenticationFailed(_("This token opens nothing: it is unknown, revoked or expired."))
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return f'{SCHEME} realm="Xinqiao"'


class SessionAuthentication(PlainSession):
    """The browser's session; what changes something needs the CSRF token in X-CSRFToken."""

    def enforce_csrf(self, request: Any) -> None:
        """Refused in the reader's words and with a code of its own, because a program can do something about it."""
        try:
            super().enforce_csrf(request)  # type: ignore[no-untyped-call]
        except PermissionDenied:
            raise Problem(403, "csrf_failed", _("A session that changes something sends its CSRF token in X-CSRFToken.")) from None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
