"""Asking again who is there before something that binds: by which method, and when, is kept with what was signed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.account import app_settings
from allauth.account.decorators import reauthentication_required as _required
from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

View = Callable[..., Any]


@dataclass(frozen=True)
class Reauthentication:
    """`method`: password, totp, recovery_codes or webauthn. `at`: aware."""

    method: str
    at: datetime


def latest(request: HttpRequest) -> Reauthentication | None:
    """The last time this session proved who it is by asking again, if that is no longer ago than ACCOUNT_REAUTHENTICATION_TIMEOUT (5 minutes)."""
    if not request.user.is_authenticated:
        return None
    proofs = [record for record in get_authentication_records(request, request.user) if record.get("reauthenticated")]
    if not proofs:
        return None
    at = datetime.fromtimestamp(proofs[-1]["at"], tz=UTC)
    if (datetime.now(tz=UTC) - at).total_seconds() >= app_settings.REAUTHENTICATION_TIMEOUT:
        return None
    return Reauthentication(method=str(proofs[-1].get("type") or proofs[-1]["method"]), at=at)


def reauthentication_required(view: View) -> View:
    """Sends to the page that asks again, and back, unless it was done at most 5 minutes ago. Put it under login_required or party_required."""
    return _required(view)
