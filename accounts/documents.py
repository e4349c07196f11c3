"""Identity documents as people write them: cleaned, validated by their own check digits, masked. Pure; no database, no clock."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError

ADULT_AT = 18
_PASSPORT = re.compile(r"[A-Z0-9]{6,12}")
_SEPARATORS = re.compile(r"[\s\-·.]+")
MESSAGES: dict[str, StrOrPromise] = {
    "length": _("This number has the wrong length. Check that no digit is missing or typed twice."),
    "format": _("This number has a character that does not belong in it."),
    "checksum": _("This number cannot be right: its last character does not fit the others. Look for a mistyped digit."),
    "component": _("This number cannot be right: its place or date of birth does not exist."),
    "minor": _("You have to be 18 or older to use Xinqiao."),
    "unknown_document": _("Choose one of the documents."),
}


class InvalidDocument(ValueError):
    """The number cannot belong to a document of that sort, or to an adult. Carries a code and words, never the number."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]


@dataclass(frozen=True)
class Numbered:
    """A number in its one true spelling; the birth date where the number tells it."""

    number: str
    birth_date: date | None = None

    def __repr__(self) -> str:
        return "<numbered>"


def read(document: str, text: str, *, as_of: date) -> Numbered:
    """The validated number of a document (full-width digits, spaces, hyphens and lower case accepted). Raises InvalidDocument; so for a minor at `as_of`."""
    if document not in _READERS:
        raise InvalidDocument("unknown_document")
    found = _READERS[document](_SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper())
    if found.birth_date and years_between(found.birth_date, as_of) < ADULT_AT:
        raise InvalidDocument("minor")
    return found


def _resident_id(text: str) -> Numbered:
    number = _stdnum(ric.validate, text)
    return Numbered(number, ric.get_birth_date(number))


def _uscc(text: str) -> Numbered:
    return Numbered(_stdnum(uscc.validate, text))


def _passport(text: str) -> Numbered:
    if not 6 <= len(text) <= 12:
        raise InvalidDocument("length")
    if not _PASSPORT.fullmatch(text) or not any(sign.isdigit() for sign in text):
        raise InvalidDocument("format")
    return Numbered(text)


_READERS: dict[str, Callable[[str], Numbered]] = {"resident_id": _resident_id, "uscc": _uscc, "passport": _passport}
_CODES: list[tuple[type[Exception], str]] = [(InvalidLength, "length"), (InvalidFormat, "format"), (InvalidChecksum, "checksum")]


def _stdnum(validate: Callable[[str], str], text: str) -> str:
    if not text.isascii():
        raise InvalidDocument("format")
    try:
        return validate(text)
    except ValidationError as error:
        raise InvalidDocument(next((code for kind, code in _CODES if isinstance(error, kind)), "component")) from None


def years_between(born: date, day: date) -> int:
    """Full years of age on that day; somebody born on 29 February comes of age on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def masked(number: str) -> str:
    """The last four characters, the rest as dots: enough to recognize one's own."""
    return "•" * max(0, len(number) - 4) + number[-4:]
