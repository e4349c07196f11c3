"""Cases follow the loans at the end of each day, in a few statements over the whole book: opened, moved from stage to stage by days late, closed.

Re-running a day changes nothing. Court and sale are acts of staff; everything else follows from the loan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
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

BEHIND = ("late", "defaulted", "written_off")
SPOKEN = ("talking", "last_notice")  # told by the stage; late and default are told by the loan's own state
BATCH = 5_000

# The stage a loan's figures ask for; courts and sales stand until the loan leaves default or the case is closed.
STAGE = """CASE WHEN l.state = 'written_off' THEN 'written_off' WHEN l.state = 'defaulted' THEN 'in_default'
                WHEN l.days_late > %(notice)s THEN 'last_notice' WHEN l.days_late > %(talk)s THEN 'talking' ELSE 'reminded' END"""

MOVE = f"""
UPDATE loans_collectionscase c
   SET stage = wanted.stage, stage_since = %(on)s,
       defaulted_on = CASE WHEN wanted.stage = 'in_default' THEN coalesce(c.defaulted_on, %(on)s) ELSE c.defaulted_on END,
       owed_at_default = CASE WHEN wanted.stage = 'in_default' THEN coalesce(c.owed_at_default, wanted.outstanding) ELSE c.owed_at_default END
  FROM (SELECT l.id, s.outstanding, {STAGE} AS stage FROM loans_loan l JOIN loans_standing s ON s.loan_id = l.id
         WHERE l.state = ANY(%(behind)s)) AS wanted
 WHERE c.loan_id = wanted.id AND c.closed_on IS NULL AND c.stage <> wanted.stage
   AND NOT (c.stage = 'in_court' AND wanted.stage IN ('in_default', 'written_off')) AND c.stage <> 'sold'
RETURNING c.id, c.stage
"""  # noqa: S608 fixed text

CLOSE = """
UPDATE loans_collectionscase c
   SET stage = 'closed', stage_since = %(on)s, closed_on = %(on)s,
       outcome = CASE WHEN l.state = 'repaid' THEN 'repaid'
                      WHEN EXISTS (SELECT FROM loans_plan p JOIN loans_loanevent e ON e.id = p.event_id
                                    WHERE p.loan_id = l.id AND e.booked_on >= c.opened_on) THEN 'plan' ELSE 'caught_up' END
  FROM loans_loan l WHERE l.id = c.loan_id AND c.closed_on IS NULL AND l.state IN ('active', 'repaid')
RETURNING c.id
"""


class UnableToCollect(Conflict):
    """Nothing was recorded; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | LazyText) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def open_case(loan: Loan) -> CollectionsCase | None:
    return loan.cases.filter(closed_on=None).first()


@handles("loans.day.finished")
def on_day(*, job: JobContext) -> None:
    follow(on=DayRun.objects.values_list("on", flat=True).get(pk=job.payload["run"]), now=job.now)


@transaction.atomic
def follow(*, on: date, now: datetime) -> dict[str, int]:
    """Bring all cases to where the loans stand. Returns how many were opened, moved and closed."""
    with states.because(why="days_late", now=now):
        opened = _open(on=on)
        moved = _run(MOVE, _params(on))
        closed = _run(CLOSE, {"on": on})
    facts = [(case_id, stage) for case_id, stage in [*opened, *moved] if stage in SPOKEN]
    outbox.enqueue_many("case.stage", [(f"case:{case_id}:{stage}:{on.isoformat()}", {"case": case_id, "stage": stage}, None) for case_id, stage in facts])
    return {"opened": len(opened), "moved": len(moved), "closed": len(closed)}


def _params(on: date) -> dict[str, Any]:
    rules = product.STANDARD
    return {"on": on, "behind": list(BEHIND), "notice": rules.last_notice_after_days, "talk": rules.talk_after_days}


def _run(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _open(*, on: date) -> list[tuple[int, str]]:
    """A case for every loan behind that has none; each is born in the stage its days late ask for."""
    rows = _run(
        f"""SELECT l.id, {STAGE}, s.outstanding FROM loans_loan l JOIN loans_standing s ON s.loan_id = l.id
             WHERE l.state = ANY(%(behind)s) AND NOT EXISTS (SELECT FROM loans_collectionscase c WHERE c.loan_id = l.id AND c.closed_on IS NULL)
             ORDER BY l.id""",  # noqa: S608 fixed text
        _params(on),
    )
    made = CollectionsCase.objects.bulk_create((_case(loan_id, stage, owed, on) for loan_id, stage, owed in rows), batch_size=BATCH)
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
    held = CollectionsCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if held.stage not in since:
        raise UnableToCollect("stage", _("That is not possible in its present state. Somebody may have been faster."))
    states.move(held, to, now=now, by=by.pk, why="staff", stage_since=as_of)
    audit.record(actor=by, action=f"case.{to}", target=held.reference, now=now)
