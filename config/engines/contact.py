"""JSON for `privacy.contact_policy`. Only unknown field names and wrong types are errors: whatever is absent or null is a reason to say no."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from config import recompute
from config.reading import InvalidInput, Record, listed, text, whole
from privacy.contact_policy import UNTOLD, Attempts, Request, decide
from privacy.rulebook import operator
from privacy.rulebook.reading import BrokenPack
from privacy.rulebook.rules import Rulebook

WORDS = ("role", "relationship", "purpose", "channel", "actor", "borrower_consent", "contact_state", "local_time")
DEFAULTS = {"channel": "voice", "actor": "servicing_agent"}  # what a row of a table means that does not say
SWITCHES = ("necessity_recorded", "borrower_unreachable", "minor", "holiday", "guarantee_signed")
COUNTERS = ("connected_day", "attempts_day", "attempts_7d", "conversations_episode", "conversations_lifetime", "messages_day", "messages_7d")
LABELS = ("id", "expect")  # how a table names its cases; not part of what is asked
YES = ("1", "true", "yes", "on", "y", "ok")


def run(data: dict[str, Any], *, table: bool = False) -> Any:
    """The verdict. `table`: what a row does not list is zero, off, empty or one of DEFAULTS, what it lists as null stays unknown, and the shipped packs
    count as signed off; a whole table gives a list."""
    if table and isinstance(data.get("cases"), list):
        return recompute.answers("contact", data["cases"], table=True)
    request = read(data, table=table)
    rules = rulebook(os.environ.get("CONTACT_RULES", ""), sandbox=table or os.environ.get("SANDBOX", os.environ.get("DEBUG", "1")).strip().lower() in YES)
    return decide(request, rules.packs, rules.floor).as_dict()


@cache
def rulebook(path: str, *, sandbox: bool) -> Rulebook:
    """The newest editions, as the operator's file (CONTACT_RULES) tightens them."""
    try:
        return operator.in_force(sandbox=sandbox, own=operator.from_file(path))
    except BrokenPack as error:
        raise InvalidInput("", str(error)) from None


def read(data: dict[str, Any], *, table: bool = False) -> Request:
    """The request as given; what is not given stays unknown."""
    record = Record({name: value for name, value in data.items() if name not in LABELS})
    found: dict[str, Any] = {name: record.take(name, _or_null(_word), DEFAULTS.get(name) if table else None) for name in WORDS}
    found |= {name: record.take(name, _or_null(_truth), False if table else None) for name in SWITCHES}
    found |= {name: _tuple(record.take(name, _or_null(listed(text)), [] if table else None)) for name in ("reveals", "flags")}
    found["jurisdictions"] = _tuple(record.take("jurisdictions", _or_null(listed(text)), None)) or ()
    found["dpd"] = record.take("dpd", _or_null(whole), None)
    found["attempts"] = _attempts(record, table=table)
    record.done()
    return Request(**found)


def _attempts(record: Record, *, table: bool) -> Attempts:
    said = record.take("attempts", _or_null(lambda value, name: Record(value, name)), Record({}, "attempts"))
    counters, listed_only = said or Record({}, "attempts"), table and said is not None
    found = {name: counters.take(name, _or_null(whole), 0 if listed_only else None) for name in COUNTERS}
    days = counters.take("days_since_conversation", _or_null(whole), None if listed_only else UNTOLD)
    counters.done()
    return Attempts(**found, days_since_conversation=days)


def _or_null(read_one: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, name: None if value is None else read_one(value, name)


def _word(value: Any, name: str) -> str | None:
    """No word is nothing said."""
    return text(value, name) or None


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(name, "must be true or false")
    return value


def _tuple(found: list[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(found)


def stored(reference: str) -> Any:
    """A kept decision again, byte for byte; {"erased": date} when its person was erased."""
    from django.utils import timezone  # needs Django, which recomputing a file does not

    from privacy import decisions

    try:
        return decisions.again(reference, now=timezone.now())
    except decisions.NoSuchDecision:
        raise recompute.UnableToRecompute(f"there is no contact decision {reference}") from None
