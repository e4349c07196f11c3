"""What goes into a replay: the contract, and everything that happened to the loan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from loans.waterfall import STANDARD_ORDER

RECOVERY_ORDER = "due:principal,interest,fee,penalty;advance:principal,interest,fee,penalty"


class UnableToReplay(Exception):
    """The events contradict each other or the contract. `.code` is stable, `.event` is the number of the event that cannot be."""

    def __init__(self, code: str, event: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.event = event


class Kind(StrEnum):
    """What can happen to a loan."""

    PAYMENT = "payment"  # money of the borrower; data: choice = next | last | shorten | lower
    SETTLEMENT = "settlement"  # closes the loan early; what is not earned is waived
    GOODWILL = "goodwill"  # paid by the platform in the borrower's favor
    RECOVERY = "recovery"  # money after a write-off
    VOID = "void"  # undoes an earlier event as if it had never been: a returned debit, a mistake
    CHARGEBACK = "chargeback"  # the payer's bank took a payment back: that much is owed again from this day
    FEE = "fee"
    WAIVER = "waiver"  # data: part = interest | fees | penalties
    PAUSE = "pause"  # data: until. No late charges and no days late in between
    RESCHEDULE = "reschedule"  # data: first_due_on, periods, annual_rate?, charges = spread | waive, reason
    WRITE_OFF = "write_off"
    RETURNED = "returned"  # what was overpaid went back to the borrower
    DISPUTE = "dispute"  # the borrower contests what is owed: nothing is collected, charged or counted until it is over
    DISPUTE_OVER = "dispute_over"
    NOTE = "note"  # moves nothing: a failed debit, a decision, a sale of the claim; data: what


UNDOABLE = set(Kind) - {Kind.VOID, Kind.CHARGEBACK, Kind.RETURNED, Kind.NOTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was agreed, in minor units and fractions of one."""

    principal: int
    annual_rate: Decimal
    penalty_rate: Decimal
    grace_days: int
    default_after_days: int
    method: str
    periods: int
    currency_digits: int
    disbursed_on: date
    order: str = STANDARD_ORDER
    recovery_order: str = RECOVERY_ORDER


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on a business day. Numbers count up in the order of entry."""

    number: int
    kind: Kind
    on: date
    amount: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    undoes: int | None = None


def standing(events: list[Event]) -> list[Event]:
    """The events that still hold, by day and then by entry. Raises UnableToReplay."""
    known = {event.number: event for event in events}
    undone: set[int] = set()
    charged_back: set[int] = set()
    for event in events:
        if event.undoes is None:
            if event.kind is Kind.VOID:
                raise UnableToReplay("nothing_to_undo", event.number)
            continue
        target = known.get(event.undoes)
        if target is None or target.number >= event.number or target.kind not in UNDOABLE:
            raise UnableToReplay("nothing_to_undo", event.number)
        if target.number in undone:
            raise UnableToReplay("already_undone", event.number)
        if event.kind is Kind.VOID and target.number in charged_back:
            raise UnableToReplay("charged_back", event.number)
        (undone if event.kind is Kind.VOID else charged_back).add(target.number)
    held = [event for event in events if event.number not in undone and event.kind is not Kind.VOID]
    return sorted(held, key=lambda event: (event.on, event.number))
