"""What we hold about the person ourselves: their own name, numbers and addresses, found however they are spaced or punctuated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from privacy.screening import numbers
from privacy.screening.finding import ACCOUNT, ADDRESS, NAME, NUMBER, Finding
from privacy.screening.reading import Reading, read

_LEFT_OUT = re.compile(r"[\W_]")
LATIN_MIN, HAN_MIN, DIGITS_MIN = 4, 2, 6


def find(reading: Reading, known: Iterable[str]) -> Iterator[Finding]:
    plain, places = _squeezed(reading.plain)
    for value in {value for value in known if value}:
        wanted, _places = _squeezed(read(value).plain)
        if _long_enough(wanted):
            yield from _found(reading, wanted, plain, places)
        if wanted.isdecimal() and len(wanted) >= DIGITS_MIN:
            runs = (run for run in numbers.runs(reading.plain) if wanted in run.digits)
            yield from (reading.finding(NUMBER, run.start, run.end) for run in runs)


def _squeezed(text: str) -> tuple[str, list[int]]:
    """Letters and digits alone, small, with their places."""
    kept = [(letter.casefold()[:1], place) for place, letter in enumerate(text) if not _LEFT_OUT.match(letter)]
    return "".join(letter for letter, _place in kept), [place for _letter, place in kept]


def _long_enough(text: str) -> bool:
    if text.isdecimal():
        return len(text) >= DIGITS_MIN
    return len(text) >= (LATIN_MIN if text.isascii() else HAN_MIN)


def _found(reading: Reading, wanted: str, plain: str, places: list[int]) -> Iterator[Finding]:
    at = plain.find(wanted)
    while at >= 0:
        first, last = places[at], places[at + len(wanted) - 1] + 1
        if not wanted.isascii() or _stands_alone(reading.plain, first, last):
            yield reading.finding(_kind(wanted), first, last)
        at = plain.find(wanted, at + 1)


def _stands_alone(text: str, first: int, last: int) -> bool:
    """A Latin name is a word, not a part of one."""
    return not (first and text[first - 1].isalnum()) and not (last < len(text) and text[last].isalnum())


def _kind(wanted: str) -> str:
    if wanted.isdecimal():
        return NUMBER
    if wanted.isascii():
        return ACCOUNT if any(letter.isdigit() for letter in wanted) else NAME
    return ADDRESS if any(letter in "省市区县路街号村镇" for letter in wanted) and len(wanted) > 4 else NAME
