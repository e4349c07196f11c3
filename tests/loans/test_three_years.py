"""One troubled loan over three years, to the cent: late, hardship, longer term, default, partial recovery, write-off, recovery after it.

All figures are worked out by hand here and nowhere taken from the program. Minor units (fen).

The contract: 1,200,000 at 12 % over 24 months in equal parts of principal, paid out on 15 January 2026. Each month 50,000 principal and one per cent
of the balance as interest: 12,000, 11,500, 11,000, … Late charges 6 % a year from the fourth night, a twentieth of the interest is the servicing fee
(0.6 of 12 per cent), rounded down for each holder. Bob holds a half, Carol a third, Eve a sixth.
"""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core import business_day, outbox
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import repayment, statement, statistics
from loans.collections import case as cases
from loans.collections import recovery
from loans.collections import write_off as write_offs
from loans.day import prove
from loans.hardship import plan as plans
from loans.hardship import request as requests
from loans.hardship import terms
from loans.hardship.terms import Wanted
from loans.models import Loan
from marketplace.models import Listing
from tests import stories
from tests.cast import alice, bob, carol, dan, eve, fay
from tests.loans.book import assert_stored_is_replayed, cash, platform
from tests.loans.trouble import START, noon, servicer, skip_to

pytestmark = pytest.mark.django_db
PRINCIPAL = 1_200_000
HELD = (600_000, 400_000, 200_000)

# 1. On time: four installments.
ON_TIME = ((date(2026, 2, 15), 62_000), (date(2026, 3, 15), 61_500), (date(2026, 4, 15), 61_000), (date(2026, 5, 15), 60_500))
# 2. Late: 50,000 + 10,000, due 15 June, paid 5 July. Charged nights 19 June to 4 July: 12 + 4 = 16, each 60,000 × 6 % ÷ 365 = 9.86, down to 9.
LATE_CHARGES = 16 * 9
# 3. 50,000 + 9,500 on 15 July in time. 900,000 are left. August (9,000) and September (8,500) stay unpaid.
# 4. Help asked for on 20 September. Charged nights until then: of August's 59,000 (9.69, down to 9) 19 August to 19 September, 13 + 19 = 32;
#    of September's 58,500 (9.61, down to 9) only the 19th. They are given up with the plan.
GIVEN_UP = 32 * 9 + 9
# 5. The plan of 22 September: eight installments more, 16 + 8 = 24, from 15 October; 900,000 ÷ 24 = 37,500 each. Interest earned until then goes
#    along: 9,000 + 8,500 + 8,000 × 7 ÷ 30 = 1,866 → 19,366, over 24 rows: 806 and, for the first 22 rows, one more.
#    First period 23 days: 900,000 × 12 % × 23 ÷ 365 = 6,805.48; then one per cent of 862,500, 825,000, …
PLAN = ((date(2026, 10, 15), 37_500 + 6_805 + 807), (date(2026, 11, 15), 37_500 + 8_625 + 807))
STOPPED = (37_500 + 8_250 + 807, 37_500 + 7_875 + 807, 37_500 + 7_500 + 807)  # December, January, February
# 6. Nothing since December: default after 90 days, with the night of 15 March 2027. Charged nights of each (46,557; 46,182; 45,807: each 7 a night):
#    19 December to 15 March = 13 + 31 + 28 + 15 = 87; 19 January on = 13 + 28 + 15 = 56; 19 February on = 10 + 15 = 25.
NIGHTS = 87 + 56 + 25
OWED_AT_DEFAULT = 900_000 - 2 * 37_500
# 7. 1 June 2027: 100,000 come in, 10,000 are costs. 90,000 in the contract's order: December 9,057 + 37,500 = 46,557; of January the charge of
#    28 nights × 7 = 196 that fell due with it, 8,682 interest, and 90,000 − 46,557 − 196 − 8,682 = 34,565 principal.
FIRST_RECOVERY = {"principal": 37_500 + 34_565, "interest": 9_057 + 8_682, "penalties": 196}
# 8. Written off on 1 September 2027. 9. 10 December 2027: 200,000 come in, 30,000 are costs, 170,000 are principal.
REPAID = 6 * 50_000 + 2 * 37_500 + 72_065 + 170_000  # 617,065
LOST = PRINCIPAL - REPAID  # 582,935
# Interest in all: 64,500 before the plan, 7,612 + 9,432 after it, 17,739 recovered: 99,283. Late charges 144 + 196 = 340.
# By largest remainder over all that came: principal 308,532.5 / 205,688.33 / 102,844.17; interest 49,641.5 / 33,094.33 / 16,547.17;
# charges 170 / 113.33 / 56.67; and the fee, rounded down each time:
FEES = (
    300 + 287 + 275 + 262 + 250 + 237 + 190 + 235 + 443,  # a twentieth of 6,000 5,750 5,500 5,250 5,000 4,750 3,806 4,716 8,870
    200 + 191 + 183 + 175 + 166 + 158 + 126 + 157 + 295,  # of 4,000 3,833 3,667 3,500 3,333 3,167 2,537 3,144 5,913
    100 + 95 + 91 + 87 + 83 + 79 + 63 + 78 + 147,  # of 2,000 1,917 1,833 1,750 1,667 1,583 1,269 1,572 2,956
)
WALLETS = (
    308_533 + 49_642 + 170 - FEES[0],  # 355,866
    205_688 + 33_094 + 113 - FEES[1],  # 237,244
    102_844 + 16_547 + 57 - FEES[2],  # 118,625
)
COSTS = 10_000 + 30_000
# What each month of somebody's statements changes in their wallet: principal, interest and charges by the cumulative shares above, less the fee.
MONTHS = [date(2026 + k // 12, k % 12 + 1, 1) for k in range(36)]
MOVED = {
    (2026, 2): (25_000 + 6_000 - 300, 16_667 + 4_000 - 200, 8_333 + 2_000 - 100),
    (2026, 3): (25_000 + 5_750 - 287, 16_666 + 3_833 - 191, 8_334 + 1_917 - 95),
    (2026, 4): (25_000 + 5_500 - 275, 16_667 + 3_667 - 183, 8_333 + 1_833 - 91),
    (2026, 5): (25_000 + 5_250 - 262, 16_667 + 3_500 - 175, 8_333 + 1_750 - 87),
    (2026, 7): (29_822 + 29_513, 16_666 + 3_333 + 48 - 166 + 16_667 + 3_167 - 158, 8_334 + 1_667 + 24 - 83 + 8_333 + 1_583 - 79),
    (2026, 10): (18_750 + 3_806 - 190, 12_500 + 2_537 - 126, 6_250 + 1_269 - 63),
    (2026, 11): (18_750 + 4_716 - 235, 12_500 + 3_144 - 157, 6_250 + 1_572 - 78),
    (2027, 6): (36_032 + 8_870 + 98 - 443, 24_022 + 5_913 + 65 - 295, 12_011 + 2_956 + 33 - 147),
    (2027, 12): (85_001, 56_666, 28_333),
}
PAID_IN = 245_000 + 60_144 + 59_500 + 45_112 + 46_932 + 100_000 + 200_000  # 756,688: holders 711,735 + fees 4,953 + costs 40,000


@pytest.fixture
def loan(tmp_path, settings) -> Loan:
    settings.MEDIA_ROOT = tmp_path
    business_day.advance(to=START.date(), now=START)
    made = stories.accepted_loan(alice(now=START), reviewer=dan(now=START), amount=PRINCIPAL, term_months=24, method="equal_principal", now=START)
    Loan.objects.filter(pk=made.pk).update(annual_rate=Decimal("0.12"), servicing_fee_rate=Decimal("0.006"), penalty_rate=Decimal("0.06"))
    for who, share in zip((bob, carol, eve), HELD, strict=True):
        stories.pay_in(who(now=START), share, now=START)
        stories.pledge(Listing.objects.get(loan=made), who(), share, now=START)
    outbox.drain(now=START)
    stories.pay_out(Loan.objects.get(pk=made.pk), proposer=fay(now=START), approver=dan(), now=START)
    return Loan.objects.get(pk=made.pk)


def morning(day: date) -> Loan:
    """The loan as of that morning; cases follow it."""
    skip_to(day)
    cases.follow(on=day - timedelta(days=1), now=noon(day))
    return Loan.objects.get()


def pay(day: date, amount: int) -> None:
    loan = morning(day)
    stories.pay_in(alice(), amount, now=noon(day))
    repayment.pay(loan=loan, amount=amount, by=alice().user, key=uuid4().hex, as_of=day, now=noon(day))


def recover(sal, day: date, gross: int, costs: int):
    loan = morning(day)
    stories.pay_in(alice(), gross, now=noon(day))
    proposed = recovery.propose(loan, gross=gross, costs=costs, source="court", by=sal.user, now=noon(day))
    return recovery.approve(proposed, by=fay().user, as_of=day, now=noon(day))


def statement_of(member, month: date) -> statement.Statement:
    return statement.make(member.party, month=month, currency="CNY", today=business_day.current(), now=noon(business_day.current()))


def where() -> dict[str, int]:
    """The figures of the loan's quarter that are not nothing, on the day it is."""
    (cohort,) = statistics.cohorts(as_of=business_day.current(), currency="CNY")
    assert (cohort.loans, cohort.originated) == (1, PRINCIPAL)
    assert sum(getattr(cohort, part) for part in statistics.PARTS) == PRINCIPAL
    return {name: getattr(cohort, name) for name in statistics.AMOUNTS[2:] if getattr(cohort, name)}


def both(found: statement.Statement) -> tuple[bytes, bytes]:
    return statement.as_csv(found), statement.as_pdf(found, language="zh-hans")


def parts(loan: Loan) -> tuple[int, int, int, int]:
    made = loan.repayments.order_by("-pk")[0]
    return made.principal, made.interest, made.fees, made.penalties


def test_three_years_of_one_troubled_loan(loan):
    sal = servicer()
    for day, amount in ON_TIME:
        pay(day, amount)
        assert repayment.owed(Loan.objects.get(), as_of=day).due == 0

    # Late, and caught up.
    late = morning(date(2026, 7, 5))
    assert (late.state, late.days_late, repayment.owed(late, as_of=date(2026, 7, 5)).due) == ("late", 20, 60_000 + LATE_CHARGES)
    assert where() == {"repaid": 200_000, "late_30": 1_000_000, "due": 5, "on_time": 4}
    pay(date(2026, 7, 5), 60_000 + LATE_CHARGES)
    assert (Loan.objects.get().state, parts(loan)) == ("active", (50_000, 10_000, 0, 144))
    pay(date(2026, 7, 15), 59_500)
    morning(date(2026, 8, 2))
    july = both(statement_of(bob(), date(2026, 7, 1)))

    # Hardship: the plan both see is the schedule that follows.
    asked_on, agreed_on = date(2026, 9, 20), date(2026, 9, 22)
    asked = requests.ask(morning(asked_on), wish="longer", by=alice().user, as_of=asked_on, now=noon(asked_on))
    assert repayment.owed(Loan.objects.get(), as_of=asked_on).due == 50_000 + 9_000 + 50_000 + 8_500 + GIVEN_UP
    assert where() == {"repaid": 300_000, "late_60": 900_000, "due": 8, "on_time": 5}
    requests.claim(asked, by=sal.user, now=noon(asked_on))
    morning(agreed_on)
    plan = plans.propose(asked, Wanted("re_age", more=8, waive_charges=True), by=sal.user, as_of=agreed_on, now=noon(agreed_on))
    assert (plan.basis, plan.periods, plan.first_due_on) == ("mandate", 24, PLAN[0][0])
    assert [row.total for row in plans.shown(plan).new[:5]] == [PLAN[0][1], PLAN[1][1], *STOPPED]
    seen = plans.compare(plan.loan, terms.of(plan), as_of=agreed_on).fingerprint
    plans.accept(plan, seen=seen, by=alice().user, as_of=agreed_on, now=noon(agreed_on))
    assert (Loan.objects.get().state, Loan.objects.get().days_late) == ("active", 0)
    assert where() == {"repaid": 300_000, "current": 900_000, "due": 8, "on_time": 5, "replanned": 1}
    for day, amount in PLAN:
        pay(day, amount)

    # Default.
    for day in (date(2026, 12, 20), date(2027, 1, 20), date(2027, 2, 20)):
        morning(day)
    assert Loan.objects.get().state == "late"
    morning(date(2027, 3, 15))
    assert (Loan.objects.get().state, Loan.objects.get().days_late) == ("late", 90)
    lost = morning(date(2027, 3, 16))
    case = lost.cases.get(closed_on=None)
    assert (lost.state, case.stage, case.defaulted_on, case.owed_at_default) == ("defaulted", "in_default", date(2027, 3, 15), OWED_AT_DEFAULT)
    assert sum(lost.charges.filter(charged_on__gt=date(2026, 10, 1)).values_list("amount", flat=True)) == NIGHTS * 7
    lost_one = {"on_time": 7, "replanned": 1, "defaulted": 1, "owed_at_default": OWED_AT_DEFAULT}
    assert where() == {"repaid": 375_000, "late_more": 825_000, "due": 8 + 6, **lost_one}

    # Partial recovery, write-off by two people, recovery after it.
    recover(sal, date(2027, 6, 1), 100_000, 10_000)
    assert parts(loan) == (FIRST_RECOVERY["principal"], FIRST_RECOVERY["interest"], 0, FIRST_RECOVERY["penalties"])
    assert where() == {"repaid": 447_065, "late_more": 752_935, "recovered": 72_065, "due": 8 + 8, **lost_one}
    written = date(2027, 9, 1)
    proposed = write_offs.propose(morning(written), reason="nothing", note="Nothing left.", by=sal.user, now=noon(written))
    write_offs.approve(proposed, by=fay().user, as_of=written, now=noon(written))
    assert where() == {"repaid": 447_065, "written_off": 752_935, "recovered": 72_065, "due": 8 + 11, **lost_one}
    recover(sal, date(2027, 12, 10), 200_000, 30_000)
    assert parts(loan) == (170_000, 0, 0, 0)
    end = morning(date(2029, 1, 15))

    # Every wallet.
    assert tuple(cash(who().party) for who in (bob, carol, eve)) == WALLETS == (355_866, 237_244, 118_625)
    assert (platform(AccountCode.SERVICING_FEES), platform(AccountCode.OPERATOR_FUNDS)) == (sum(FEES), COSTS) == (4_953, 40_000)
    assert cash(alice().party) == 0
    assert sum(WALLETS) + sum(FEES) + COSTS == PAID_IN
    assert [(held.amount - held.received_principal) for held in end.participations.order_by("pk")] == [291_467, 194_312, 97_156]
    assert (end.state, end.standing.outstanding) == ("written_off", LOST)

    # Every statistic, and that the public reads none of it: one loan is fewer than ten.
    (cohort,) = statistics.cohorts(as_of=date(2029, 1, 15), currency="CNY")
    assert cohort == statistics.Cohort(
        name="2026-Q1",
        loans=1,
        originated=PRINCIPAL,
        repaid=REPAID,
        current=0,
        late_30=0,
        late_60=0,
        late_90=0,
        late_more=0,
        written_off=LOST,
        defaulted=1,
        owed_at_default=OWED_AT_DEFAULT,
        recovered=72_065 + 170_000,
        replanned=1,
        due=8 + 24,  # eight fell due before the plan, twenty-four under it
        on_time=4 + 1 + 2,
    )
    assert statistics.published(as_of=date(2029, 1, 15), currency="CNY") == []
    flow = recovery.waterfall(end)
    assert (flow.gross, flow.costs, flow.to_holders, flow.principal) == (300_000, COSTS, 260_000, 242_065)

    # Every statement: July 2026 reads to the byte as it did in August 2026.
    again = statement_of(bob(), date(2026, 7, 1))
    assert both(again) == july
    opening = 4 * 25_000 + 22_500 - 1_124  # four installments: principal, interest, fees
    assert (again.opening, again.closing) == (opening, opening + 29_822 + 29_513) == (121_376, 180_711)
    assert [(one.principal, one.interest, one.charges, one.fee, one.net) for one in again.received] == [
        (25_000, 5_000, 72, 250, 29_822),
        (25_000, 4_750, 0, 237, 29_513),
    ]
    assert [(held.opening, held.closing) for held in again.holdings] == [(500_000, 450_000)]
    for place, who in enumerate((bob, carol, eve)):
        balance = 0
        for month in MONTHS:
            one, moved = statement_of(who(), month), MOVED.get((month.year, month.month), (0, 0, 0))[place]
            assert (one.opening, one.closing) == (balance, balance + moved), month
            balance += moved
        assert balance == WALLETS[place]
        assert [(held.opening, held.closing) for held in one.holdings] == [(HELD[place] - (308_533, 205_688, 102_844)[place],) * 2]
    hers = [statement_of(alice(), month) for month in MONTHS]
    assert {(one.opening, one.closing) for one in hers} == {(0, 0)}
    paid = [part for one in hers for part in one.paid]
    assert tuple(sum(getattr(part, name) for part in paid) for name in ("principal", "interest", "charges")) == (REPAID, 99_283, 340)
    december = hers[23]
    assert sorted(one.amount for one in december.moved) == [-170_000, -30_000, 200_000]  # one line for what three holders share
    assert [(one.principal, one.net) for one in december.paid] == [(170_000, 170_000)]
    with pytest.raises(statement.UnableToState):
        statement_of(bob(), date(2029, 1, 1))

    assert_stored_is_replayed(end)
    assert prove.prove(as_of=business_day.current()) == []
    assert check_books().is_clean
