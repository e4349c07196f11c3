"""Notices: compiled from the texts in notice_texts/, published once per wording, found by code and language.

A notice's code is the code of the purpose it asks about. Its wording in the files is the truth: when any language of it changes, all languages are
published together as the next version; a change of purposes, kinds, recipients, methods or handler is material, and consents must be asked again.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from . import kinds, purposes, seals
from .models import NOTICE_REQUIRED, Notice

TEXTS = Path(__file__).parent / "notice_texts"
LOCALES = ("zh-hans", "en")
ASK = ("question", "intro", "what", "why", "seen", "kept", "refuse", "withdraw", "yes", "yes_note", "no", "no_note")
MATERIAL = ("purposes", "kinds", "recipients", "methods", "controller")
_BODY = (*NOTICE_REQUIRED, "purposes", "kinds", "recipients", "ask", "sections")


class Incomplete(Exception):
    """A notice lacks something the person must be told; it is not published."""

    code = "notice_incomplete"


class NoNotice(Exception):
    """Nothing is published under that code and language: nothing can be asked."""

    code = "no_notice"


def current(code: str, locale: str) -> Notice:
    """The newest published notice in that language. Raises NoNotice."""
    found = Notice.objects.filter(code=code, locale=locale, published_at__isnull=False).order_by("-version").first()
    if found is None:
        raise NoNotice(f"{code} ({locale})")
    return found


def supported(locale: str | None) -> str:
    """The notice language for a page language: ours, or Chinese."""
    return locale if locale in LOCALES else LOCALES[0]


def versions(code: str, locale: str) -> list[Notice]:
    """All published versions in that language, newest first."""
    return list(Notice.objects.filter(code=code, locale=locale, published_at__isnull=False).order_by("-version"))


def superseded() -> QuerySet[Notice]:
    """Versions after which a material one was published in their language: a yes to them is no longer used, until it is given again."""
    later = Notice.objects.filter(code=OuterRef("code"), locale=OuterRef("locale"), version__gt=OuterRef("version"), material=True)
    return Notice.objects.filter(Exists(later.filter(published_at__isnull=False)))


def publish_all(*, now: datetime) -> list[Notice]:
    """Publish what is new or changed in the files; the notices published. Safe to repeat and to run in several processes at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('privacy.notices'))")
        return [notice for code in codes() for notice in publish(code, texts=compiled(code), now=now)]


def publish(code: str, *, texts: Mapping[str, dict], now: datetime) -> list[Notice]:
    """Publish {locale: body} as the next version, unless every language reads as it already does. Raises Incomplete."""
    for locale, body in texts.items():
        _require_complete(code, locale, body)
    last = {notice.locale: notice for notice in Notice.objects.filter(code=code, published_at__isnull=False).order_by("version")}
    if all(locale in last and last[locale].sha256 == fingerprint(body) for locale, body in texts.items()):
        return []
    version = max((notice.version for notice in last.values()), default=0) + 1
    material = not last or any(_is_material(last.get(locale), body) for locale, body in texts.items())
    rows = [
        Notice(code=code, version=version, locale=locale, material=material, published_at=now, sha256=fingerprint(body), **body)
        for locale, body in texts.items()
    ]
    return Notice.objects.bulk_create(rows)


def fingerprint(body: Mapping[str, Any]) -> str:
    """Hex SHA-256 of all a notice says; what a consent records as shown."""
    return hashlib.sha256(seals.canonical({name: body[name] for name in _BODY})).hexdigest()


def _is_material(before: Notice | None, body: Mapping[str, Any]) -> bool:
    return before is None or any(getattr(before, name) != body[name] for name in MATERIAL)


def _require_complete(code: str, locale: str, body: Mapping[str, Any]) -> None:
    empty = [name for name in _BODY if not body.get(name) and name != "ask"]
    empty += [f"ask.{name}" for name in ASK if body.get("ask") and not body["ask"].get(name)]
    unknown = [item for item in body.get("purposes", []) if item not in purposes.PURPOSES]
    unknown += [item for item in body.get("kinds", []) if item not in kinds.KINDS]
    if empty or unknown:
        raise Incomplete(f"{code} ({locale}): missing {empty}, unknown {unknown}")
    alone = len(body["purposes"]) == 1
    if not alone and any(purposes.get(item).sensitive for item in body["purposes"]):
        raise Incomplete(f"{code} ({locale}): a sensitive purpose is asked by itself")


def codes() -> list[str]:
    """Codes that have a text, in alphabetical order."""
    return sorted(path.stem for path in TEXTS.glob("[!_]*.toml"))


@cache
def _file(name: str) -> dict:
    return tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8"))


def compiled(code: str) -> dict[str, dict]:
    """{locale: body} of one code from its file, the shared parts and the operator's settings."""
    return {locale: _compile(_file(code), _file(code)[locale], _file("_shared")[locale]) for locale in LOCALES}


def _compile(whole: Mapping[str, Any], text: Mapping[str, Any], shared: Mapping[str, str]) -> dict:
    names = {"operator": settings.OPERATOR_NAME, "contact": settings.PRIVACY_CONTACT}
    return {
        "purposes": whole["purposes"],
        "kinds": whole["kinds"],
        **{name: text.format(**names) for name, text in shared.items()},
        **{name: text[name] for name in ("title", "methods", "retention", "recipients", "necessity_text", "impact_text", "sections")},
        **{name: text[name] for name in shared if name in text},
        "ask": text.get("ask", {}),
    }
