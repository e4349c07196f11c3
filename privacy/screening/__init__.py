"""Words that strangers will read, searched for what would tell them who wrote them: names, numbers, addresses, in Chinese and Latin script.

`findings(text)` is pure: full-width forms, spelled digits, digits with signs between them and other scripts' digits are read as what they mean.
`known` are values we hold about the person; whichever stands in the text is found, however it is spaced. No text is changed here.
"""

from __future__ import annotations

from collections.abc import Iterable

from privacy.screening import addresses, held, names, numbers
from privacy.screening.finding import ACCOUNT, ADDRESS, NAME, NUMBER, Finding
from privacy.screening.reading import read

__all__ = ["ACCOUNT", "ADDRESS", "NAME", "NUMBER", "Finding", "findings", "is_clean"]


def findings(text: str, *, known: Iterable[str] = ()) -> list[Finding]:
    """What would point at a person, in the order it stands; places are in `text` as it was given. The widest of those that overlap."""
    reading = read(text)
    found = [*numbers.find(reading), *addresses.find(reading), *names.find(reading), *held.find(reading, known)]
    kept: list[Finding] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or each.end > kept[-1].end:
            kept.append(each)
    return kept


def is_clean(text: str, *, known: Iterable[str] = ()) -> bool:
    """Whether strangers may read it."""
    return not findings(text, known=known)
