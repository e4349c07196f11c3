"""Small pieces of the look that need more than an include: icons, state tags, visibility signs, currency signs.

{% load look %}
{% icon "arrow" %}                                an icon from templates/components/sprite.html
{% tag loan.state loan.get_state_display %}       a state: icon and words, never colour alone
{% vis "pledger" "Pledgers see the amount" %}     who sees this, word-sized
{% html_lang %}                                   the page language as HTML wants it (zh-Hans, en)
{% select form.sort %}                            a choice drawn at once, for pages that are asked for often
{{ "CNY"|symbol }}                                ¥
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core import money

register = template.Library()

# state code → (tone, icon). Unlisted states are plain with a ring; the words always come from the caller or WORDS.
TONES: dict[str, tuple[str, str]] = {
    "draft": ("line", "pen"),
    "open": ("ok", "clock"),
    "listed": ("ok", "clock"),
    "funding": ("ok", "clock"),
    "filled": ("ok", "check"),
    "full": ("ok", "check"),
    "submitted": ("", "half"),
    "requested": ("", "half"),
    "pending": ("", "half"),
    "reserved": ("", "lock"),
    "in_review": ("", "half"),
    "review": ("", "half"),
    "claimed": ("", "eye"),
    "referred": ("warn", "eye"),
    "needs_information": ("warn", "warn"),
    "assessed": ("", "half"),
    "sent": ("", "half"),
    "running": ("", "half"),
    "approved": ("ok", "check"),
    "offered": ("here", "sign"),
    "accepted": ("ok", "sign"),
    "signed": ("ok", "sign"),
    "sealed": ("ok", "lock"),
    "disbursing": ("", "half"),
    "disbursed": ("ok", "check"),
    "active": ("ok", "check"),
    "current": ("ok", "check"),
    "on_time": ("ok", "check"),
    "confirmed": ("ok", "check"),
    "verified": ("ok", "check"),
    "given": ("ok", "check"),
    "paid": ("ok", "check"),
    "posted": ("ok", "check"),
    "settled": ("ok", "check"),
    "repaid": ("ok", "check"),
    "closed": ("line", "check"),
    "done": ("ok", "check"),
    "due": ("here", "clock"),
    "partial": ("warn", "half"),
    "late": ("warn", "clock"),
    "overdue": ("warn", "clock"),
    "in_arrears": ("warn", "clock"),
    "unknown": ("warn", "warn"),
    "failed": ("bad", "warn"),
    "dead": ("bad", "warn"),
    "refused": ("bad", "stop"),
    "declined": ("bad", "x"),
    "default": ("bad", "bank"),
    "defaulted": ("bad", "bank"),
    "in_recovery": ("bad", "bank"),
    "written_off": ("bad", "x"),
    "cancelled": ("line", "x"),
    "withdrawn": ("line", "x"),
    "voided": ("line", "x"),
    "released": ("line", "x"),
    "expired": ("line", "clock"),
    "lapsed": ("line", "clock"),
    "agreed": ("", "sign"),
    "funded": ("", "half"),
    "prepared": ("", "pen"),
    "proposed": ("", "half"),
    "invited": ("", "half"),
    "joined": ("", "check"),
    "bound": ("", "check"),
    "not_given": ("line", "x"),
    "changed": ("", "pen"),
    "restructured": ("", "pen"),
    "kept": ("ok", "check"),
    "broken": ("warn", "x"),
    "replaced": ("line", "pen"),
    "reminded": ("warn", "clock"),
    "talking": ("warn", "clock"),
    "last_notice": ("warn", "warn"),
    "in_default": ("bad", "bank"),
    "in_court": ("bad", "bank"),
    "sold": ("line", "x"),
    "voting": ("here", "half"),
    "in_force": ("ok", "check"),
    "outvoted": ("bad", "x"),
}
WORDS = {
    "draft": _("Draft"),
    "open": _("Open"),
    "submitted": _("Submitted"),
    "pending": _("Pending"),
    "in_review": _("In review"),
    "referred": _("Referred"),
    "approved": _("Approved"),
    "offered": _("Offered"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "active": _("Active"),
    "late": _("Late"),
    "paid": _("Paid"),
    "due": _("Due"),
    "settled": _("Settled"),
    "cancelled": _("Cancelled"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
    "verified": _("Verified"),
    "refused": _("Refused"),
    "unknown": _("Outcome unknown"),
    "filled": _("Filled"),
    "disbursed": _("Paid out"),
}
# pane → the class of each of the four bars; a filled bar is a pane that sees
PANES: dict[str, tuple[str, str, str, str]] = {
    "public": ("v1", "v2", "v3", "v0"),
    "pledger": ("v0", "v2", "v3", "v0"),
    "holder": ("v0", "v0", "v3", "v0"),
    "sealed": ("v0", "v0", "v0", "v4"),
}
VIS_WORDS = {
    "public": _("Everyone sees this"),
    "pledger": _("Pledgers and holders see this"),
    "holder": _("Only holders see this"),
    "sealed": _("Stays sealed"),
}
HTML_LANGUAGES = {"zh-hans": "zh-Hans", "en": "en"}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite. Decorative: the words stand beside it."""
    return format_html('<svg class="i{}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>', f" {extra}" if extra else "", name)


@register.simple_tag
def tag(state: Any, label: Any = "", tone: str | None = None, sign: str = "") -> SafeString:
    """A state as icon and words. `tone` and `sign` (an icon name) override what the state code implies."""
    code = str(state or "").lower()
    usual_tone, usual_sign = TONES.get(code, ("line", "ring"))
    words = label or WORDS.get(code) or code.replace("_", " ")
    return format_html('<span class="tag {}">{}{}</span>', usual_tone if tone is None else tone, icon(sign or usual_sign), words)


@register.simple_tag
def vis(pane: str, words: Any = "") -> SafeString:
    """The lens, word-sized: which of public, pledger, holder, sealed sees the field beside it."""
    first, second, third, fourth = PANES[pane]
    bars = format_html(
        '<svg viewBox="0 0 22 18" aria-hidden="true" focusable="false"><rect class="{}" x="0.5" y="0.5" width="21" height="3.4"/>'
        '<rect class="{}" x="2.5" y="5.1" width="19" height="3.4"/><rect class="{}" x="4.5" y="9.7" width="17" height="3.4"/>'
        '<rect class="{}" x="6.5" y="14.3" width="15" height="3.2"/></svg>',
        first,
        second,
        third,
        fourth,
    )
    return format_html('<span class="vis">{}<span>{}</span></span>', bars, words or VIS_WORDS[pane])


@register.simple_tag
def swatch(fill: str) -> SafeString:
    """The key of a chart series: a class (b1, b2, b3, ba) or a texture (hatch, dots, grid)."""
    paint = format_html('fill="url(#{})"' if fill in ("hatch", "dots", "grid") else 'class="{}"', fill)
    return format_html('<svg class="sw" aria-hidden="true" focusable="false"><rect width="14" height="14" {}/></svg>', paint)


@register.simple_tag
def select(field: Any) -> SafeString:
    """A choice field without help or errors as one element. Its widget would draw every option by two templates of its own."""
    chosen = str(field.value() or "")
    options = ((value, SafeString(" selected") if str(value) == chosen else "", label) for value, label in field.field.choices)
    return format_html(
        '<select name="{}" id="{}">{}</select>', field.html_name, field.auto_id, format_html_join("", '<option value="{}"{}>{}</option>', options)
    )


@register.simple_tag
def html_lang() -> str:
    """The active language as a value for the lang attribute."""
    code = get_language() or "en"
    return HTML_LANGUAGES.get(code, code)


@register.filter
def symbol(currency: str) -> str:
    """The sign of a currency: ¥ for CNY in both languages."""
    return money.symbol(currency)


@register.filter
def error_count(form: Any) -> int:
    """How many messages a form or formset carries, for the heading of the error summary."""
    if hasattr(form, "total_error_count"):
        return int(form.total_error_count())
    return sum(len(errors) for errors in getattr(form, "errors", {}).values())


@register.filter
def page_numbers(paginator: Any, number: int) -> list[int | None]:
    """The page numbers to show around `number`; None stands for left-out pages."""
    return [page if isinstance(page, int) else None for page in paginator.get_elided_page_range(number, on_each_side=1, on_ends=1)]
