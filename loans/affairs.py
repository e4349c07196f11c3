"""Affairs that are over: when a loan or an application has ended, so has the borrower's affair, and with it every reason to keep a contact."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from loans.models import BorrowerFile, SecondLook
from privacy.models import Matter

ENDED_APPLICATIONS = ("withdrawn", "lapsed")
DECLINED_DAYS = 31  # a no can be looked at again, or an answer set right, for thirty days
ENDED_LOANS = ("repaid", "cancelled")


def close_ended(*, now: datetime) -> int:
    """Close the affair of everything that has ended; the first moment stays. Returns how many were closed."""
    looked_at = SecondLook.objects.exclude(state__in=["upheld", "overturned"])
    declined = Q(application__state="declined", application__decided_at__lt=now - timedelta(days=DECLINED_DAYS)) & ~Q(application__looks__in=looked_at)
    ended = Q(loan__isnull=True, application__state__in=ENDED_APPLICATIONS) | Q(loan__isnull=True) & declined | Q(loan__state__in=ENDED_LOANS)
    files = BorrowerFile.objects.filter(ended, matter__closed_at=None)
    return Matter.objects.filter(pk__in=files.values("matter"), closed_at=None).update(closed_at=now)
