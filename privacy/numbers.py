"""Telephone numbers: read in any spelling, kept only sealed, found again by a keyed code.

The space of numbers is small, so a plain hash could be turned back; the code is an HMAC under a key of its own (NUMBER_INDEX_KEY).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from phonenumbers import NumberParseException
from phonenumbers import timezone as number_zones

from .vault import decode_key

# Jurisdictions of the rulebook by the country of a number; a country that is not here has no rules, and nobody there is contacted.
EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
JURISDICTIONS = {"CN": "CN", "US": "US", "GB": "UK", "IN": "IN", "ID": "ID", "PH": "PH", "KE": "KE", **dict.fromkeys(EU, "EU")}
REGIONS = {"UK": "GB", "EU": None}
UNKNOWN_ZONE = "Etc/Unknown"


class NotANumber(ValueError):
    """What was typed is no telephone number that exists."""

    code = "not_a_number"


@dataclass(frozen=True)
class Number:
    """One number: its one spelling, its country, and every time zone its owner may plausibly be in."""

    e164: str
    region: str
    zones: tuple[str, ...]

    @property
    def jurisdiction(self) -> str:
        """The jurisdiction as the rulebook names it; the country itself where the rulebook has none."""
        return jurisdiction_of(self.region)

    @property
    def index(self) -> bytes:
        return index(self.e164)

    def __repr__(self) -> str:
        return "<number>"


def parse(text: str, *, jurisdiction: str) -> Number:
    """Any usual spelling, full-width digits included; without a country code it is read as one of that jurisdiction. Raises NotANumber."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        found = phonenumbers.parse(plain, REGIONS.get(jurisdiction, jurisdiction))
    except NumberParseException:
        raise NotANumber from None
    region = phonenumbers.region_code_for_number(found)
    if found.extension or region is None or not phonenumbers.is_valid_number(found):
        raise NotANumber
    zones = tuple(zone for zone in number_zones.time_zones_for_number(found) if zone != UNKNOWN_ZONE)
    return Number(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164), region, zones)


def index(e164: str) -> bytes:
    """32 bytes by which the same number is found again, and by nobody without the key."""
    key = decode_key(settings.NUMBER_INDEX_KEY, name="NUMBER_INDEX_KEY")
    return hmac.new(key, b"xinqiao/number/" + e164.encode(), hashlib.sha256).digest()


def jurisdiction_of(region: str) -> str:
    """The jurisdiction of a country as the rulebook names it; the country itself where the rulebook has none."""
    return JURISDICTIONS.get(region, region)


def region_of(jurisdiction: str) -> str:
    """The country whose calendar and numbers a jurisdiction has; itself where there is no single one."""
    return REGIONS.get(jurisdiction) or jurisdiction


def zones_of(e164: str) -> tuple[str, ...]:
    """Every zone the owner of a number we hold may be in; none for none."""
    return parse(e164, jurisdiction="").zones if e164 else ()


def masked(e164: str) -> str:
    """Enough to know one's own number by, and no more."""
    return f"{e164[:3]}…{e164[-2:]}"
