"""Money as integers in minor units, with its currency beside it: parsing, splitting, writing.

The only file that turns a text into an amount, an amount into a text, and one amount into shares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from babel.numbers import get_currency_symbol
from django.utils.translation import get_language, gettext_lazy, to_locale

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CURRENCY_DIGITS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "SGD": 2, "INR": 2, "JPY": 0, "KRW": 0, "KWD": 3}
MAX_MINOR = 10**15 - 1  # far below a bigint, so sums over many rows cannot overflow either
MINUS = "\u2212"

_SYMBOLS = {"CNY": "¥"}  # the platform's own currency is written as people here write it, in every language
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+|\d+")
_MESSAGES: dict[str, StrOrPromise] = {
    "empty": gettext_lazy("Enter an amount."),
    "not_a_number": gettext_lazy("Enter an amount in digits, such as 12,000.00."),
    "decimals": gettext_lazy("This amount has too many decimal places."),
    "negative": gettext_lazy("Enter an amount above zero, without a minus sign."),
    "too_large": gettext_lazy("This amount is too large."),
}


class UnknownCurrency(Exception):
    """The currency has no declared number of decimal places."""

    code = "unknown_currency"


class InvalidAmount(Exception):
    """The text is not an amount. `code` says which way; `message` is for the person who typed it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = _MESSAGES[code]


def digits(currency: str) -> int:
    """How many decimal places the currency has. Raises UnknownCurrency."""
    try:
        return CURRENCY_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Shares of `total` in proportion to `weights` by largest remainder; they always sum to `total`.

    A tie goes to the earlier weight, so the same input always gives the same shares.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("nothing to share by")
        return [0] * len(weights)
    sign = -1 if total < 0 else 1
    parts = [divmod(abs(total) * weight, whole) for weight in weights]
    shares = [share for share, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))
    for index in by_remainder[: abs(total) - sum(shares)]:
        shares[index] += 1
    assert sum(shares) == abs(total)
    return [sign * share for share in shares]


def parse_amount(text: str, *, currency: str) -> int:
    """Minor units from what a person typed: full-width digits and thousands separators are fine. Raises InvalidAmount."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("。", ".").replace("、", ",")
    plain = plain.removeprefix(_SYMBOLS.get(currency, "¥")).removesuffix("元" if currency == "CNY" else "")
    if not plain:
        raise InvalidAmount("empty")
    if plain[0] in f"-{MINUS}":
        raise InvalidAmount("negative")
    whole, point, fraction = plain.partition(".")
    if not _GROUPED.fullmatch(whole) or (point and not fraction.isdecimal()) or not plain.isascii():
        raise InvalidAmount("not_a_number")
    places = digits(currency)
    if len(fraction.rstrip("0")) > places:
        raise InvalidAmount("decimals")
    if len(whole) > 30:  # before int(): a ten-megabyte number is not worth converting
        raise InvalidAmount("too_large")
    minor = int(whole.replace(",", "") + fraction[:places].ljust(places, "0"))
    if minor > MAX_MINOR:
        raise InvalidAmount("too_large")
    return minor


def to_major(minor: int, currency: str) -> Decimal:
    """The exact amount in major units: 123456 CNY is Decimal('1234.56')."""
    return Decimal(minor).scaleb(-digits(currency))


def symbol(currency: str, *, locale: str | None = None) -> str:
    """The sign written before an amount: ¥, $, HK$."""
    return _SYMBOLS.get(currency) or str(get_currency_symbol(currency, locale=to_locale(locale or get_language() or "en")))


def format_amount(minor: int, currency: str, *, locale: str | None = None) -> str:
    """¥1,234,567.89, with U+2212 before the sign when negative."""
    number = f"{abs(to_major(minor, currency)):,.{digits(currency)}f}"
    return f"{MINUS if minor < 0 else ''}{symbol(currency, locale=locale)}{number}"


def format_short(minor: int, currency: str, *, locale: str | None = None) -> str:
    """For cards. Chinese: 31.25万元 from ten thousand on, 1.2亿元 from a hundred million. Elsewhere ¥312,500. Rounded half up."""
    major = abs(to_major(minor, currency))
    minus = MINUS if minor < 0 else ""
    if currency == "CNY" and (locale or get_language() or "").lower().startswith("zh") and major >= 10_000:
        unit, size = ("亿元", 10**8) if major >= 10**8 else ("万元", 10**4)
        return f"{minus}{_trimmed(major / size)}{unit}"
    if major == major.to_integral_value():
        return f"{minus}{symbol(currency, locale=locale)}{major:,.0f}"
    return format_amount(minor, currency, locale=locale)


def _trimmed(number: Decimal) -> str:
    rounded = number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".rstrip("0").rstrip(".")


_NUMERALS = "零壹贰叁肆伍陆柒捌玖"


def in_words_zh(minor: int) -> str:
    """The amount of renminbi in banker's numerals: 壹拾贰万叁仟肆佰伍拾陆元柒角捌分.

    Follows 《正确填写票据和结算凭证的基本规定》 (PBOC, 1997): 整 after yuan and after jiao, never after fen.
    """
    if abs(minor) >= 10**14:  # no unit above 亿 is written here
        raise ValueError("too large to write in words")
    yuan, cents = divmod(abs(minor), 100)
    jiao, fen = divmod(cents, 10)
    words = _whole_in_words(yuan) + "元" if yuan or not cents else ""
    if jiao:
        words += _NUMERALS[jiao] + "角"
    elif fen and yuan:
        words += "零"
    words += _NUMERALS[fen] + "分" if fen else "整"
    return ("负" if minor < 0 else "") + words


def _whole_in_words(number: int) -> str:
    if number == 0:
        return "零"
    words, gap = "", False
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        group, number = divmod(number, unit)
        if not group:
            gap = gap or bool(words)
            continue
        if words and (gap or group < 1000):
            words += "零"
        words += _group_in_words(group) + name
        gap = False
    return words


def _group_in_words(group: int) -> str:
    if group >= 10_000:  # above 万亿: read the group of 亿 by itself
        return _whole_in_words(group)
    words, gap = "", False
    for unit, name in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        figure, group = divmod(group, unit)
        if not figure:
            gap = gap or bool(words)
            continue
        words += ("零" if gap else "") + _NUMERALS[figure] + name
        gap = False
    return words
