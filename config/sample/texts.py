"""Project texts of ours, in both languages, by purpose of the source row (texts.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("texts.toml")


@dataclass(frozen=True)
class Text:
    """What one borrower writes. `items`: words and share of the amount in per cent, one hundred together."""

    source: str
    purpose: str
    language: str
    title: str
    summary: str
    items: tuple[tuple[str, int], ...]
    background: str
    plan: str


@cache
def texts() -> tuple[Text, ...]:
    with FILE.open("rb") as file:
        rows = tomllib.load(file)["story"]
    return tuple(Text(**{**row, "items": tuple((words, int(share)) for words, share in row["items"])}) for row in rows)


def text_for(source: str, ordinal: int) -> Text:
    """The text of the ordinal-th loan of that source purpose."""
    fitting = [text for text in texts() if text.source == source]
    return fitting[ordinal % len(fitting)]


def funds(text: Text, amount: int) -> list[tuple[str, int]]:
    """The items in whole yuan, together the amount."""
    parts = [amount * share // 100 // 100 * 100 for _words, share in text.items]
    parts[-1] += amount - sum(parts)
    return [(words, part) for (words, _share), part in zip(text.items, parts, strict=True)]
