"""How often one network may knock at pages without an account; kept under a keyed code, never under the address."""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from core import pace

KNOCKS = pace.Pace(per_minute=6, burst=40)


class TooFast(Exception):
    """Answered with 429."""

    code = "too_fast"


def network(request: HttpRequest) -> bytes:
    """A keyed code of the reader's network."""
    address = get_adapter().get_client_ip(request)  # behind the proxies that TRUSTED_PROXIES counts
    prefix = ":".join(address.split(":")[:3]) if ":" in address else ".".join(address.split(".")[:3])
    return salted_hmac("privacy.knock", prefix, algorithm="sha256").digest()


def knock(request: HttpRequest, *, now: datetime) -> None:
    """Takes one knock from the allowance of the reader's network. Raises TooFast."""
    if pace.take({"knock:" + network(request).hex()[:32]: KNOCKS}, now=now) is not None:
        raise TooFast
