"""What closes the loan on a day: everything open, but of the interest only what has been earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from loans.replay.course import LIVE, Course, Row


@dataclass(frozen=True, slots=True)
class Quote:
    """Early settlement on one day. `saved` is interest that is not earned and therefore waived."""

    on: date
    principal: int
    interest: int
    fees: int
    penalties: int
    saved: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


def earned_open(row: Row, on: date) -> int:
    """Interest of one row earned by `on` and not yet paid; the running period counts by days, half a unit up."""
    return max(min(row.earned(on, half_up=True), row.owed.interest - row.waived.interest) - row.paid.interest, 0)


def quote(course: Course, on: date) -> Quote:
    """The settlement of a living loan on `on`."""
    rows = list(course.unpaid()) if course.state in LIVE else []
    interest = sum(earned_open(row, on) for row in rows)
    left = [row.open for row in rows]
    return Quote(
        on=on,
        principal=sum(split.principal for split in left),
        interest=interest,
        fees=sum(split.fees for split in left),
        penalties=sum(split.penalties for split in left),
        saved=sum(split.interest for split in left) - interest,
    )
