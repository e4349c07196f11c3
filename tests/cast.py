"""The cast in tests: `cast.alice()` is a Member (user, party). Pass `now` to make them at another time."""

import time
from typing import Any

from django.test import Client

from accounts.cast import PASSWORD, PEOPLE, TOTP_SECRET, Member, alice, bob, carol, dan, eve, fay, grace, make, one_time_code

__all__ = [
    "PASSWORD",
    "PEOPLE",
    "TOTP_SECRET",
    "Member",
    "alice",
    "bob",
    "carol",
    "client_of",
    "dan",
    "eve",
    "fay",
    "grace",
    "make",
    "one_time_code",
    "opened",
    "prove",
]


def client_of(member: Member, *, language: str = "en") -> Client:
    """A browser in which that member is signed in and reads that language."""
    client = Client(headers={"accept-language": language})
    client.cookies["django_language"] = language
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def prove(client: Client, member: Member, *, seconds_ago: float = 0) -> Client:
    """As if the member had just entered the password again in that browser."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - seconds_ago, "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(member.user.pk)
    session.save()
    return client


def opened(client: Client, path: str, *, why: str = "deciding") -> Any:
    """What is sealed, as staff open it: the reason first, then the page."""
    asked = client.post(path, {"why": why})
    return client.get(path) if asked.status_code == 302 else asked
