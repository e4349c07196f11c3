"""The Chinese catalog: collecting what the source says, merging what was written, checking that nothing is missing.

English is the source and needs no catalog. Everything here is plain Python (babel), so no gettext programs are needed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

LOCALE = "zh_Hans"
CONTEXT_GLUE = "\u0004"
SOURCES = ("config", "core", "ledger", "privacy", "accounts", "notifications", "payments", "credit", "loans", "marketplace", "templates")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\w*\}")


def po_path() -> Path:
    return Path(settings.BASE_DIR) / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def _new_catalog() -> Catalog:
    catalog = Catalog(
        locale=LOCALE,
        project="Xinqiao",
        domain="django",
        charset="utf-8",
        fuzzy=False,
        header_comment="# Chinese (Simplified) of Xinqiao. Written, not translated.",
    )
    catalog.revision_date = catalog.creation_date = None  # type: ignore[assignment]  # dates would change the file with every run
    return catalog


def _sources() -> Iterator[Path]:
    root = Path(settings.BASE_DIR)
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def _messages(path: Path) -> Iterable[tuple[Any, str | None]]:
    """(msgid or pair, context) for every marked text of one file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = templatize(source, origin=str(path))
    for _line, message, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        yield message, context


def collect() -> Catalog:
    """The catalog as the source wants it, with every translation already written; no line numbers, sorted, so that it changes only with the texts."""
    old = load()
    fresh = _new_catalog()
    for path in _sources():
        for message, context in _messages(path):
            if message and message != ("", ""):
                fresh.add(message, context=context, flags=_flags(message))
    for message in fresh:
        if message.id:
            message.string = _known(old, message)
    return fresh


def _flags(message: Any) -> set[str]:
    text = message[0] if isinstance(message, tuple | list) else message
    return {"python-format"} if re.search(r"%\(\w+\)[sdf]|%[sd]", text) else set()


def _known(catalog: Catalog, message: Message) -> Any:
    known = catalog.get(message.id, message.context)
    plural = isinstance(message.id, tuple)
    if known is None or not known.string:
        return ("",) if plural else ""
    text = known.string[0] if isinstance(known.string, tuple | list) else known.string
    return (text,) if plural else text


def load() -> Catalog:
    """The catalog in the repository; empty when there is none."""
    path = po_path()
    if not path.exists():
        return _new_catalog()
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE, domain="django")


def as_text(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalog, no_location=True, omit_header=True, sort_output=True, width=160)
    head = b'# Chinese (Simplified). Written, not translated.\nmsgid ""\nmsgstr ""\n"Language: zh_Hans\\n"\n"MIME-Version: 1.0\\n"\n'
    head += b'"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    return head + buffer.getvalue()


def save(catalog: Catalog) -> None:
    path = po_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_text(catalog))


def merge(catalog: Catalog, folder: Path) -> int:
    """Fill texts from JSON files ({msgid: text}, {"context\\u0004msgid": text}, {msgid: [plural text]}). Returns how many were set."""
    count = 0
    for path in sorted(folder.glob("*.json")):
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            context, _glue, msgid = key.rpartition(CONTEXT_GLUE)
            message = catalog.get(msgid, context or None)
            text = value[0] if isinstance(value, list) else value
            if message is not None and text:
                wanted = (text,) if isinstance(message.id, tuple) else text
                count += message.string != wanted
                message.string = wanted
    return count


def compile_if_stale() -> bool:
    """Write the binary catalog beside its source when it is missing or older. Returns whether it was written."""
    source = po_path()
    target = source.with_suffix(".mo")
    if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
        return False
    buffer = BytesIO()
    write_mo(buffer, load())
    spare = target.with_suffix(f".mo.{os.getpid()}")  # whole or not at all: another process may be reading
    spare.write_bytes(buffer.getvalue())
    spare.replace(target)
    return True


def problems() -> list[str]:
    """What is wrong with the catalog in the repository: stale, untranslated, or with other placeholders than the source."""
    kept, wanted = load(), collect()
    found = []
    if not po_path().exists() or po_path().read_bytes() != as_text(wanted):
        found.append("stale: run manage.py translations collect")
    for message in wanted:
        if not message.id:
            continue
        text = message.string[0] if isinstance(message.string, tuple | list) else message.string
        source = message.id if isinstance(message.id, str) else message.id[-1]
        if not text:
            found.append(f"untranslated: {_named(message)}")
        elif not _same_placeholders(message, text):
            found.append(f"placeholders differ: {source!r} / {text!r}")
    found += [f"fuzzy: {_named(message)}" for message in kept if message.id and message.fuzzy]
    return found


def _named(message: Message) -> str:
    source = message.id if isinstance(message.id, str) else message.id[0]
    return f"[{message.context}] {source!r}" if message.context else repr(source)


def _same_placeholders(message: Message, text: str) -> bool:
    """A plural text may leave out what its singular leaves out; nothing may be added."""
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    found = set(PLACEHOLDER.findall(text))
    return any(found == set(PLACEHOLDER.findall(source)) for source in sources)
