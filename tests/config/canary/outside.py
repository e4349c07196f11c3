"""What a page would fetch from, or send to, an address that is not ours; and whether its policy would let it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

FETCHED = {"src", "srcset", "href", "xlink:href", "action", "formaction", "poster", "data", "background", "manifest", "ping", "hx-get", "hx-post"}
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")
OURS = {"", "testserver"}
ALLOWED = {"'self'", "'none'", "data:"}


class _Reader(HTMLParser):
    """Addresses a browser asks for by itself, or a form sends to. Where a link leads is the reader's own step."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in FETCHED and not (tag == "a" and name != "ping"):
                self.asked += [part.split()[0] for part in (value or "").split(",") if part.split()] if name == "srcset" else [value or ""]
            elif name == "style":
                self.asked += IN_STYLE.findall(value or "")

    def handle_data(self, data: str) -> None:
        self.asked += IN_STYLE.findall(data) if self.cdata_elem == "style" else []


def strangers(text: str) -> set[str]:
    """Addresses of others in a page."""
    reader = _Reader()
    reader.feed(text)
    return {each for each in reader.asked if foreign(each)}


def foreign(address: str) -> bool:
    split = urlsplit(address.strip())
    return split.netloc not in OURS or split.scheme not in ("", "data", "http", "https", "mailto")


def of(answer: Any) -> set[str]:
    """All that is wrong with one answer: whom it would ask, and what its policy leaves open."""
    if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
        return set()
    policy = answer.get("Content-Security-Policy", "")
    sources = {source for directive in policy.split(";") for source in directive.split()[1:]}
    closed = "default-src" in policy and sources <= ALLOWED and all(name in policy for name in ("form-action", "base-uri", "frame-ancestors", "object-src"))
    return strangers(answer.content.decode()) | (set() if closed else {f"policy: {policy!r}"})
