"""How one knocks: the address of a line of the table, the method that changes something there, and a request that would be carried out."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse

from tests.config.matrix.people import Thing
from tests.config.matrix.reading import Row
from tests.loans.test_api import SECTIONS, picture

NOTHING = Thing({}, {})
BODIES: dict[str, Any] = {
    **{f"api:{section}": body for section, body in SECTIONS.items()},
    "api:privacy": dict.fromkeys(("application", "automated_decision", "listing_disclosure", "credit_source", "bank_source", "named_recipient"), "no:1"),
    "api:place": {"amount": 10_000, "seen_rate": "0.1", "risk": True},
    "api:searches": {"q": "oven"},
    "api:sell": {"amount": 10_000, "factor": "1"},
    "api:sale_buy": {"amount": 10_000, "seen_price": 1, "risk": True},
    "api:repayments": {"amount": 100},
    "api:mandates": {"per_loan": 100_000, "risk": True},
    "api:mandate": {"per_loan": 200_000, "risk": True},
    "api:settlement": {"expected": 100},
}


def address(row: Row, args: dict[str, Any]) -> str:
    return "/api/nothing/" if row.name == "api:nothing" else reverse(row.name, kwargs=args)


def changing(row: Row, thing: Thing) -> str:
    """The method that changes something there; POST where nothing does."""
    view = getattr(resolve(address(row, thing.args)).func, "view_class", None)
    return next((method for method in ("POST", "PUT", "DELETE") if hasattr(view, method.lower())), "POST")


def send(client: Any, method: str, where: str, data: dict[str, Any]) -> Any:
    if method == "GET":
        return client.get(where, data)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    if not where.startswith("/api/"):
        return client.post(where, {"idempotency_key": uuid.uuid4().hex, **data})
    name = resolve(where).view_name
    if name == "api:documents":
        return client.post(where, {"kind": "quote", "upload": SimpleUploadedFile("quote.png", picture(), "image/png")}, headers=headers)
    return client.generic(method, where, json.dumps(BODIES.get(name, {})), content_type="application/json", headers=headers)
