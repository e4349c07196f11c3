"""A year as the tax office reads it: worked out by hand, true to the cent over a holding's whole life, the same every time."""

import csv
import io
from datetime import date

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from core import business_day
from loans import event as events
from loans.event import Entry, Kind
from marketplace import tax_statement
from marketplace.tax_year import Entry as Step
from marketplace.tax_year import year_of
from tests.cast import bob, carol, client_of, eve, fay
from tests.counts import cases
from tests.marketplace.test_sale import NOW, buy, lent, offered, pay


def on(year, day=1):
    return date(year, 6, day)


def test_by_hand_a_share_bought_below_par_and_half_of_it_sold():
    """1,000 of principal for 900; 200 comes back (cost 180, gain 20); half of the rest is sold for 390 (cost 360, gain 30)."""
    steps = [Step(on(2025), "bought", 1_000, 900), Step(on(2026), "paid", 200, interest=10, fee=1), Step(on(2026, 2), "sold", 400, 390)]
    year = year_of(steps, year=2026)
    assert (year.repaid_gain, year.sale_gain, year.interest, year.fee, year.result) == (20, 30, 10, 1, 59)
    assert (year.principal, year.cost, year.bought) == (400, 360, 0)
    assert year_of(steps, year=2025).result == 0
    assert not year_of(steps, year=2024).moved


def test_by_hand_a_write_off_and_what_came_after_it():
    """Written off at what it cost; what comes later is a recovery in whole; undone, the cost of what is left stands again."""
    steps = [Step(on(2025), "lent", 1_000), Step(on(2026), "written_off"), Step(on(2027), "paid", 300), Step(on(2028), "restored")]
    assert year_of(steps, year=2026).result == -1_000
    assert year_of(steps, year=2027).recovered == year_of(steps, year=2027).result == 300
    undone = year_of(steps, year=2028)
    assert (undone.result, undone.cost, undone.principal) == (700, 700, 700)


@st.composite
def lives(draw):
    """A holding's life: bought or lent, paid, taken back, sold, written off, restored, year after year."""
    left, steps, out, money = 0, [], False, 0
    for year in range(2025, 2025 + draw(st.integers(1, 6))):
        for kind in draw(st.lists(st.sampled_from(["lent", "bought", "sold", "paid", "back", "written_off", "restored"]), max_size=5)):
            part = draw(st.integers(1, 10_000))
            if kind in ("lent", "bought") and not out:
                price = part if kind == "lent" else draw(st.integers(1, 10_000))
                steps, left, money = [*steps, Step(on(year), kind, part, price)], left + part, money - price
            elif kind == "sold" and left and not out:
                steps, left, money = [*steps, Step(on(year), kind, min(part, left), part)], left - min(part, left), money + part
            elif kind == "paid" and left:
                steps.append(Step(on(year), "paid", min(part, left), interest=part, fee=part // 9))
                left, money = left - min(part, left), money + min(part, left) + part - part // 9
            elif kind == "back" and left and not out:
                steps, left, money = [*steps, Step(on(year), "paid", -part)], left + part, money - part
            elif kind in ("written_off", "restored") and left:
                steps, out = [*steps, Step(on(year), kind)], kind == "written_off"
    return steps, money


@pytest.mark.soak
@given(lives())
@settings(max_examples=cases(200, soak=2_000), deadline=None)
def test_all_years_together_are_the_money_that_moved(life):
    """The sum of all results is what came less what went, plus what the rest still stands for; a later year never changes an earlier one."""
    steps, money = life
    years = [year_of(steps, year=year) for year in range(2025, 2032)]
    assert sum(year.result for year in years) == money + years[-1].cost
    for year in (2025, 2027, 2029):
        assert year_of([step for step in steps if step.on.year <= year], year=year) == year_of(steps, year=year)


def statement(member, year):
    return tax_statement.of(member().party, currency="CNY", year=year, as_of=business_day.current())


@pytest.mark.django_db
def test_a_loan_told_by_its_years():
    """2026: interest, and half a share sold below its claim. 2027: written off, and something came back."""
    loan = lent()
    pay(loan, 2)
    buy(offered(loan, amount=300_000, factor="0.95"), amount=300_000)
    mine = loan.participations.get(party=bob().party)
    year = statement(bob, 2026).total
    (sold,) = mine.given.all()
    assert (year.lent, year.sold_for, year.sold_cost) == (600_000, sold.price, 300_000 - sold.carried_principal)
    received = [(share.interest, share.servicing_fee, share.principal) for share in mine.shares.all()]
    assert (year.interest, year.fee, year.repaid) == tuple(sum(parts) for parts in zip(*received, strict=True))
    assert year.principal == year.cost == mine.amount - mine.received_principal
    assert year.sale_gain < 0 < year.interest
    assert statement(eve, 2026).total.bought == sold.price

    before = statement(bob, 2026).sha256
    business_day.advance(to=date(2027, 2, 2), now=NOW)
    whole = statement(bob, 2026)
    assert whole.complete
    assert whole.total == year
    assert whole.sha256 != before, "the year is over now, and the statement says so"
    events.enter(loan, Entry(Kind.WRITE_OFF, date(2027, 2, 2)), by=fay().user, key="off", as_of=date(2027, 2, 2), now=NOW)
    written = statement(bob, 2027).total
    assert (written.written_off, written.result, written.cost) == (year.cost, -year.cost, 0)
    events.enter(loan, Entry(Kind.RECOVERY, date(2027, 2, 2), 200_000), by=fay().user, key="back", as_of=date(2027, 2, 2), now=NOW)
    back = statement(bob, 2027).total
    assert back.recovered == mine.shares.get(repayment__kind="recovery").principal > 0
    assert statement(bob, 2026).sha256 == whole.sha256, "what happens in a later year changes nothing"
    the_pages(whole)


def the_pages(whole):
    page, english = "/portfolio/tax/2026/", client_of(bob())
    assert whole.sha256 in english.get(page).content.decode()
    chinese = client_of(bob(), language="zh-hans")
    assert "这一年的结果" in chinese.get(page).content.decode()
    files = [english.get(f"{page}{kind}/").content for kind in ("csv", "pdf", "csv", "pdf")]
    assert files[:2] == files[2:], "made anew, the same bytes"
    assert files[1].startswith(b"%PDF")
    assert files[1] != chinese.get(f"{page}pdf/").content
    rows = list(csv.DictReader(io.StringIO(files[0].decode("utf-8-sig"))))
    total = next(row for row in rows if row["listing"] == "total")
    assert total["result"] == f"{whole.total.result / 100:.2f}"
    assert (rows[-1]["year"], rows[-1]["until"]) == ("sha256", whole.sha256)
    with translation.override("zh-hans"):
        assert tax_statement.as_csv(whole) == files[0].decode("utf-8-sig").replace("\r\n", "\r\n"), "one file in every language"
    assert "2026" in english.get("/portfolio/tax/").content.decode()


@pytest.mark.django_db
def test_a_year_that_is_not_there(db):
    business_day.advance(to=NOW.date(), now=NOW)
    visitor = client_of(carol(now=NOW))
    for year, words in ((2031, "has not begun"), (2026, "Nothing to state"), (0, "Nothing to state"), (99_999_999, "has not begun")):
        page = visitor.get(f"/portfolio/tax/{year}/")
        assert (page.status_code, words in page.content.decode()) == (404, True)
        assert [visitor.get(f"/portfolio/tax/{year}/{kind}/").status_code for kind in ("csv", "pdf")] == [404, 404]
    assert "No statement yet" in visitor.get("/portfolio/tax/").content.decode()
