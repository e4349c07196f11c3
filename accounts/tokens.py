"""Access tokens: made for a program, shown once, revoked by anybody who sees the list. The database holds a digest, never the token."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.refusals import Conflict

from . import audit
from .models import AccessToken, User

PREFIX = "xq_"  # so that a token that got out is recognised wherever it turns up
DAYS = (30, 90, 365)
LIVE_MAX = 10
USE_NOTED_EVERY = timedelta(minutes=1)


class UnableToMake(Conflict):
    """`code`: too_many, made_already."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Made:
    """`text` is the token itself: it exists only in this answer."""

    token: AccessToken
    text: str


def live(user: User, *, now: datetime) -> QuerySet[AccessToken]:
    """The user's tokens that open something at `now`, newest first."""
    return AccessToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).order_by("-created_at", "-pk")


@transaction.atomic
def make(*, user: User, name: str, may_write: bool, days: int, form_key: str, now: datetime) -> Made:
    """A new token of that user. Raises UnableToMake: too many, or the same form sent again (its token was shown once)."""
    User.objects.select_for_update().get(pk=user.pk)
    made_with = hashlib.sha256(form_key.encode()).hexdigest()
    if AccessToken.objects.filter(user=user, made_with=made_with).exists():
        raise UnableToMake("made_already", _("This token was made already, and was shown once. Revoke it if you did not keep it."))
    if live(user, now=now).count() >= LIVE_MAX:
        raise UnableToMake("too_many", _("You have ten tokens. Revoke one first."))
    text = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        user=user,
        name=name,
        digest=_digest(text),
        ending=text[-4:],
        may_write=may_write,
        made_with=made_with,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    audit.record(actor=user, action="token.make", target=token.reference, now=now)
    return Made(token, text)


def revoke(*, token: AccessToken, by: User, now: datetime) -> None:
    """The token opens nothing from this commit on. Twice is once."""
    with transaction.atomic():
        if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            audit.record(actor=by, action="token.revoke", target=token.reference, now=now)


def find(text: str, *, now: datetime) -> AccessToken | None:
    """The live token with that text, of a user who may sign in; its use is noted, to the minute."""
    rows = AccessToken.objects.select_related("user__subject").filter(digest=_digest(text), revoked_at=None, expires_at__gt=now, user__is_active=True)
    token = rows.first()
    if token is not None:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        AccessToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> bytes:
    """A plain digest is enough: 256 random bits are guessed by nobody, and found by equality."""
    return hashlib.sha256(text.encode()).digest()
