"""A portfolio told by its figures: checked against the wallet's own statement and another library; one that loses money says so first."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import pyxirr

from core import business_day, outbox
from ledger.chart import AccountCode
from ledger.queries import statement
from loans import repayment
from loans.models import Loan
from marketplace import positions, results
from marketplace.models import Listing
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, fay
from tests.programs import Program
from tests.worlds import world

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
WORTH_LINE = 'id="result"><b>'


@world
def now():
    moment = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
    business_day.advance(to=moment.date(), now=moment)
    return moment


def lent(now):
    """Bob lends 6,000 yuan to Alice, Carol 4,000; Alice has money to repay."""
    for investor in (bob(now=now), carol(now=now)):
        stories.pay_in(investor, 3_000_000, now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    stories.pledge(listing, bob(), 600_000, now=now)
    stories.pledge(listing, carol(), 400_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=fay(now=now), approver=dan(), now=now)
    stories.pay_in(alice(), 1_200_000, now=now)
    return Loan.objects.get(pk=loan.pk)


@world
def loan(now):
    return lent(now)


def pay(loan, number, *, now, days_later=0):
    day = loan.installments.get(number=number).due_on + timedelta(days=days_later)
    business_day.advance(to=day, now=now)
    repayment.pay(loan=loan, amount=repayment.owed(loan, as_of=day).due, by=alice().user, key=f"pay-{number}", as_of=day, now=now)
    return day


def result(member, day, **more):
    return results.of(member.party, currency="CNY", as_of=day, **more)


def wallet_flows(member):
    """What the books say went out to the loan and came back, apart from deposits."""
    lines = statement(code=AccountCode.CLIENT_CASH, owner=member.party.ledger_owner, currency="CNY", limit=200).lines
    return [(line.booked_on, line.amount) for line in lines if line.kind in ("pledge", "repayment")]


def first_line_of(member):
    return client_of(member).get("/portfolio/").content.decode().partition(WORTH_LINE)[2].partition("</b>")[0]


def test_the_figures_are_those_of_the_wallet_and_of_another_library(now, loan):
    for number in (1, 2, 3, 4):
        day = pay(loan, number, now=now, days_later=2 if number == 2 else 0)
    found = result(bob(), day).plain
    flows = wallet_flows(bob())
    assert found.put_in == 600_000 == -sum(amount for _on, amount in flows if amount < 0)
    assert found.came_back == sum(amount for _on, amount in flows if amount > 0)
    held = loan.participations.get(party=bob().party)
    assert found.worth == held.amount - held.received_principal
    theirs = pyxirr.xirr([*(on for on, _amount in flows), day], [*(amount * 1e6 for _on, amount in flows), float(found.worth) * 1e6])
    assert abs(float(found.xirr) - theirs) < 1e-9
    assert found.profit == found.came_back + found.worth - found.put_in > 0
    assert first_line_of(bob()).startswith("This portfolio has gained ")
    assert result(bob(), day, haircut="50").cut.profit < 0 < result(bob(), day, haircut="2").cut.profit
    assert result(bob(), day).expected.profit < found.profit
    told = Program(bob()).get("portfolio/result/").json()
    assert (told["profit"], told["put_in"], told["why"]) == (int(found.profit), 600_000, "")
    assert abs(float(told["xirr"]) - theirs) < 1e-9


def test_a_portfolio_that_loses_money_says_so_on_its_first_line(now, loan):
    day = pay(loan, 1, now=now)
    assert first_line_of(bob()).startswith("This portfolio has gained ")
    assert result(bob(), day).plain.why == "too_young"
    late = loan.installments.get(number=2).due_on + timedelta(days=10)
    stories.morning_of(late, now=now)
    plain = result(bob(), late).plain
    row = loan.installments.get(number=2)
    held = loan.participations.get(party=bob().party)
    assert plain.written_down == row.principal * 600_000 // 1_000_000, "overdue principal counts for nothing at once"
    assert plain.worth == held.amount - held.received_principal - plain.written_down
    line = first_line_of(bob())
    assert line.startswith("This portfolio has lost ¥")
    html = client_of(bob(), language="zh-hans").get("/portfolio/").content.decode()
    assert html.partition(WORTH_LINE)[2].startswith("这个组合目前亏损")
    assert html.index(WORTH_LINE) < html.index('class="figs"'), "before any other figure"


def test_a_loan_in_default_counts_for_nothing_until_money_comes(now, loan):
    pay(loan, 1, now=now)
    day = loan.installments.get(number=2).due_on + timedelta(days=95)
    stories.morning_of(day, now=now)
    loan.refresh_from_db()
    assert loan.state == "defaulted"
    found = result(bob(), day)
    held = loan.participations.get(party=bob().party)
    assert (found.plain.worth, found.plain.written_down) == (0, held.amount - held.received_principal)
    assert found.plain.xirr < -Decimal("0.5")
    (grade,) = results.grades(found)
    assert grade["profit"].startswith("−¥")
    assert found.by_grade[0][1].expected_loss > 0


def test_the_page_of_somebody_who_lent_nothing(now):
    assert first_line_of(bob(now=now)) == "Nothing has been lent yet, so nothing has been gained or lost."
    assert positions.positions(bob().party, currency="CNY", as_of=now.date()) == []


def test_an_odd_haircut_is_none(now, loan):
    assert client_of(bob()).get("/portfolio/?haircut=1e9").status_code == 200
    assert result(bob(), now.date(), haircut="-5").cut is None
