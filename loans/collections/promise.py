"""The diary of promises: so much by that day. While one is open nobody reminds; when the day is closed it was kept, or it was not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from core.outbox import JobContext, handles
from loans import product, repayment, standing
from loans.collections.case import UnableToCollect
from loans.models import DayRun, Loan, Promise

# What came for a loan after the promise and by its day; what was undone never came, and what was charged back counts against it.
JUDGE = """
UPDATE loans_promise p
   SET state = CASE WHEN paid.amount >= p.amount THEN 'kept' ELSE 'broken' END, judged_on = %(on)s
  FROM (SELECT q.id, coalesce(sum(r.amount), 0) AS amount
          FROM loans_promise q LEFT JOIN loans_loanevent e ON e.loan_id = q.loan_id AND e.number > q.after_event AND e."on" <= q.due_on
               AND NOT EXISTS (SELECT FROM loans_loanevent v WHERE v.loan_id = e.loan_id AND v.kind = 'void' AND v.undoes = e.number)
               AND e.data->>'source' IS DISTINCT FROM 'buyer'
          LEFT JOIN loans_repayment r ON r.event_id = e.id AND r.kind IN ('payment', 'settlement', 'recovery', 'chargeback')
         WHERE q.state = 'open' GROUP BY q.id) AS paid
 WHERE p.id = paid.id AND (paid.amount >= p.amount OR p.due_on <= %(on)s)
RETURNING p.id, p.state
"""


def open_promise(loan: Loan) -> Promise | None:
    return loan.promises.filter(state="open").first()


@transaction.atomic
def make(loan: Loan, *, amount: int, due_on: date, by: User, as_of: date, now: datetime) -> Promise:
    """What the borrower promises, noted by themselves or by staff after a talk. A new one replaces one that is still open. Raises UnableToCollect."""
    held, _standing = standing.lock(loan)
    _check(held, amount=amount, due_on=due_on, as_of=as_of)
    last = loan.events.aggregate(last=Max("number"))["last"] or 0
    for earlier in loan.promises.filter(state="open"):
        states.move(earlier, "replaced", now=now, by=by.pk, why="another", judged_on=as_of)
    made = Promise.objects.create(loan=loan, amount=amount, due_on=due_on, made_on=as_of, after_event=last, noted_by=by, created_at=now)
    audit.record(actor=by, action="promise.make", target=made.reference, now=now)
    return made


def _check(loan: Loan, *, amount: int, due_on: date, as_of: date) -> None:
    if loan.state not in repayment.REPAYABLE:
        raise UnableToCollect("not_living", _("This loan has nothing to repay."))
    owed = repayment.owed(loan, as_of=due_on)
    if amount <= 0:
        raise UnableToCollect("not_positive", _("The amount must be more than zero."))
    if amount > owed.all:
        raise UnableToCollect("more_than_owed", _("That is more than is owed."))
    longest = product.STANDARD.promise_days_max
    if not as_of <= due_on <= as_of + timedelta(days=longest):
        raise UnableToCollect("due_on", _("Choose a day within the next %(days)s days.") % {"days": longest})
    if repayment.owed(loan, as_of=as_of).due == 0:
        raise UnableToCollect("nothing_due", _("Nothing is due now, so there is nothing to promise."))


@handles("loans.day.finished")
def on_day(*, job: JobContext) -> None:
    judge(on=DayRun.objects.values_list("on", flat=True).get(pk=job.payload["run"]), now=job.now)


@transaction.atomic
def judge(*, on: date, now: datetime) -> dict[str, int]:
    """Promises kept so far, and those whose day was closed without the money. Returns how many of each."""
    with states.because(why="day_closed", now=now), connection.cursor() as cursor:
        cursor.execute(JUDGE, {"on": on})
        judged: list[tuple[int, str]] = cursor.fetchall()
    facts: list[tuple[str, dict[str, Any], None]] = [(f"promise:{pk}:{state}", {"promise": pk, "state": state}, None) for pk, state in judged]
    outbox.enqueue_many("promise.judged", facts)
    return {state: sum(1 for _pk, found in judged if found == state) for state in ("kept", "broken")}
