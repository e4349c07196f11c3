"""The catalogue of everything we say: kinds of message, and one fixed template for each. Apps above add theirs (their notices.py).

A template is fixed text with places for facts; facts are codes, amounts, dates and references, never words a person wrote. The mail beside a message
carries none of them: its subject and sentence say only that there is something to read, so that a lock screen tells nobody about money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext
from django_stubs_ext import StrOrPromise

from core.money import format_amount

Context = Mapping[str, Any]
LOOK = _("Look at it")
_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a message is about, as people choose their mails: `mailed` unless they say otherwise; `fixed` ones cannot be switched off."""

    label: StrOrPromise
    help: StrOrPromise
    subject: StrOrPromise
    mail: StrOrPromise
    mailed: bool = True
    fixed: bool = False


_SUBJECT = _("You have a new message at Xinqiao")
KINDS: dict[str, Kind] = {
    "security": Kind(
        label=_("Safety of your account"),
        help=_("New bank accounts, sign-in and passwords. These always come by e-mail."),
        subject=_("A change to your Xinqiao account"),
        mail=_("Something about the safety of your account has changed. If it was not you, sign in and tell us at once."),
        fixed=True,
    ),
    "account": Kind(
        label=_("Your account"),
        help=_("Identity checks and who acts for whom."),
        subject=_SUBJECT,
        mail=_("There is news about your account."),
    ),
    "wallet": Kind(label=_("Wallet"), help=_("Money paid in and taken out."), subject=_SUBJECT, mail=_("There is news about your wallet.")),
    "application": Kind(
        label=_("What you apply for"),
        help=_("Where your applications and offers stand, and what we still need from you."),
        subject=_SUBJECT,
        mail=_("There is news about something you asked us for."),
    ),
    "loan": Kind(
        label=_("Your own loans"),
        help=_("Payout, receipts, and when a payment has not arrived."),
        subject=_SUBJECT,
        mail=_("There is a message for you about something you agreed with us."),
    ),
    "pledge": Kind(
        label=_("Your pledges"),
        help=_("Listings you pledged to: filled, not filled, withdrawn."),
        subject=_SUBJECT,
        mail=_("There is news about a pledge of yours."),
    ),
    "search": Kind(
        label=_("Loans you look for"),
        help=_("New listings that fit a search you saved: one message for each."),
        subject=_SUBJECT,
        mail=_("There is something new that you look for."),
    ),
    "holding": Kind(
        label=_("Loans you fund"),
        help=_("Paid out, late, back on schedule, repaid."),
        subject=_SUBJECT,
        mail=_("There is news about your portfolio."),
    ),
    "receipt": Kind(
        label=_("Money from loans you fund"),
        help=_("One line a day in your messages. By e-mail only if you want it."),
        subject=_SUBJECT,
        mail=_("Money has come into your wallet."),
        mailed=False,
    ),
}


class UnknownTemplate(Exception):
    """Nobody registered a template of that name: nothing is said that is not written down here."""

    code = "unknown_template"


class MissingFact(Exception):
    """The template has a place for a fact that was not given."""

    code = "missing_fact"


@dataclass(frozen=True, kw_only=True)
class Template:
    """One fixed text. `words` turn codes among the facts into words; `mail` stands in for the kind's sentence; `urgent` knows no quiet hours.

    `live` gives, for messages of this template with the facts kept in them, more that are read from the books each time: {message pk: facts}.
    """

    code: str
    kind: str
    title: StrOrPromise
    text: StrOrPromise
    action: StrOrPromise = LOOK
    mail: StrOrPromise = ""
    urgent: bool = False
    words: Mapping[str, Callable[[str, Context], StrOrPromise]] = field(default_factory=dict)
    live: Callable[[Sequence[tuple[Any, Context]]], Mapping[int, Context]] | None = None

    @property
    def places(self) -> set[str]:
        return set(_PLACE.findall(f"{self.title} {self.text}"))


@dataclass(frozen=True)
class Wording:
    """A message as its reader sees it, in their language."""

    title: str
    text: str
    action: str


GONE = Template(code="gone", kind="account", title=_("An earlier message"), text=_("This message can no longer be shown."))
_templates: dict[str, Template] = {}


def register(*templates: Template) -> None:
    """Called from an app's notices.py when it is ready."""
    for template in templates:
        if template.kind not in KINDS:
            raise UnknownTemplate(template.code)
        _templates[template.code] = template


def registered() -> list[Template]:
    return list(_templates.values())


def get(code: str) -> Template:
    """Raises UnknownTemplate."""
    if code not in _templates:
        raise UnknownTemplate(code)
    return _templates[code]


def require_facts(template: Template, context: Context) -> None:
    """Raises MissingFact."""
    if not template.live and (missing := template.places - set(context)):
        raise MissingFact(f"{template.code}: {', '.join(sorted(missing))}")


def live_facts(messages: Sequence[tuple[Any, Context]]) -> dict[int, Context]:
    """What is read from the books for those messages whose template says so, by message; one call for each such template."""
    found: dict[int, Context] = {}
    for code in {message.template for message, _kept in messages} & set(_templates):
        if live := _templates[code].live:
            found |= live([(message, kept) for message, kept in messages if message.template == code])
    return found


def wording(code: str, context: Context | None) -> Wording:
    """The message in the active language and time zone; what was sealed and is gone, or is no longer in the catalogue, says so."""
    template = _templates.get(code, GONE)
    if context is None or template.places - set(context):
        template, context = GONE, {}
    facts = {name: _shown(template, name, context) for name in template.places}
    return Wording(title=str(template.title) % facts, text=str(template.text) % facts, action=str(template.action))


def in_language(language: str, code: str, context: Context | None) -> Wording:
    """The message as it reads in that language, whoever asks."""
    with override(language):
        return wording(code, context)


def _shown(template: Template, name: str, context: Context) -> str:
    """A fact in words: codes by the template, amounts, days and moments by their names, everything else as it is."""
    value = context[name]
    if name in template.words:
        codes = value if isinstance(value, list) else [value]
        return pgettext("list separator", ", ").join(str(template.words[name](code, context)) for code in codes)
    if name == "amount" or name.endswith("_amount"):
        return format_amount(value, context["currency"])
    if name.endswith("_on"):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if name.endswith("_at"):
        return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")
    return str(value)
