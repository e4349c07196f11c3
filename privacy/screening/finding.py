"""One thing found in a text."""

from __future__ import annotations

from dataclasses import dataclass

NAME, NUMBER, ADDRESS, ACCOUNT = "name", "number", "address", "account"


@dataclass(frozen=True)
class Finding:
    """A name, a number, an address or an account elsewhere (mail, chat, web), with its place in the text as it was given."""

    kind: str
    start: int
    end: int
    text: str
