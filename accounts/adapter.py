"""Where django-allauth asks us: how a new user is made, where people land, how secrets of authenticators are kept."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone

from privacy import vault

from . import onboarding
from .models import User

EMAIL_LENGTH = 254
_owner: ContextVar[UUID | None] = ContextVar("authenticator_owner", default=None)


def display(user: User) -> str:
    """How the sign-in pages address somebody: by the address they typed themselves."""
    return user.email


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up makes user, data subject, party and consents in one transaction; sign-in leads to what is still to do."""

    def new_user(self, request: HttpRequest) -> User:
        return User()

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        data = form.cleaned_data
        answers = [data["account"], data["marketing"]]
        return onboarding.register(email=data["email"], password=data["password1"], language=data["language"], answers=answers, now=timezone.now())

    def clean_email(self, email: str) -> str:
        """Lower case, and no longer than the column: at sign-up and at a change."""
        MaxLengthValidator(EMAIL_LENGTH)(email)
        return str(super().clean_email(email)).lower()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        assert isinstance(user, User)
        if user.is_staff:
            return reverse("admin:index")
        return reverse("accounts:onboarding") if onboarding.is_open(user, now=timezone.now()) else resolve_url("/")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:onboarding")


class UnknownOwner(Exception):
    """A secret was about to be kept without knowing whose it is."""

    code = "unknown_owner"


@contextmanager
def secrets_of(user: User) -> Iterator[None]:
    """Says whose authenticator is being made where no request does (sample cast, tests)."""
    token = _owner.set(user.subject_id)
    try:
        yield
    finally:
        _owner.reset(token)


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticators are sealed under the key of the person they belong to, and gone with it: "subject.place.ciphertext"."""

    def encrypt(self, text: str) -> str:
        subject_id, place = self._owner_id(), secrets.token_hex(8)
        sealed = vault.seal(subject_id, self._context(place), text.encode())
        return f"{subject_id}.{place}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        subject_id, place, sealed = encrypted_text.split(".")
        return vault.open_(UUID(subject_id), self._context(place), base64.urlsafe_b64decode(sealed)).decode()

    def get_totp_issuer(self) -> str:
        return "Xinqiao"

    def _context(self, place: str) -> str:
        return f"mfa.authenticator:{place}"

    def _owner_id(self) -> UUID:
        subject_id = _owner.get()
        request = context.request
        if subject_id is None and request is not None and isinstance(request.user, User):
            subject_id = request.user.subject_id
        if subject_id is None:
            raise UnknownOwner
        return subject_id
