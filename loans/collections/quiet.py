"""Whether a borrower is left in peace now: while help was asked for, or a promise still runs."""

from __future__ import annotations

from loans.collections import promise
from loans.hardship import request as hardship
from loans.models import Loan


def is_quiet(loan: Loan) -> bool:
    return hardship.is_cooling(loan) or promise.open_promise(loan) is not None
