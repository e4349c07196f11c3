"""What every rail can do: pay once per key, say what became of a key, confirm an account, report the bank's lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Outcome = Literal["paid", "refused", "delayed", "unknown"]


class RailTimeout(Exception):
    """The rail did not answer. Whether it acted is unknown: look the key up, never pay under another key."""

    code = "rail_timeout"


class RailConflict(Exception):
    """The rail knows this key with another request. A mistake of ours that a person must look at."""

    code = "rail_key_conflict"


@dataclass(frozen=True, kw_only=True)
class PayoutRequest:
    """One payment to make. `amount` in minor units of `currency`; the account number and holder never reach a log."""

    key: str
    account_number: str = field(repr=False)
    holder: str = field(repr=False)
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class ReturnRequest:
    """One incoming line to give back. Only the bank knows the account it came from."""

    key: str
    line_id: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the rail says about one key. `reference` is the bank's own, `reason` a code when refused."""

    outcome: Outcome
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountAnswer:
    """Whether the bank confirms that the holder holds the account."""

    confirmed: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One line of the bank's statement. `direction` is "in" or "out" as seen by the platform; `line_id` sorts in the bank's order."""

    line_id: str
    direction: Literal["in", "out"]
    amount: int
    currency: str
    reference: str = field(repr=False)  # a payer may write anything
    booked_on: date


class Rail(Protocol):
    """A bank connection. Every method may raise RailTimeout."""

    name: str

    def send(self, request: PayoutRequest, *, now: datetime) -> Answer:
        """Pays at most once per key, however often it is asked. Raises RailConflict for a known key with another request."""

    def give_back(self, request: ReturnRequest, *, now: datetime) -> Answer:
        """Returns an incoming line's money to where it came from, at most once per key. Raises RailConflict for a known key with another request."""

    def look_up(self, key: str, *, now: datetime) -> Answer | None:
        """What became of the key; None when the bank never saw it."""

    def verify_account(self, number: str, holder: str, *, now: datetime) -> AccountAnswer:
        """Whether `holder` holds the account with this number."""

    def lines_since(self, cursor: str) -> list[StatementLine]:
        """Lines after the line id `cursor` ("" for all), oldest first. May report a line again."""
