"""How often one may ask: each user, each token, and each network that has not said who it is; money tighter than reading."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled

from accounts.models import AccessToken
from core import pace

READ, WRITE, MONEY, STRANGER = "read", "write", "money", "stranger"


def check(request: Any, kind: str) -> None:
    """Takes one from every allowance concerned. Raises Throttled, which says how long to wait."""
    keys = {f"user:{request.user.pk}:{kind}": _pace(kind)}
    if isinstance(request.auth, AccessToken):
        keys[f"token:{request.auth.pk}:{kind}"] = _pace(f"token_{kind}")
    _take(keys)


def check_stranger(request: Any) -> None:
    """The same for somebody who is not, or wrongly, signed in."""
    _take({_network(request): _pace(STRANGER)})


def _take(keys: dict[str, pace.Pace]) -> None:
    wait = pace.take(keys, now=timezone.now())
    if wait is not None:
        raise Throttled(wait=int(wait.total_seconds() + 0.999))


def _pace(kind: str) -> pace.Pace:
    return pace.Pace(*settings.API_PACES[kind])


def _network(request: Any) -> str:
    """A keyed hash of where the request comes from: the address itself is kept nowhere."""
    try:
        address = get_adapter().get_client_ip(getattr(request, "_request", request))
    except PermissionDenied:
        address = ""
    return f"network:{salted_hmac('accounts.api.network', address, algorithm='sha256').hexdigest()[:40]}"
