"""Who can sign in to look around."""

from __future__ import annotations

from datetime import datetime

from accounts import cast
from accounts.cast import PASSWORD, TOTP_SECRET

NAMES = ("alice", "bob", "carol", "dan", "fay", "hana", "nia", "eve", "grace")
_ROLES = {
    "alice": "borrows",
    "bob": "invests",
    "carol": "invests",
    "dan": "staff, reviews and proposes",
    "fay": "staff, approves",
    "hana": "staff, looks after payments and jobs, reads the registers",
    "nia": "staff, answers rights and complaints, handles breaches, proposes models",
    "eve": "borrows and invests",
    "grace": "borrows",
}
SIGN_INS: list[tuple[str, str]] = [
    *((f"{name}@xinqiao.example", f"{PASSWORD}  ({_ROLES[name]})") for name in NAMES),
    ("staff's six-digit code", f".venv/bin/python manage.py sign_in_code   (or an authenticator app with {TOTP_SECRET})"),
]


def make_cast(*, now: datetime) -> None:
    """The cast, made once; safe to repeat."""
    for name in NAMES:
        cast.make(name, now=now)
