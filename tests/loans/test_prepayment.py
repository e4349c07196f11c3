"""Paying before it is due: what each way would change, a quote that holds, what was paid too much; on the pages, without script."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest

from core import business_day
from ledger.checks import check_books
from loans import prepayment, repayment
from loans.event import Entry, enter
from loans.models import Installment, PayoffQuote, Repayment
from loans.replay import Kind
from tests import stories
from tests.cast import alice, bob, client_of, eve
from tests.loans.book import NOW, cash, give, lend, rolled_back
from tests.loans.test_repayment import loan, now  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
FEB, MAR = date(2026, 2, 15), date(2026, 3, 15)
LEVEL = 106_619


@pytest.fixture
def plain():
    """12,000 yuan over twelve months at 12 %, the first installment paid."""
    with rolled_back():
        give(alice(now=NOW).party, 2_000_000, key="alice")
        made = lend(alice().party, {bob(now=NOW).party: 1_200_000})
        repayment.pay(loan=made, amount=LEVEL, by=None, key="first", as_of=FEB, now=NOW)
        yield made


def test_three_ways_of_using_the_same_money(plain):
    """On the second due date 3,000 more than due. Finishing sooner saves most: the money works longest."""
    following, shorter, lower = prepayment.ways(plain, LEVEL + 300_000, as_of=MAR)
    assert [way.choice for way in (following, shorter, lower)] == ["next", "shorten", "lower"]
    assert (following.left, shorter.left, lower.left) == (8, 7, 10)
    assert (following.last_due_on, shorter.last_due_on, lower.last_due_on) == (date(2027, 1, 15), date(2026, 10, 15), date(2027, 1, 15))
    assert (following.saved, following.next_amount) == (0, 106_619 * 4 - 406_619 + 106_619 - 106_619)
    assert (shorter.next_amount, lower.next_amount) == (LEVEL, 74_944)
    assert shorter.saved > lower.saved > 0
    assert not Repayment.objects.filter(event__on=MAR).exists()
    done = repayment.pay(loan=plain, amount=LEVEL + 300_000, by=None, key="now", as_of=MAR, now=NOW, choice="shorten")
    assert done.principal == shorter.principal
    left = Installment.objects.filter(loan=plain, paid_on=None)
    assert (left.count(), sum(row.interest for row in left)) == (7, shorter.interest)


@pytest.mark.parametrize(("amount", "code"), [(0, "not_positive"), (-5, "not_positive"), (9_000_000, "more_than_owed")])
def test_what_cannot_be_paid_has_no_ways(plain, amount, code):
    with pytest.raises(repayment.UnableToRepay) as caught:
        prepayment.ways(plain, amount, as_of=MAR)
    assert caught.value.code == code


def test_another_currency_is_refused_and_nothing_taken(plain):
    with pytest.raises(repayment.UnableToRepay) as caught:
        repayment.pay(loan=plain, amount=500, by=None, key="euro", as_of=MAR, now=NOW, currency="EUR")
    assert caught.value.code == "other_currency"
    assert cash(alice().party) == 2_000_000 - LEVEL


def test_a_disputed_loan_takes_nothing_from_the_borrower(plain):
    enter(plain, Entry(Kind.DISPUTE, MAR), by=None, key="dispute", as_of=MAR, now=NOW)
    plain.refresh_from_db()
    for act in (
        lambda: repayment.pay(loan=plain, amount=500, by=None, key="pay", as_of=MAR, now=NOW),
        lambda: repayment.settle_early(loan=plain, expected=repayment.quote_settlement(plain, as_of=MAR).total, by=None, key="all", as_of=MAR, now=NOW),
    ):
        with pytest.raises(repayment.UnableToRepay) as caught:
            act()
        assert caught.value.code == "disputed"


def test_a_quote_holds_its_days_whatever_is_charged_and_not_a_day_longer(plain):
    """Made on the 20th of March, five days late: the nights until the 26th cost 17 fen each, and the quote does not know them."""
    made = repayment.make_quote(plain, as_of=date(2026, 3, 20), now=NOW)
    assert (made.expires_on, len(made.days)) == (date(2026, 3, 26), 7)
    day = date(2026, 3, 24)
    held = repayment.standing_quote(plain, as_of=day)
    today = repayment.quote_settlement(plain, as_of=day)
    assert held is not None
    assert today.total - held["total"] == today.penalties - held["penalties"] > 0
    assert repayment.standing_quote(plain, as_of=date(2026, 3, 27)) is None
    with pytest.raises(repayment.UnableToRepay, match="quote_changed"):
        repayment.settle_early(loan=plain, expected=held["total"], by=None, key="late", as_of=date(2026, 3, 27), now=NOW)
    repayment.settle_early(loan=plain, expected=held["total"], by=None, key="quoted", as_of=day, now=NOW)
    plain.refresh_from_db()
    assert (plain.state, plain.standing.overpaid, plain.standing.outstanding) == ("repaid", 0, 0)
    assert plain.events.get(kind="settlement").data == {"quote": made.reference}


def test_other_money_ends_a_quote(plain):
    repayment.make_quote(plain, as_of=MAR, now=NOW)
    repayment.pay(loan=plain, amount=1_000, by=None, key="more", as_of=MAR, now=NOW)
    assert repayment.standing_quote(plain, as_of=MAR) is None


def test_what_moves_nothing_ends_no_quote(plain):
    """A note, a fee, a pause: the quote holds. A waiver changes what is owed, and ends it."""
    repayment.make_quote(plain, as_of=MAR, now=NOW)
    held = repayment.standing_quote(plain, as_of=MAR)
    for kind, amount, data in ((Kind.NOTE, 0, {"what": "called"}), (Kind.FEE, 500, {}), (Kind.PAUSE, 0, {"until": "2026-03-20"})):
        enter(plain, Entry(kind, MAR, amount, data), by=None, key=kind.value, as_of=MAR, now=NOW)
        assert repayment.standing_quote(plain, as_of=MAR) == held
    enter(plain, Entry(Kind.WAIVER, MAR, 100, {"part": "fees"}), by=None, key="waiver", as_of=MAR, now=NOW)
    assert repayment.standing_quote(plain, as_of=MAR) is None


def test_what_was_paid_too_much_is_given_back_once(plain):
    last = date(2026, 3, 25)
    repayment.settle_early(loan=plain, expected=repayment.quote_settlement(plain, as_of=last).total, by=None, key="all", as_of=last, now=NOW)
    enter(plain, Entry(Kind.PAYMENT, MAR, 20_000), by=None, key="found later", as_of=date(2026, 4, 1), now=NOW)
    plain.refresh_from_db()
    over, had = plain.standing.overpaid, cash(alice().party)
    assert over > 20_000
    for _again in range(2):
        assert repayment.return_overpaid(plain, by=alice().user, key="back", as_of=date(2026, 4, 2), now=NOW) == over
    assert cash(alice().party) == had + over
    with pytest.raises(repayment.UnableToRepay, match="nothing_overpaid"):
        repayment.return_overpaid(plain, by=alice().user, key="more", as_of=date(2026, 4, 2), now=NOW)
    assert check_books().is_clean


# --- The pages


def key_of(response) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_looking_at_the_ways_takes_nothing_and_one_is_confirmed(loan, now, language):  # noqa: F811
    browser, page = client_of(alice(), language=language), f"/loans/{loan.reference}"
    seen = browser.get(f"{page}/early/", {"amount": "１０,０００"})
    assert seen.status_code == 200
    assert seen.content.decode().count('name="choice"') == 3
    assert not Repayment.objects.exists()
    done = browser.post(f"{page}/repay/", {"amount": "10,000", "choice": "lower", "idempotency_key": key_of(seen)})
    assert done.status_code == 302
    assert loan.events.get().data == {"choice": "lower"}


def test_amounts_that_cannot_be_are_told_at_the_field(loan, now):  # noqa: F811
    browser, page = client_of(alice()), f"/loans/{loan.reference}"
    for amount in ("", "0", "-5", "many", "99999999"):
        assert browser.get(f"{page}/early/", {"amount": amount}).status_code == 422, amount
    wrong = browser.post(f"{page}/repay/", {"amount": "100", "choice": "faster", "idempotency_key": uuid4().hex})
    assert wrong.status_code == 422
    euro = browser.post(f"{page}/repay/", {"amount": "100", "currency": "EUR", "idempotency_key": uuid4().hex})
    assert euro.status_code == 422
    assert "another currency" in euro.content.decode()
    assert not Repayment.objects.exists()


def test_a_quote_is_made_on_its_page_and_settles_days_later(loan, now):  # noqa: F811
    stories.pay_in(alice(), 5_000_000, now=now)
    browser, page = client_of(alice()), f"/loans/{loan.reference}"
    first = browser.get(f"{page}/payoff/")
    assert browser.post(f"{page}/payoff/", {"idempotency_key": key_of(first)}).status_code == 302
    made = PayoffQuote.objects.get()
    assert made.reference in browser.get(f"{page}/payoff/").content.decode()
    business_day.advance(to=business_day.current() + timedelta(days=2), now=now)
    shown = browser.get(f"{page}/payoff/").content.decode()
    expected = re.search(r'name="expected" value="(\d+)"', shown).group(1)
    assert int(expected) == made.days[business_day.current().isoformat()]["total"]
    assert browser.post(f"{page}/settle/", {"expected": expected, "idempotency_key": uuid4().hex}).status_code == 302
    loan.refresh_from_db()
    assert loan.state == "repaid"
    for path in ("", "/early/", "/payoff/"):
        assert browser.get(f"{page}{path or '/'}").status_code == 200
    assert browser.post(f"{page}/payoff/", {"idempotency_key": uuid4().hex}).status_code == 409
    assert browser.post(f"{page}/overpaid/", {"idempotency_key": uuid4().hex}).status_code == 409


def test_a_standing_order_is_given_and_ended(loan, now):  # noqa: F811
    browser, page = client_of(alice()), f"/loans/{loan.reference}/autopay/"
    for on, expected in (("1", True), ("", False)):
        assert browser.post(page, {"on": on, "idempotency_key": uuid4().hex}).status_code == 302
        loan.refresh_from_db()
        assert loan.autopay is expected


def test_somebody_elses_loan_has_no_such_pages(loan, now):  # noqa: F811
    stranger = client_of(eve())
    for path in ("early/", "payoff/"):
        assert stranger.get(f"/loans/{loan.reference}/{path}").status_code == 404
    for path in ("payoff/", "overpaid/", "autopay/"):
        assert stranger.post(f"/loans/{loan.reference}/{path}", {"idempotency_key": uuid4().hex}).status_code == 404
