"""Reading the table, and reading an answer: did one get in, and if not, how was one turned away?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from django.urls import URLResolver, get_resolver

from tests.config.matrix.people import BORROWERS, EVERYBODY, INVESTORS, NOBODY, STAFF

ROLES = {"reviewer": "dan", "approver": "fay", "servicer": "sal", "auditor": "ada"}
SIDES = {"borrow": BORROWERS, "invest": INVESTORS}
TURNED_AWAY = {"login", "start", "none", "no", "method", "find"}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    thing: str
    get: str
    change: str


def rows(text: str) -> list[Row]:
    return [
        Row(name, thing.replace("_", " "), get, change) for name, thing, get, change in (line.split() for line in text.strip().splitlines() if line.strip())
    ]


def expected(policy: str, who: str) -> set[str]:
    """The outcomes that policy allows for that one."""
    if policy == "-":
        return TURNED_AWAY
    if policy == "all":
        return {"in"}
    if policy == "under-way":
        return {"in", "login", "find"}
    if policy == "contact":
        return {"in"} if who == "hana" else {"find"}
    if who in NOBODY:
        return {"login"}
    if policy == "signed":
        return {"in"}
    owners, _slash, side = policy.partition("/")
    if owners in SIDES:
        return {"in"} if who in SIDES[owners] else {"start"}
    if side and who not in SIDES[side]:
        return {"start"}
    names = STAFF if owners == "staff" else [ROLES.get(name, name) for name in owners.split(",")]
    return {"in"} if who in names else {"none"}


def outcome(answer: Any) -> str:
    """in, or how one was turned away: login, start (choose what you do here), find (prove your number), none (404), no (403), method (405)."""
    address = answer.get("Location", "") if answer.status_code in (301, 302, 303) else ""
    for start, word in (("/accounts/login/", "login"), ("/admin/login/", "login"), ("/account/start/", "start"), ("/circle/find/", "find")):
        if address.startswith(start):
            return word
    if answer.status_code == 403 and answer["Content-Type"] == "application/problem+json" and answer.json()["code"] == "not_chosen_yet":
        return "start"
    return {401: "login", 403: "no", 404: "none", 405: "method"}.get(answer.status_code, "in" if answer.status_code < 500 else "FAULT")


_CHANGING = re.compile(
    r"""name="csrfmiddlewaretoken" value="\w+"|name="idempotency_key" value="[\w-]+"|\b[0-9A-HJKMNP-TV-Z]{12}\b|[A-Z]{2}-[0-9A-Z]{8}|"reference": "\w*\""""
)


def body_of(answer: Any) -> str:
    """What an answer says, without what changes from request to request and without the address that was asked for."""
    text = answer.content.decode(errors="replace") if not answer.streaming else ""
    for address in (answer.wsgi_request.get_full_path(), answer.wsgi_request.path):
        text = text.replace(quote(address, safe=""), "…").replace(quote(address), "…").replace(escape(address), "…")
    return f"{answer.status_code} {answer.get('Location', '')} {_CHANGING.sub('…', text)}"


def entries(resolver: Any = None, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(name, route) of every address; a nameless one is named by its route."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from entries(entry, route, (*spaces, entry.namespace) if entry.namespace else spaces)
        else:
            yield (":".join((*spaces, entry.name)) if entry.name else route), route


def may_at_desk(letters: str, who: str) -> set[str]:
    """In the admin: those roles get in, other staff are refused, everybody else is asked to sign in as staff."""
    if letters in ("all", "any"):
        return {"in"} if letters == "all" else {"in", "method"}
    if who not in STAFF:
        return {"login", "no", "method"}
    return {"in"} if LETTERS[who] in letters else {"no", "none", "method"}


LETTERS = {"dan": "r", "fay": "a", "sal": "s", "ada": "u"}


__all__ = ["EVERYBODY", "Row", "body_of", "entries", "expected", "may_at_desk", "outcome", "rows"]
