"""The text table of contact cases as inputs of `recompute contact --table`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("contact_cases.txt")
PLAIN = {
    "no_necessity": ("necessity_recorded", False),
    "reachable": ("borrower_unreachable", False),
    "minor": ("minor", True),
    "holiday": ("holiday", True),
    "signed": ("guarantee_signed", True),
    "unsigned": ("guarantee_signed", False),
}
NAMED = {"consent": "borrower_consent", "state": "contact_state", "channel": "channel", "actor": "actor"}
LISTS = {"flag": "flags", "reveals": "reveals"}


@dataclass(frozen=True)
class Row:
    what: str
    asked: dict[str, Any]
    reason: str
    basis: str

    @property
    def decision(self) -> str:
        return "allow" if self.reason.startswith("A_") else "deny"


def rows() -> Iterator[Row]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield _row([cell.strip() for cell in line.split("|")])


def _row(cells: list[str]) -> Row:
    what, where, role, purpose, clock, dpd, given, answer = cells
    asked: dict[str, Any] = {
        "jurisdictions": where.split("+") if where else [],
        "role": role,
        "relationship": "self" if role == "borrower" else "friend",
        "purpose": purpose,
        "channel": "voice",
        "actor": "servicing_agent",
        "borrower_consent": "given",
        "contact_state": "opted_in" if role == "contact" else "n/a",
        "local_time": None if clock == "-" else clock,
        "dpd": int(dpd),
        "necessity_recorded": True,
        "borrower_unreachable": True,
        "attempts": {},
    }
    for word in given.split():
        _give(asked, *word.partition("=")[::2])
    reason, _, basis = answer.partition(" ")
    return Row(what, asked, reason, basis)


def _give(asked: dict[str, Any], name: str, value: str) -> None:
    if name in PLAIN:
        field, asked_value = PLAIN[name]
        asked[field] = asked_value
    elif name in NAMED:
        asked[NAMED[name]] = value
    elif name in LISTS:
        asked[LISTS[name]] = value.split(",")
    else:
        asked["attempts"][name] = None if value == "null" else int(value)
