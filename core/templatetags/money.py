"""Amounts and rates in templates, in the reader's language."""

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.conf import settings

from core.money import MINUS, format_amount, format_short

register = template.Library()


@register.filter
def money(minor: int | str | None, currency: str = "") -> str:
    """`{{ loan.amount|money:loan.currency }}` → ¥1,234.50; nothing for a missing amount."""
    return "" if minor in (None, "") else format_amount(int(minor), currency or settings.DEFAULT_CURRENCY)


@register.filter
def taken(minor: int, currency: str) -> str:
    """An amount that comes off another, with its minus sign; nothing taken has none, and what was given back stands as it is."""
    return format_amount(-minor, currency)


@register.filter
def money_short(minor: int | str | None, currency: str = "") -> str:
    """For cards: 31.25万元 in Chinese, ¥312,500 elsewhere."""
    return "" if minor in (None, "") else format_short(int(minor), currency or settings.DEFAULT_CURRENCY)


@register.filter
def percent(rate: Decimal | float | str | None, places: int = 2) -> str:
    """A fraction as a percentage: Decimal('0.096') → 9.60%."""
    if rate is None or rate == "":
        return ""
    hundredths = (Decimal(str(rate)) * 100).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{MINUS if hundredths < 0 else ''}{abs(hundredths):,f}%"


@register.filter
def minus(number: object) -> str:
    """Writes a leading hyphen as a true minus sign (U+2212)."""
    text = str(number)
    return MINUS + text[1:] if text.startswith("-") else text
