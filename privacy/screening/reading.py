"""A text as it reads: one width, one case of digits, nothing invisible; each character knows its place in what was given."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from privacy.screening.finding import Finding

INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20e3\ufe00-\ufe0f\ufeff]")


@dataclass(frozen=True)
class Reading:
    """`plain` is the text as it reads; `places[k]` is where its k-th character stands in `given`."""

    given: str
    plain: str
    places: tuple[int, ...]

    def finding(self, kind: str, start: int, end: int) -> Finding:
        """Of plain[start:end]."""
        first, last = self.places[start], self.places[end - 1] + 1
        return Finding(kind, first, last, self.given[first:last])


def read(text: str) -> Reading:
    plain, places = [], []
    for place, character in enumerate(text):
        for each in _read(character):
            plain.append(each)
            places.append(place)
    return Reading(text, "".join(plain), tuple(places))


def _read(character: str) -> str:
    if INVISIBLE.match(character) or (unicodedata.combining(character) and not character.isalpha()):
        return ""
    folded = unicodedata.normalize("NFKC", character)
    return "".join(str(unicodedata.digit(each, each)) if each.isdecimal() else each for each in folded)
