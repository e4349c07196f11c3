"""Building the sample market by jobs while the site serves: resumable, each step once, in the order of the business day."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.cast import make
from accounts.models import User
from config.sample import chapters, circle, plan, progress  # noqa: F401 (importing circle registers its job)
from config.sample.cast import make_cast
from config.sample.plan import Story
from core import business_day, outbox
from core.models import BusinessDate, Job
from core.outbox import JobContext, RetryLater, handles
from core.refusals import Conflict
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import application as applications
from loans import delinquency, product, repayment
from loans.models import Application, Disbursement, Loan
from marketplace import listing as listings

logger = logging.getLogger(__name__)

INVESTOR_BATCH = 10
INVESTOR_CASH = 30_000_000
TOP_UP_MONTHS = 3


def begin(*, now: datetime) -> None:
    """The cast, and the first job of the rest. Repeating it changes nothing; a database with a history of its own keeps its day."""
    today = timezone.localdate(now)
    start = plan.beginning(today)
    if not BusinessDate.objects.exists():
        business_day.advance(to=start, now=now)
    make_cast(now=chapters.moment(business_day.current()))
    outbox.enqueue("sample.investors", key="sample:cast", payload={"batch": None})
    for batch in range(plan.INVESTORS // INVESTOR_BATCH):
        outbox.enqueue("sample.investors", key=f"sample:investors:{batch}", payload={"batch": batch})
    outbox.enqueue("sample.month", key="sample:month:0", payload={"month": 0, "start": start.isoformat()})
    progress.tell_later()


@handles("sample.investors")
def make_investors(*, job: JobContext) -> None:
    """A batch of investors with money in their wallets, or the cast's investors."""
    now, batch = chapters.moment(business_day.current()), job.payload["batch"]
    if batch is None:
        members = {name: make(name) for name in plan.BACKER_EVERY}
    else:
        numbers = range(batch * INVESTOR_BATCH, (batch + 1) * INVESTOR_BATCH)
        members = {f"investor:{number}": chapters.person("investor", number, now=now, invests=True) for number in numbers}
    for key, member in members.items():
        chapters.pay_in(member, INVESTOR_CASH, key=key, now=now)


@handles("sample.month")
def run_month(*, job: JobContext) -> RetryLater | None:
    """Advance to the month, repay what is due, and start the month's loans once the last month's have settled."""
    month, start = job.payload["month"], date.fromisoformat(job.payload["start"])
    if _unfinished(month):
        return RetryLater(0.5, "the month before is still being built")
    day = plan.month_after(start, month)
    _advance(day, now=job.now)
    for story in plan.stories():
        if story.cohort == month and story.ending == "live":
            outbox.enqueue("sample.loan", key=f"sample:loan:{story.serial}", payload={"serial": story.serial})
    if month < plan.MONTHS:
        outbox.enqueue("sample.month", key=f"sample:month:{month + 1}", payload={"month": month + 1, "start": start.isoformat()})
    else:
        for story in plan.stories():
            if story.ending != "live":
                outbox.enqueue("sample.loan", key=f"sample:loan:{story.serial}", payload={"serial": story.serial})
        outbox.enqueue("sample.circle", key="sample:circle", payload={})
    return None


def _unfinished(month: int) -> bool:
    """Loans not yet there, or payouts on their way, or investors not yet made."""
    earlier = ["sample.investors", *(["sample.loan"] if month else [])]
    if Job.objects.filter(name__in=earlier).exclude(state__in=["done", "dead"]).exists():
        return True
    return Disbursement.objects.filter(state__in=["approved", "sent", "unknown"]).exists()


def _advance(day: date, *, now: datetime) -> None:
    """Close each day up to `day`; on due dates in between the borrowers who pay, pay."""
    current = business_day.current()
    while current < day:
        current = date.fromordinal(current.toordinal() + 1)
        delinquency.close_day(to=current, now=now)
        _repay_due(current)


def _repay_due(day: date) -> None:
    """Everybody whose installment falls due today and who has not stopped paying."""
    due = Loan.objects.filter(state__in=["active", "late"], installments__due_on=day, installments__paid_on=None).select_related("party").distinct()
    for loan in due.order_by("pk"):
        story = _story_of(loan)
        if story is None:
            continue
        paid = loan.repayments.count()
        if story.stops_after is not None and paid >= story.stops_after:
            continue
        try:
            with transaction.atomic():
                _repay(loan, story, paid, day)
        except Conflict as refused:  # one borrower's month fails; the market's months go on
            logger.warning("sample repayment of %s refused: %s", loan.reference, refused.code)


def _story_of(loan: Loan) -> Story | None:
    email = User.objects.filter(memberships__party=loan.party).values_list("email", flat=True).first() or ""
    serial = email.removeprefix("borrower-").partition("@")[0]
    if email.startswith("borrower-"):
        return plan.stories()[int(serial)]
    alice = plan.stories()[plan.ALICE]
    return alice if loan.agreement.offer.application.title == chapters.text_of(alice).title else None


def _repay(loan: Loan, story: Story, paid: int, day: date) -> None:
    """From the wallet, topped up from the bank for a few months at once."""
    now, user = chapters.moment(day), loan.agreement.offer.application.created_by
    early = story.settles_after is not None and paid >= story.settles_after
    amount = repayment.quote_settlement(loan, as_of=day).total if early else repayment.owed(loan, as_of=day).due
    if amount <= 0:
        return
    short = amount - balance(code=AccountCode.CLIENT_CASH, owner=loan.party.ledger_owner, currency=loan.currency).available
    if short > 0:
        ahead = short if early else short + (TOP_UP_MONTHS - 1) * amount
        chapters.pay_in(chapters.borrower(story, now=now), ahead, key=f"repay:{loan.pk}:{paid}", now=now)
    if early:
        repayment.settle_early(loan=loan, expected=amount, by=user, key=f"sample:settle:{loan.pk}", as_of=day, now=now)
    else:
        repayment.pay(loan=loan, amount=amount, by=user, key=f"sample:pay:{loan.pk}:{paid}", as_of=day, now=now)


@handles("sample.loan")
def tell_story(*, job: JobContext) -> None:
    """One borrower's loan, as far as its ending says."""
    story = plan.stories()[job.payload["serial"]]
    now = chapters.moment(business_day.current()) if story.ending == "live" else job.now - timedelta(hours=3 + 5 * (story.serial % 9))
    if story.ending == "unfilled":
        now = job.now - timedelta(days=product.STANDARD.funding_days + 3)
    application = chapters.apply(story, now=now)
    TELL[story.ending](application, story, now)
    progress.tell_later()


def _sent(application: Application, story: Story, now: datetime) -> None:
    applications.submit(application, by=application.created_by, as_of=business_day.current(), now=now)


def _market(application: Application, story: Story, now: datetime) -> None:
    """Listed and pledged to; filled, with the payout as far as the ending says, or past its window."""
    loan = chapters.to_market(application, now=now)
    if loan is None:
        return
    partly = {"listed": 0.15 * (1 + story.serial % 6), "unfilled": 0.4}
    chapters.fund(loan, share=partly.get(story.ending, 1.0), serial=story.serial, now=now)
    if story.ending in ("live", "proposed"):
        chapters.pay_out(loan, approve=story.ending == "live", now=now)
    elif story.ending == "unfilled":
        listings.expire(loan.listing, as_of=business_day.current(), now=now + timedelta(days=product.STANDARD.funding_days))


TELL: dict[str, Callable[[Application, Story, datetime], None]] = {
    "live": _market,
    "listed": _market,
    "funded": _market,
    "proposed": _market,
    "unfilled": _market,
    "review": _sent,
    "draft": lambda application, story, now: None,
    "referred": lambda application, story, now: chapters.review(application, "refer", now=now),
    "declined": lambda application, story, now: chapters.review(application, "decline", now=now),
    "offered": lambda application, story, now: chapters.review(application, "approve", now=now),
}
