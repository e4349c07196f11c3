"""Lateness of one loan, and the door to the end of the day."""

from __future__ import annotations

from datetime import date

from django.db.models import Min

from loans.day import close_day, run_day
from loans.models import Loan

__all__ = ["close_day", "oldest_due", "run_day"]


def oldest_due(loan: Loan) -> date | None:
    """The oldest unpaid due date, or None."""
    value: date | None = loan.installments.filter(paid_on=None).aggregate(oldest=Min("due_on"))["oldest"]
    return value
