"""One loan lives its whole life through the public operations: applied for, decided, offered, signed, pledged, paid out, repaid, to the cent."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import business_day, outbox
from ledger.chart import AccountCode
from ledger.checks import check_books
from ledger.queries import balance
from loans import delinquency, repayment
from marketplace.models import Listing
from tests import stories
from tests.cast import alice, bob, carol, dan, eve, fay
from tests.worlds import world

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
ZONE = ZoneInfo("Asia/Shanghai")


@world
def start():
    now = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
    business_day.advance(to=now.date(), now=now)
    return now


def cash(member):
    return balance(code=AccountCode.CLIENT_CASH, owner=member.party.ledger_owner, currency="CNY")


def test_a_loan_lives_its_whole_life_to_the_last_cent(start):
    borrower, investors = alice(now=start), [bob(now=start), carol(now=start), eve(now=start)]
    for investor in investors:
        stories.pay_in(investor, 3_000_000, now=start)
    loan = stories.accepted_loan(borrower, reviewer=dan(now=start), amount=4_800_000, term_months=6, now=start)
    listing = Listing.objects.get(loan=loan)
    for investor, amount in zip(investors, (2_000_000, 1_800_000, 1_000_000), strict=True):
        stories.pledge(listing, investor, amount, now=start)
    outbox.drain(now=start)
    listing.refresh_from_db()
    loan.refresh_from_db()
    assert (listing.state, loan.state) == ("filled", "funded")
    assert loan.participations.count() == 3

    stories.pay_out(loan, proposer=fay(now=start), approver=dan(now=start), now=start)
    loan.refresh_from_db()
    assert loan.state == "active"
    assert loan.installments.count() == 6
    assert check_books().is_clean

    stories.pay_in(borrower, 5_500_000, now=start)
    held_before = cash(borrower).available
    paid = 0
    for number in (1, 2):
        row = loan.installments.get(number=number)
        late = timedelta(days=10 if number == 2 else 0)
        day = row.due_on + late
        delinquency.close_day(to=day, now=start)
        owed = repayment.owed(loan, as_of=day)
        made = repayment.pay(loan=loan, amount=owed.due, by=borrower.user, key=f"pay-{number}", as_of=day, now=start)
        assert sum(made.shares.values_list("principal", flat=True)) == made.principal
        paid += made.amount
        assert repayment.pay(loan=loan, amount=owed.due, by=borrower.user, key=f"pay-{number}", as_of=day, now=start) == made
    quote = repayment.quote_settlement(loan, as_of=day + timedelta(days=5))
    settled = repayment.settle_early(loan=loan, expected=quote.total, by=borrower.user, key="settle", as_of=day + timedelta(days=5), now=start)
    paid += settled.amount
    loan.refresh_from_db()
    assert loan.state == "repaid"
    assert cash(borrower).available == held_before - paid
    for holding in loan.participations.all():
        assert holding.received_principal == holding.amount
    assert sum(cash(investor).available for investor in investors) + balance(code=AccountCode.SERVICING_FEES, owner="platform", currency="CNY").posted == (
        3 * 3_000_000 - 4_800_000 + paid
    )
    assert check_books().is_clean
