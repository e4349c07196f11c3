"""Affairs that are over: when a loan or an application has ended, so has the borrower's affair, and with it every reason to keep a contact."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from loans.models import BorrowerFile
from privacy.models import Matter

ENDED_APPLICATIONS = ("declined", "withdrawn", "lapsed")
ENDED_LOANS = ("repaid", "cancelled")


def close_ended(*, now: datetime) -> int:
    """Close the affair of everything that has ended; the first moment stays. Returns how many were closed."""
    ended = Q(loan__isnull=True, application__state__in=ENDED_APPLICATIONS) | Q(loan__state__in=ENDED_LOANS)
    files = BorrowerFile.objects.filter(ended, matter__closed_at=None)
    return Matter.objects.filter(pk__in=files.values("matter"), closed_at=None).update(closed_at=now)
