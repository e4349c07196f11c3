"""Where a loan stands: its rows, what is paid and waived of them, days late, state. Mutable while it is replayed, read-only after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from loans.replay.events import Contract
from loans.waterfall import Split

PARTS = ("principal", "interest", "fees", "penalties")
LIVE = ("active", "late", "defaulted")
DAY = timedelta(days=1)
OPEN_END = date(9999, 1, 1)  # of a pause nobody has ended yet
NOTHING = Split()


@dataclass(slots=True)
class Row:
    """One installment. `owed`, `paid` and `waived` are by part; what is open is owed − paid − waived."""

    number: int
    starts_on: date
    due_on: date
    owed: Split
    paid: Split = NOTHING
    waived: Split = NOTHING
    carried: int = 0  # interest of this row that was earned before its period began
    brought: int = 0  # of that, what a new schedule put into it on top of its own
    spread: Split = NOTHING  # open charges a new schedule put here: due with the row; others are due since they were made
    early: int = 0  # principal that stands here as owed and paid because it was repaid early, not as part of the installment
    began_on: date | None = None  # where the period began, when `starts_on` was moved by an early repayment
    paid_on: date | None = None
    moved_on: date | None = None  # what was open here went into a new schedule that day

    @property
    def open(self) -> Split:
        return minus(minus(self.owed, self.paid), self.waived)

    @property
    def overdue_base(self) -> int:
        """What late charges are counted on: principal and interest."""
        owed, paid, waived = self.owed, self.paid, self.waived  # asked for every row every night, so without a Split between
        return owed.principal - paid.principal - waived.principal + owed.interest - paid.interest - waived.interest

    def earned(self, on: date, *, half_up: bool = False) -> int:
        """Interest of this row that has accrued by the morning of `on`: by days, rounded down or half up, all of it when due."""
        whole = (self.due_on - self.starts_on).days
        if on >= self.due_on or whole <= 0:
            return self.owed.interest
        fresh, days = self.owed.interest - self.carried, max((on - self.starts_on).days, 0)
        return self.carried + ((2 * fresh * days + whole) // (2 * whole) if half_up else fresh * days // whole)


def plus(one: Split, other: Split) -> Split:
    return Split(one.principal + other.principal, one.interest + other.interest, one.fees + other.fees, one.penalties + other.penalties)


def lesser(one: Split, other: Split) -> Split:
    """Part by part, the smaller of the two."""
    return Split(*(min(getattr(one, part), getattr(other, part)) for part in PARTS)) if one.total else one


def minus(one: Split, other: Split) -> Split:
    return Split(one.principal - other.principal, one.interest - other.interest, one.fees - other.fees, one.penalties - other.penalties)


@dataclass(slots=True)
class Course:
    """The loan after its events. `paid_by` tells, for each event that paid, (row number, split) in the order paid."""

    contract: Contract
    rows: list[Row]
    closed_to: date
    rate: Decimal  # the contract's, or what a new schedule lowered it to
    state: str = "active"
    days_late: int = 0
    overpaid: int = 0
    closed_on: date | None = None
    pauses: list[tuple[date, date]] = field(default_factory=list)
    granted_until: date | None = None  # the last day of any pause that was granted, disputes apart
    disputed_on: date | None = None
    paid_by: dict[int, list[tuple[int, Split]]] = field(default_factory=dict)
    charged_back: dict[int, Split] = field(default_factory=dict)  # by payment, as negative amounts

    @property
    def outstanding(self) -> int:
        """Principal not yet repaid."""
        return sum(row.owed.principal - row.paid.principal for row in self.rows)

    @property
    def received(self) -> Split:
        """What all events together brought the holders, by part; a chargeback counts against it."""
        total = NOTHING
        for pieces in self.paid_by.values():
            for _number, split in pieces:
                total = plus(total, split)
        return total

    @property
    def accrued(self) -> int:
        """Interest earned by the morning after the last closed day, paid or not."""
        if self.state == "repaid":
            return sum(row.owed.interest - row.waived.interest for row in self.rows)
        return sum(min(row.earned(self.closed_to + DAY), row.owed.interest - row.waived.interest) for row in self.rows)

    def unpaid(self) -> Iterator[Row]:
        return (row for row in self.rows if row.paid_on is None)

    @property
    def oldest_unpaid_on(self) -> date | None:
        for row in self.rows:  # asked every night of a replay
            if row.paid_on is None:
                return row.due_on
        return None

    def running(self, on: date) -> Row | None:
        """The row whose period `on` lies in: the first one due after it."""
        return next((row for row in self.rows if row.due_on > on), None)

    def home(self, on: date) -> Row:
        """The row a charge of that day belongs to: the first due on or after it, else the last."""
        return next((row for row in self.rows if row.due_on >= on), self.rows[-1])

    def settle_row(self, row: Row, on: date) -> None:
        """Keeps `paid_on` and the charges that wait for the row in step with what is open."""
        row.spread = lesser(row.spread, row.open)
        if row.open.total == 0:
            row.paid_on = row.paid_on or on
        else:
            row.paid_on = None

    def paused(self, first: date, last: date) -> int:
        """How many of the days from `first` to `last`, both included, lie in a pause. Pauses do not overlap."""
        return sum(max((min(end, last) - max(start, first)).days + 1, 0) for start, end in self.pauses)

    def late_on(self, morning: date) -> int:
        """Closed days since the oldest unpaid due date, that date's own night included; paused ones do not count."""
        oldest = self.oldest_unpaid_on
        if oldest is None or oldest >= morning:
            return 0
        return (morning - oldest).days - self.paused(oldest, morning - DAY)
