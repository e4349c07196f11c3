"""What a provider is asked, what it may answer, and when an answer is believed.

An answer is believed when it is signed by that provider, belongs to this inquiry and to the person asked about, is of these days, in our currency,
and holds only figures the source may give, each of them possible. Anything else is kept out whole: half a lie is no half truth.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

AGE_MAX = timedelta(days=31)
LIMITS: Mapping[str, int] = {"overdue_count_6m": 200}
AMOUNT_MAX = 10**13


class NoAnswer(Exception):
    """The provider did not answer in time, or not at all. Nothing is known, and it may be asked again under the same key."""


class NoProvider(NoAnswer):
    """Nobody real answers for this source here: as little is known as when nobody answers."""

    code = "no_credit_provider"


class Untrue(Exception):
    """The answer is not to be believed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Inquiry:
    """One question about one person. `key`: the same key again is the same question. Name and number go to the provider and to no log."""

    key: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    currency: str
    attempt: int


class Provider(Protocol):
    """`secret` signs its answers."""

    name: str
    secret: bytes

    def ask(self, inquiry: Inquiry, *, timeout: float) -> Mapping[str, Any]:
        """The answer as it came. Raises NoAnswer within `timeout` seconds."""
        ...


def mark(inquiry: Inquiry) -> str:
    """By which an answer shows whom it is about, without saying who that is."""
    return hashlib.sha256(f"{inquiry.key}|{inquiry.number}".encode()).hexdigest()


def signature(body: Mapping[str, Any], secret: bytes) -> str:
    said = {name: value for name, value in body.items() if name != "signature"}
    return hmac.new(secret, json.dumps(said, sort_keys=True, separators=(",", ":")).encode(), hashlib.sha256).hexdigest()


def believed(answer: Any, inquiry: Inquiry, *, secret: bytes, gives: tuple[str, ...], today: date) -> dict[str, int]:
    """The figures of an answer that holds. Raises Untrue."""
    if (
        not isinstance(answer, Mapping)
        or set(answer) != {"key", "person", "currency", "as_of", "figures", "signature"}
        or not isinstance(answer["figures"], dict)
    ):
        raise Untrue("shape")
    if not hmac.compare_digest(str(answer["signature"]), signature(answer, secret)):
        raise Untrue("signature")
    if answer["key"] != inquiry.key:
        raise Untrue("other_inquiry")
    if answer["person"] != mark(inquiry):
        raise Untrue("somebody_else")
    if answer["currency"] != inquiry.currency:
        raise Untrue("currency")
    if not today - AGE_MAX <= _day(answer["as_of"]) <= today:
        raise Untrue("stale")
    return _possible(answer["figures"], gives)


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Untrue("shape") from None


def _possible(figures: Mapping[str, Any], gives: tuple[str, ...]) -> dict[str, int]:
    if not figures or not set(figures) <= set(gives):
        raise Untrue("shape")
    for name, value in figures.items():
        if type(value) is not int or not 0 <= value <= LIMITS.get(name, AMOUNT_MAX):
            raise Untrue("impossible")
    total = figures.get("debt_total")
    if total is not None and max(figures.get("debt_other_platforms", 0), figures.get("debt_monthly", 0)) > total:
        raise Untrue("impossible")
    return dict(figures)
