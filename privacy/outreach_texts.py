"""The fixed texts of outreach: read strictly, once. One that would tell a contact of a debt stops the program from starting."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from privacy.rulebook.rules import CHANNELS, PURPOSES, ROLES, THIRD_PARTIES

FILE = Path(__file__).with_suffix(".toml")
LOCALES = ("zh-hans", "en")
PLACES = {"operator", "name", "link", "code", "reference"}
FACTS = {"amount", "due_on", "promised_amount", "promised_on"}  # only in texts of apps above, to somebody bound by a loan
# Words that would let a third party understand that money is owed. Searched for inside words and across languages.
DEBT_WORDS = re.compile(
    r"debt|loan|lend|borrow|owe|arrear|overdue|late|due\b|pay|money|credit|collect|default|guarant|amount|installment|interest|fee\b|legal|court|lawyer|urgent"
    r"|债|贷|借|欠|款|逾期|还钱|催|付|钱|信用|担保|金额|利息|到期|拖欠|违约|法院|律师|起诉|紧急|失信|黑名单",
    re.IGNORECASE,
)


class TemplateRevealsDebt(Exception):
    """A text towards a contact has a word from which a debt could be guessed."""

    code = "template_reveals_debt"


class BrokenTemplate(Exception):
    """A text is incomplete, or allows what the rulebook does not know."""

    code = "broken_template"


class UnknownTemplate(KeyError):
    """Nothing is said that is not written down here."""

    code = "unknown_template"


@dataclass(frozen=True)
class Template:
    code: str
    version: int
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    reveals: tuple[str, ...]
    texts: Mapping[str, str]

    def render(self, locale: str, params: Mapping[str, str]) -> str:
        return self.texts[locale if locale in self.texts else LOCALES[0]].format_map(dict(params))

    def fits(self, *, role: str, purpose: str, channel: str) -> bool:
        return role in self.roles and purpose in self.purposes and channel in self.channels


_added: dict[str, Callable[[], Template]] = {}


def add(code: str, make: Callable[[], Template]) -> None:
    """A fixed text of an app above, in the words in which that app says it; made when texts are first asked for."""
    _added[code] = make
    templates.cache_clear()


@cache
def templates() -> dict[str, Template]:
    """All of them, by code. Raises BrokenTemplate, TemplateRevealsDebt."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = {code: read(code, body) for code, body in raw.items()}
    for code, make in _added.items():
        found[code] = make()
        _require_known(found[code], places=PLACES | FACTS)
        _require_discreet(found[code])
    return found


def get(code: str) -> Template:
    """Raises UnknownTemplate."""
    if code not in templates():
        raise UnknownTemplate(code)
    return templates()[code]


def read(code: str, body: Mapping[str, Any]) -> Template:
    """One text from the file. Raises BrokenTemplate, TemplateRevealsDebt."""
    wanted = {"version": int, "roles": list, "purposes": list, "channels": list, "reveals": list, **dict.fromkeys(LOCALES, str)}
    if body.keys() != wanted.keys() or any(not isinstance(body[name], kind) for name, kind in wanted.items()):
        raise BrokenTemplate(f"{code}: must say {', '.join(wanted)}")
    found = Template(
        code=code,
        version=body["version"],
        texts={locale: body[locale] for locale in LOCALES},
        **{name: tuple(body[name]) for name in ("roles", "purposes", "channels", "reveals")},
    )
    _require_known(found)
    _require_discreet(found)
    return found


def _require_known(template: Template, *, places: Set[str] = PLACES) -> None:
    known = ((template.roles, ROLES), (template.purposes, PURPOSES), (template.channels, CHANNELS), (template.reveals, ("debt",)))
    unknown = [word for words, allowed in known for word in words if word not in allowed]
    strange = {place for text in template.texts.values() for place in re.findall(r"\{(\w*)\}", text)} - places
    if unknown or strange or not all(template.texts.values()) or not (template.roles and template.purposes and template.channels):
        raise BrokenTemplate(f"{template.code}: empty, or unknown {unknown or strange}")


def _require_discreet(template: Template) -> None:
    if not set(template.roles) & set(THIRD_PARTIES):
        return
    for text in template.texts.values():
        found = DEBT_WORDS.search(re.sub(r"\{\w+\}", "", text))
        if found or template.reveals:
            raise TemplateRevealsDebt(f"{template.code}: {found[0] if found else 'reveals'}")
