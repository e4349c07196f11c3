"""What the borrower's pages share: whose things they are."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import Party, User
from loans import access
from loans.models import Application


def party_of(request: HttpRequest) -> Party:
    return cast(Party, request.party)  # type: ignore[attr-defined]


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def own_application(request: HttpRequest, reference: str) -> Application:
    return access.own_application(reference, party=party_of(request))
