"""Columns of the public data sets, and figures made of them, in the reader's words: a model's inputs, what was kept out of it, a platform's own judgment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

WORDS = Path(__file__).with_name("column_words.json")
KINDS = (".value", ".level")  # how a model reads a field: it reads the same in words


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    return json.loads(WORDS.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def told(name: str) -> str:
    """The column in the reader's words; one that has none reads by its name in the data set."""
    for kind in KINDS:
        name = name.removesuffix(kind)
    return words().get(name, {}).get("zh-hans" if _chinese() else "en", name)


def listed(names: Iterable[str]) -> str:
    """Columns in words, each once."""
    return ("、" if _chinese() else ", ").join(dict.fromkeys(told(name) for name in names))


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")
