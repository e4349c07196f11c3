"""Once per key: the same request again gets the same answer and no second effect.

The effect and the stored reply commit together, under an advisory lock on the key, so parallel twins wait and then read the reply.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from core.models import StoredReply
from core.refusals import Conflict, refusal_page
from core.storage import keyring

FIELD = "idempotency_key"
KEEP_DAYS = 30
_KEY = re.compile(r"[\x21-\x7e]{8,255}")

View = TypeVar("View", bound=Callable[..., HttpResponse])


class KeyReused(Conflict):
    """The key came before with another request."""

    code = "key_reused"
    message = gettext_lazy("This form was already sent with other content. Please open the page again.")


class InvalidKey(Exception):
    """The key is missing, shorter than 8 or longer than 255 visible characters."""

    code = "invalid_key"
    message = gettext_lazy("This form is incomplete. Please open the page again and resend it.")


@dataclass(frozen=True)
class Reply:
    """An answer as it goes out: what `produce` returns and `once` gives back. `replayed` is True for the second time on."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


def hash_request(*parts: bytes | str) -> str:
    """A keyed digest of a request, 64 hex digits: equal for equal requests, and no help in guessing what was in it."""
    joined = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (part.encode() if isinstance(part, str) else part for part in parts))
    return salted_hmac("core.idempotency.request", joined, algorithm="sha256").hexdigest()


def once(*, scope: str, key: str, request_hash: str, subject_id: UUID | None, produce: Callable[[], Reply], now: datetime) -> Reply:
    """Calls `produce` the first time and stores its reply; gives the stored reply every other time.

    `scope` names the operation and whose key it is (`pledge:user:7`); the body is sealed under the subject's key.
    If `produce` raises, or answers with a server error, nothing is stored. Raises KeyReused, InvalidKey.
    """
    _check_key(key)
    with transaction.atomic():
        stored = _locked(scope, key, request_hash)
        if stored:
            return _opened(stored)
        reply = produce()
        if reply.status < 500:
            _store(scope, key, request_hash, subject_id, reply, now)
        return reply


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise InvalidKey


def _locked(scope: str, key: str, request_hash: str) -> StoredReply | None:
    """Waits for twins of this key until the end of the transaction, then looks what they left."""
    number = int.from_bytes(hashlib.sha256(f"{scope}\0{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    stored = StoredReply.objects.filter(scope=scope, key=key).first()
    if stored and stored.request_hash != request_hash:
        raise KeyReused
    return stored


def is_reused(*, scope: str, key: str, request_hash: str) -> bool:
    """Whether the key came before with another request; waits for nobody."""
    return StoredReply.objects.filter(scope=scope, key=key).exclude(request_hash=request_hash).exists()


def _store(scope: str, key: str, request_hash: str, subject_id: UUID | None, reply: Reply, now: datetime) -> None:
    sealed = keyring().seal(subject_id, _context(scope, key), reply.body) if reply.body else b""
    StoredReply.objects.create(
        scope=scope, key=key, request_hash=request_hash, status=reply.status, headers=reply.headers, body=sealed, subject_id=subject_id, created_at=now
    )


def _opened(stored: StoredReply) -> Reply:
    body = keyring().open(stored.subject_id, _context(stored.scope, stored.key), bytes(stored.body)) if stored.body else b""
    return Reply(status=stored.status, body=body, headers=stored.headers, replayed=True)


def _context(scope: str, key: str) -> str:
    return f"reply|{scope}|{key}"


def forget_replies(*, now: datetime) -> int:
    """Deletes replies older than KEEP_DAYS; returns how many. Business keys in the tables themselves keep guarding after that."""
    count, _ = StoredReply.objects.filter(created_at__lt=now - timedelta(days=KEEP_DAYS)).delete()
    return count


def once_per_form(view: View) -> View:
    """For views whose POST has an effect: the form carries `{% idempotency_key %}`, and sending it twice acts once.

    Only a redirect, the sign of success, is kept: a form shown again with errors may be corrected and resent under the same key.
    The whole POST runs in one transaction. A missing key is a 400, another content under the same key a 409.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        key = request.POST.get(FIELD, "")
        try:
            _check_key(key)
            with transaction.atomic():
                return _form_once(request, key, lambda: view(request, *args, **kwargs))
        except InvalidKey as error:
            return refusal_page(request, error.message, status=400)
        except KeyReused as error:
            return refusal_page(request, error.message)

    return wrapped  # type: ignore[return-value]


def form_key(request: HttpRequest) -> str:
    """The form's key for the tables that keep guarding when the stored reply is forgotten: bounded, opaque, of this visitor and this page.

    Raises InvalidKey when the form came without one.
    """
    key = request.POST.get(FIELD, "")
    _check_key(key)
    return f"form:{hash_request(_form_scope(request), key)[:40]}"


def _form_once(request: HttpRequest, key: str, produce: Callable[[], HttpResponse]) -> HttpResponse:
    scope = _form_scope(request)
    request_hash = _form_hash(request)
    stored = _locked(scope, key, request_hash)
    if stored:
        return HttpResponseRedirect(stored.headers["Location"])
    response = produce()
    if isinstance(response, HttpResponseRedirect):
        reply = Reply(status=response.status_code, headers={"Location": response.url})
        _store(scope, key, request_hash, None, reply, timezone.now())
    return response


def _form_scope(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    session = getattr(request, "session", None)
    who = f"user:{user.pk}" if user is not None and user.is_authenticated else f"session:{hash_request(getattr(session, 'session_key', None) or '')[:32]}"
    return f"form:{who}:{hash_request(request.path)[:32]}"


def _form_hash(request: HttpRequest) -> str:
    fields = {name: values for name, values in request.POST.lists() if name not in (FIELD, "csrfmiddlewaretoken")}
    files = {name: [_digest(file) for file in values] for name, values in request.FILES.lists()}
    return hash_request(json.dumps([fields, files], sort_keys=True))


def _digest(file: UploadedFile[Any]) -> str:
    if file.size is not None and file.size > settings.DOCUMENT_MAX_BYTES:
        return f"too large: {file.size}"  # will be refused, not worth reading
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
