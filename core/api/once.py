"""Writes act once per Idempotency-Key: the reply is kept with the effect, and asking again gives the same bytes and says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from core.api.problems import Problem, malformed
from core.idempotency import InvalidKey, KeyReused, Reply, hash_request, is_reused, once

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_TEXT = r"^[\x21-\x7e]{8,255}$"


def key_of(request: Any) -> str:
    """The key the caller chose. Raises a 400 problem without one."""
    key = str(request.headers.get(HEADER, ""))
    if not key:
        raise malformed("idempotency_key_missing", _("Send an Idempotency-Key with every request that changes something: a new one for each thing you do."))
    return key


def comparable(request: Any) -> Any:
    """The body as it is compared with that of an earlier request of the same key; a file is its digest."""
    data = request.data
    if not hasattr(data, "lists"):
        return data
    return {name: [_digest(value) if hasattr(value, "chunks") else value for value in values] for name, values in data.lists()}


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def act_once(
    request: Any, *, who: str, whose: str, subject_id: UUID | None, body: Any, produce: Callable[[], tuple[int, Any, dict[str, str]]], now: datetime
) -> HttpResponse:
    """`produce` gives status, data and headers the first time. `who` names the user, `whose` the party acted for."""
    try:
        reply = once(
            scope=_scope(request, who),
            key=key_of(request),
            request_hash=_hash(whose, body),
            subject_id=subject_id,
            produce=lambda: _reply(*produce()),
            now=now,
        )
    except InvalidKey:
        raise malformed("idempotency_key_invalid", _("An Idempotency-Key has 8 to 255 visible ASCII characters.")) from None
    except KeyReused:
        raise _reused() from None
    return answer(reply)


def refuse_reused(request: Any, *, who: str, whose: str, body: Any) -> None:
    """For a body that will be refused anyway: that its key came before with another one is said first, as a 409 problem."""
    if is_reused(scope=_scope(request, who), key=key_of(request), request_hash=_hash(whose, body)):
        raise _reused()


def _reused() -> Problem:
    return Problem(409, "key_reused", _("This Idempotency-Key came before with another request. Choose a new one."))


def _scope(request: Any, who: str) -> str:
    return f"api:{who}:{hash_request(request.method, request.path)[:32]}"


def _hash(whose: str, body: Any) -> str:
    return hash_request(whose, json.dumps(body, sort_keys=True))


def _reply(status: int, data: Any, headers: dict[str, str]) -> Reply:
    body = b"" if data is None else json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status=status, body=body, headers=headers)


def answer(reply: Reply) -> HttpResponse:
    """A stored reply as it goes out."""
    response = HttpResponse(reply.body, status=reply.status, content_type="application/json", headers=reply.headers)
    if reply.replayed:
        response[REPLAYED] = "true"
    return response


def business_key(request: Any, *, who: str) -> str:
    """The same key for the tables that keep guarding when the stored reply is forgotten: bounded and opaque."""
    return f"api:{hashlib.sha256(f'{who}:{key_of(request)}'.encode()).hexdigest()[:40]}"
