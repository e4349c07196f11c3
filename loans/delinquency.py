"""The end-of-day run: ageing, late penalties and default, set-based over the whole book. One run a business day, restartable, the same twice."""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import F, Min, Q

from core import business_day
from loans import loan as loans
from loans import product
from loans.models import DayRun, Loan

log = logging.getLogger(__name__)

AGE = """
UPDATE loans_loan l SET days_late = aged.days
  FROM (SELECT l2.id, greatest(coalesce(%(on)s - min(i.due_on), 0), 0) AS days
          FROM loans_loan l2 LEFT JOIN loans_installment i ON i.loan_id = l2.id AND i.paid_on IS NULL AND i.due_on < %(on)s
         WHERE l2.state IN ('active', 'late', 'defaulted') GROUP BY l2.id) aged
 WHERE aged.id = l.id AND aged.days <> l.days_late
"""

# One charge for each overdue installment and day: overdue amount × penalty rate ÷ 365, rounded down in the borrower's favor.
# Nothing is charged in the grace days; after them the charge is for that day alone.
CHARGE = """
INSERT INTO loans_charge (installment_id, kind, amount, paid, charged_on)
SELECT i.id, 'penalties', daily.amount, 0, %(on)s
  FROM loans_installment i JOIN loans_loan l ON l.id = i.loan_id
 CROSS JOIN LATERAL (
       SELECT floor((i.principal - i.paid_principal + i.interest - i.paid_interest - i.waived_interest) * l.penalty_rate / 365)::bigint AS amount) daily
 WHERE l.state IN ('active', 'late') AND i.paid_on IS NULL AND i.due_on + l.grace_days < %(on)s AND daily.amount > 0
ON CONFLICT (installment_id, kind, charged_on) DO NOTHING
"""


def run_day(*, as_of: date, now: datetime) -> DayRun:
    """Run the stages not yet done for `as_of`. Two runs at once: the second waits, then finds nothing to do."""
    run, _created = DayRun.objects.get_or_create(on=as_of, defaults={"started_at": now})
    _stage(run, "aged_at", lambda: age(as_of=as_of), now=now)
    _stage(run, "charged_at", lambda: charge(as_of=as_of), now=now)
    _stage(run, "finished_at", lambda: change_states(as_of=as_of, now=now), now=now)
    run.refresh_from_db()
    return run


def _stage(run: DayRun, stamp: str, work: object, *, now: datetime) -> None:
    """One stage, its figure and its stamp commit together; a killed run starts again at the first stage without a stamp."""
    with transaction.atomic():
        locked = DayRun.objects.select_for_update().get(pk=run.pk)
        if getattr(locked, stamp) is not None:
            return
        locked.figures[stamp.removesuffix("_at")] = work()  # type: ignore[operator]
        setattr(locked, stamp, now)
        locked.save(update_fields=[stamp, "figures"])


def age(*, as_of: date) -> int:
    """Days since the oldest unpaid due date, for every living loan. Returns how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(AGE, {"on": as_of})
        return int(cursor.rowcount)


def charge(*, as_of: date) -> int:
    """Late penalties of the day. Returns how many were made."""
    with connection.cursor() as cursor:
        cursor.execute(CHARGE, {"on": as_of})
        return int(cursor.rowcount)


def change_states(*, as_of: date, now: datetime) -> int:
    """Late past the grace days, default past the product's limit. Only loans that change are touched, each in its own savepoint."""
    late = Q(state="active", days_late__gt=F("grace_days"))
    default = Q(state="late", days_late__gt=product.STANDARD.default_after_days)
    changed = 0
    for loan in Loan.objects.filter(late | default).select_related("file").order_by("pk"):
        try:
            with transaction.atomic():
                loans.change(loan, "late" if loan.state == "active" else "defaulted", now=now, why="days_late")
            changed += 1
        except Exception:  # one loan's trouble must not stop the book
            log.exception("end of day: loan %s was left for a person", loan.reference)
    return changed


def close_day(*, to: date, now: datetime) -> None:
    """Advance the business day to `to`, running each day between. Skipped days are run, none twice."""
    day = business_day.current()
    while day < to:
        day = date.fromordinal(day.toordinal() + 1)
        business_day.advance(to=day, now=now)
        run_day(as_of=day, now=now)


def oldest_due(loan: Loan) -> date | None:
    """The oldest unpaid due date, or None."""
    value: date | None = loan.installments.filter(paid_on=None).aggregate(oldest=Min("due_on"))["oldest"]
    return value
