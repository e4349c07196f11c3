"""Cases follow the loans at the end of each day, in a few statements over the whole book: opened, moved from stage to stage by days late, closed.

Re-running a day changes nothing. Court and sale are acts of staff; everything else follows from the loan. When the database refuses one of them,
each loan is followed by a job of its own: the offender's fails where staff see it, and all others move.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states
from core.outbox import JobContext, handles
from core.refusals import Conflict
from loans import product
from loans.models import CollectionsCase, DayRun, Loan
from loans.models.collections import EARLY
from loans.stranger import OWN_LOAN, is_stranger

log = logging.getLogger(__name__)
BEHIND = ("late", "defaulted", "written_off")
SPOKEN = ("talking", "last_notice")  # told by the stage; late and default are told by the loan's own state
BATCH = 5_000

ONE = "(%(loan)s::bigint IS NULL OR l.id = %(loan)s)"  # one loan alone, or the whole book
# The stage a loan's figures ask for; courts and sales stand until the loan leaves default or the case is closed.
STAGE = """CASE WHEN l.state = 'written_off' THEN 'written_off' WHEN l.state = 'defaulted' THEN 'in_default'
                WHEN l.days_late > %(notice)s THEN 'last_notice' WHEN l.days_late > %(talk)s THEN 'talking' ELSE 'reminded' END"""

MOVE = f"""
UPDATE loans_collectionscase c
   SET stage = wanted.stage, stage_since = %(on)s,
       defaulted_on = CASE WHEN wanted.lost THEN coalesce(c.defaulted_on, %(on)s) ELSE c.defaulted_on END,
       owed_at_default = CASE WHEN wanted.lost THEN coalesce(c.owed_at_default, wanted.outstanding) ELSE c.owed_at_default END
  FROM (SELECT l.id, s.outstanding, {STAGE} AS stage, l.state <> 'late' AS lost FROM loans_loan l JOIN loans_standing s ON s.loan_id = l.id
         WHERE l.state = ANY(%(behind)s) AND {ONE}) AS wanted
 WHERE c.loan_id = wanted.id AND c.closed_on IS NULL AND c.stage <> wanted.stage
   AND NOT (c.stage = 'in_court' AND wanted.stage IN ('in_default', 'written_off')) AND c.stage <> 'sold'
RETURNING c.id, c.stage
"""  # noqa: S608 fixed text

CLOSE = f"""
UPDATE loans_collectionscase c
   SET stage = 'closed', stage_since = %(on)s, closed_on = %(on)s,
       outcome = CASE WHEN l.state = 'repaid' THEN 'repaid'
                      WHEN EXISTS (SELECT FROM loans_plan p JOIN loans_loanevent e ON e.id = p.event_id
                                    WHERE p.loan_id = l.id AND e.booked_on >= c.opened_on) THEN 'plan' ELSE 'caught_up' END
  FROM loans_loan l WHERE l.id = c.loan_id AND c.closed_on IS NULL AND l.state IN ('active', 'repaid') AND {ONE}
RETURNING c.id
"""  # noqa: S608 fixed text


class UnableToCollect(Conflict):
    """Nothing was recorded; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | LazyText) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def demand_stranger(loan: Loan, by: User) -> None:
    """Nobody decides about a loan of their own, or one they hold. Raises UnableToCollect."""
    if not is_stranger(loan, by):
        raise UnableToCollect("own_loan", OWN_LOAN)


def open_case(loan: Loan) -> CollectionsCase | None:
    return loan.cases.filter(closed_on=None).first()


@handles("loans.day.finished")
def on_day(*, job: JobContext) -> None:
    follow(on=DayRun.objects.values_list("on", flat=True).get(pk=job.payload["run"]), now=job.now)


def follow(*, on: date, now: datetime) -> dict[str, int]:
    """Bring all cases to where the loans stand. Returns how many were opened, moved and closed; or, when one was refused, how many go on `alone`."""
    try:
        return _follow(on=on, now=now)
    except DatabaseError as error:
        log.error("cases of %s: %s; each loan is followed alone", on, type(error.__cause__ or error).__name__)
        return {"alone": _one_by_one(on=on)}


def follow_loan(loan: Loan, *, on: date, now: datetime, by: User | None = None, why: str = "days_late") -> None:
    """The same for one loan, at once."""
    _follow(on=on, now=now, loan=loan.pk, by=by, why=why)


@transaction.atomic
def _follow(*, on: date, now: datetime, loan: int | None = None, by: User | None = None, why: str = "days_late") -> dict[str, int]:
    params = _params(on, loan)
    with states.because(by=by.pk if by else None, why=why, now=now):
        opened = _open(params)
        moved = _run(MOVE, params)
        closed = _run(CLOSE, params)
    facts = [(case_id, stage) for case_id, stage in [*opened, *moved] if stage in SPOKEN]
    outbox.enqueue_many("case.stage", [(f"case:{case_id}:{stage}:{on.isoformat()}", {"case": case_id, "stage": stage}, None) for case_id, stage in facts])
    return {"opened": len(opened), "moved": len(moved), "closed": len(closed)}


def _one_by_one(*, on: date) -> int:
    """A job for every loan that is behind or has an open case."""
    has_case = Exists(CollectionsCase.objects.filter(loan=OuterRef("pk"), closed_on=None))
    found = Loan.objects.filter(Q(has_case) | Q(state__in=BEHIND)).order_by("pk").values_list("pk", flat=True)
    jobs = [(f"case:loan:{pk}:{on.isoformat()}", {"loan": pk, "on": on.isoformat()}, None) for pk in found]
    outbox.enqueue_many("case.follow", jobs)
    return len(jobs)


@handles("case.follow")
def on_loan(*, job: JobContext) -> None:
    follow_loan(Loan(pk=job.payload["loan"]), on=date.fromisoformat(job.payload["on"]), now=job.now)


def _params(on: date, loan: int | None) -> dict[str, Any]:
    rules = product.STANDARD
    return {"on": on, "behind": list(BEHIND), "notice": rules.last_notice_after_days, "talk": rules.talk_after_days, "loan": loan}


def _run(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _open(params: dict[str, Any]) -> list[tuple[int, str]]:
    """A case for every loan behind that has none; each is born in the stage its days late ask for."""
    rows = _run(
        f"""SELECT l.id, {STAGE}, s.outstanding FROM loans_loan l JOIN loans_standing s ON s.loan_id = l.id
             WHERE l.state = ANY(%(behind)s) AND {ONE} AND NOT EXISTS (SELECT FROM loans_collectionscase c WHERE c.loan_id = l.id AND c.closed_on IS NULL)
             ORDER BY l.id""",  # noqa: S608 fixed text
        params,
    )
    made = CollectionsCase.objects.bulk_create((_case(loan_id, stage, owed, params["on"]) for loan_id, stage, owed in rows), batch_size=BATCH)
    return [(case.pk, case.stage) for case in made]


def _case(loan_id: int, stage: str, owed: int, on: date) -> CollectionsCase:
    lost = {"defaulted_on": on, "owed_at_default": owed} if stage not in EARLY else {}
    return CollectionsCase(loan_id=loan_id, stage=stage, opened_on=on, stage_since=on, **lost)


@transaction.atomic
def to_court(case: CollectionsCase, *, by: User, as_of: date, now: datetime) -> None:
    """The claim is before a court. Told to the holders in those words; to nobody around the borrower."""
    _act(case, "in_court", ("in_default", "written_off"), by=by, as_of=as_of, now=now)


@transaction.atomic
def from_court(case: CollectionsCase, *, by: User, as_of: date, now: datetime) -> None:
    """No longer before a court: back to where the loan stands."""
    held = CollectionsCase.objects.select_related("loan").get(pk=case.pk)
    _act(case, "written_off" if held.loan.state == "written_off" else "in_default", ("in_court",), by=by, as_of=as_of, now=now)


def _act(case: CollectionsCase, to: str, since: Iterable[str], *, by: User, as_of: date, now: datetime) -> None:
    held = CollectionsCase.objects.select_for_update(of=("self",)).select_related("loan__party").get(pk=case.pk)
    demand_stranger(held.loan, by)
    if held.stage not in since or held.loan.state not in ("defaulted", "written_off"):
        raise UnableToCollect("stage", _("That is not possible in its present state. Somebody may have been faster."))
    states.move(held, to, now=now, by=by.pk, why="staff", stage_since=as_of)
    audit.record(actor=by, action=f"case.{to}", target=held.reference, now=now)
