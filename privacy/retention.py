"""How long each sort of record is kept, from when, and what happens then."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

YEAR = 365


class UnknownRule(Exception):
    """A retention code that is not on the list."""

    code = "unknown_retention_rule"


@dataclass(frozen=True)
class Rule:
    """Keep for `days` after `anchor`; None: as long as the anchor has not come. Afterwards `then`: erase | anonymize | roll_up."""

    code: str
    label: str | Promise
    anchor: str
    days: int | None
    then: str = "erase"


_ALL = (
    Rule("account", _("5 years after the account is closed"), "account_closed", 5 * YEAR),
    Rule("security", _("As long as the account is open"), "account_closed", 0),
    Rule("support", _("2 years after the last message"), "last_message", 2 * YEAR),
    Rule("draft", _("6 months after the last change, if never submitted"), "last_change", 183),
    Rule("application", _("6 months after the application is declined or withdrawn"), "application_closed", 183, "anonymize"),
    Rule("loan_file", _("5 years after the loan closes"), "loan_closed", 5 * YEAR, "anonymize"),
    Rule("ledger", _("5 years after the last movement"), "loan_closed", 5 * YEAR, "anonymize"),
    Rule("reply", _("30 days"), "written", 30),
    Rule("notification", _("1 year"), "written", YEAR),
    Rule("consent", _("As long as we process, and 3 years more"), "processing_ended", 3 * YEAR),
    Rule("access_log", _("3 years"), "written", 3 * YEAR, "roll_up"),
    Rule("invitation", _("7 days, if unused"), "written", 7),
    Rule("contact", _("Until the contact stops, or 30 days after the loan closes"), "loan_closed", 30),
)
RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}


def get(code: str) -> Rule:
    """The rule of that code. Raises UnknownRule."""
    if code not in RULES:
        raise UnknownRule(code)
    return RULES[code]


def due_at(code: str, *, anchor: datetime) -> datetime | None:
    """When data under this rule has to go, given the moment of its anchor; None when it never does by itself."""
    days = get(code).days
    return None if days is None else anchor + timedelta(days=days)
