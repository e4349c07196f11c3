"""What is owed when: repayment schedules as a pure engine (conventions: docs/formulas.md).

`build(terms)` turns `Terms` into a `Schedule` of whole minor units. No clock, no database, no float:
every fraction of a year is an integer pair, so a row rounds the same way on every machine.
"""

from loans.schedule.build import build
from loans.schedule.terms import CustomRow, Installment, Rounding, Schedule, Terms, Totals, UnableToSchedule

__all__ = ["CustomRow", "Installment", "Rounding", "Schedule", "Terms", "Totals", "UnableToSchedule", "build"]
