"""What the borrower's pages share: whose things they are."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import Party, User
from loans.models import Application


def party_of(request: HttpRequest) -> Party:
    return cast(Party, request.party)  # type: ignore[attr-defined]


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def own_application(request: HttpRequest, reference: str) -> Application:
    """An application of the acting party; anybody else's is not there."""
    rows = Application.objects.select_related("file__subject", "file__matter", "party", "decision")
    return get_object_or_404(rows, reference=reference, party=party_of(request))
