"""A loan in life with paper and holders, and who serves it: what stories of trouble begin with."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import cast as makers
from accounts import onboarding, roles
from accounts.models import Party
from core import business_day, outbox
from loans import day
from loans.day import close
from loans.models import Loan, Standing
from marketplace.models import Listing
from tests import stories
from tests.cast import PASSWORD, Member, alice, bob, carol, dan, eve, fay

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 15, 10, tzinfo=ZONE)
AMOUNT, TERM = 4_800_000, 12
SHARES = (2_400_000, 1_600_000, 800_000)  # a half, a third, a sixth


def living_loan(*, now: datetime = START, term_months: int = TERM) -> Loan:
    """Alice's loan, held by Bob, Carol and Eve, paid out on the day of `now`."""
    business_day.advance(to=now.date(), now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=AMOUNT, term_months=term_months, now=now)
    for who, share in zip((bob, carol, eve), SHARES, strict=True):
        stories.pay_in(who(now=now), share, now=now)
        stories.pledge(Listing.objects.get(loan=loan), who(), share, now=now)
    outbox.drain(now=now)
    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=fay(now=now), approver=dan(), now=now)
    outbox.drain(now=now)
    return Loan.objects.get(pk=loan.pk)


def servicer(name: str = "sal", *, now: datetime = START) -> Member:
    """Staff who serve loans."""
    user = onboarding.register(email=f"{name}@xinqiao.example", password=PASSWORD, language="en", now=now, staff=True)
    makers._make_staff(user, roles.SERVICER)
    return Member(user=user, party=Party.objects.get(subject=user.subject_id))


def noon(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 12, tzinfo=ZONE)


def skip_to(to: date) -> None:
    """The same course for the loans, replayed in one step: what hangs on the end of a day (votes, promises, cases) does not happen."""
    if to > business_day.current():
        business_day.advance(to=to, now=noon(to))
    for loan_id in Standing.objects.filter(live=True).values_list("loan_id", flat=True):
        with transaction.atomic():
            close.bring_to(loan_id, day=to - timedelta(days=1), now=noon(to))
    outbox.drain(now=noon(to))


def live_until(to: date) -> None:
    """Every day until then is closed, and what it enqueued is done the next noon."""
    while (today := business_day.current()) < to:
        day.close_day(to=today + timedelta(days=1), now=noon(today))
        outbox.drain(now=noon(business_day.current()))
