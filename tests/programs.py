"""A program that uses the API for one of the cast, as a browser's script (session and CSRF token) or with an access token."""

import json
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.cast import Member
from tests import cast

ROOT = "/api/v1/"


class Program:
    """Addresses are below /api/v1/. Every write gets a key of its own unless one is given."""

    def __init__(self, member: Member | None = None, *, by_token: bool = False, may_write: bool = True, language: str = "en") -> None:
        self.member = member
        self.client = Client(headers={"accept-language": language})
        if member and by_token:
            self.token = tokens.make(user=member.user, name="script", may_write=may_write, days=30, form_key=uuid.uuid4().hex, now=timezone.now())
            self.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.token.text}"
        elif member:
            self.client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(ROOT + address, headers=_named(headers))

    def send(self, method: str, address: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        named = _named(headers) | ({"Idempotency-Key": key if key is not None else uuid.uuid4().hex} if key != "" else {})
        raw, kind = ("", "application/octet-stream") if body is None else (json.dumps(body), "application/json")
        return self.client.generic(method, ROOT + address, raw, content_type=kind, headers=named)

    def post(self, address: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", address, body, **options)

    def put(self, address: str, body: Any = None, **options: Any) -> Any:
        return self.send("PUT", address, body, **options)

    def proven(self) -> "Program":
        """As if the person had just entered the password again."""
        assert self.member
        cast.prove(self.client, self.member)
        return self


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document, after a look at its form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["code"] == code, document
    assert document["title"]
    assert document["detail"]
    assert document["reference"]
    return document
