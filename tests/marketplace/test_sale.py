"""A share changes hands: priced as the whole claim, bounded, in turns, in one transaction; the seller's file closes, and every cent is where it should be."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from core import business_day, outbox, states
from ledger.chart import AccountCode
from ledger.checks import check_books
from ledger.queries import balance
from loans import delinquency, repayment
from loans import file as files
from loans.day import prove
from loans.event import Entry, enter, repayment_of, undo
from loans.models import HoldingTransfer, Loan, Participation, Share
from loans.replay import Kind
from marketplace import claim, results, sale
from marketplace.models import Listing, Purchase, Sale
from marketplace.sale import UnableToTrade, Wish
from notifications.models import Message
from privacy import consents
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve, fay
from tests.marketplace.test_suitability import qualified, under
from tests.worlds import world

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
pytestmark = pytest.mark.django_db


@world
def loan():
    """Bob holds 6,000 yuan of it and Carol 4,000; Eve has money; the first installment is paid."""
    return lent()


def lent():
    business_day.advance(to=NOW.date(), now=NOW)
    for investor in (bob(now=NOW), carol(now=NOW), eve(now=NOW)):
        stories.pay_in(investor, 3_000_000, now=NOW)
    made = stories.accepted_loan(alice(now=NOW), reviewer=dan(now=NOW), amount=1_000_000, term_months=6, now=NOW)
    listing = Listing.objects.get(loan=made)
    stories.pledge(listing, bob(), 600_000, now=NOW)
    stories.pledge(listing, carol(), 400_000, now=NOW)
    outbox.drain(now=NOW)
    stories.pay_out(Loan.objects.get(pk=made.pk), proposer=fay(now=NOW), approver=dan(), now=NOW)
    stories.pay_in(alice(), 1_300_000, now=NOW)
    pay(Loan.objects.get(pk=made.pk), 1)
    return Loan.objects.get(pk=made.pk)


def pay(loan, number):
    day = loan.installments.get(number=number).due_on
    business_day.advance(to=day, now=NOW)
    repayment.pay(loan=loan, amount=repayment.owed(loan, as_of=day).due, by=alice().user, key=f"pay-{number}", as_of=day, now=NOW)


def offered(loan, seller=bob, *, amount=600_000, factor="1", key="offer-1"):
    holding = Participation.objects.get(loan=loan, party=seller().party)
    return sale.offer(holding=holding, party=seller().party, by=seller().user, amount=amount, factor=Decimal(factor), key=key, now=NOW)


def buy(offer, buyer=eve, *, amount=None, key="buy-1", seen=None):
    part = amount or offer.left
    day = business_day.current()
    price = seen if seen is not None else claim.price(worth_of(offer, part), offer.factor)
    return sale.buy(Wish(offer, buyer().party, buyer().user, part, price), key=key, as_of=day, now=NOW)


def worth_of(offer, amount):
    return claim.of(Participation.objects.get(pk=offer.participation_id), amount, as_of=business_day.current())


def refused(code, call, *args, **more):
    with pytest.raises(UnableToTrade) as error:
        call(*args, **more)
    assert error.value.code == code


def cash(member):
    return balance(code=AccountCode.CLIENT_CASH, owner=member().party.ledger_owner, currency="CNY").available


def sound(loan):
    assert check_books().is_clean
    assert prove.prove(as_of=business_day.current()) == []
    assert sum(loan.participations.values_list("amount", flat=True)) == loan.principal


def test_a_whole_share_changes_hands(loan):
    listing = loan.listing
    before = cash(bob), cash(eve)
    offer = offered(loan, factor="0.98")
    worth = worth_of(offer, 600_000)
    held = Participation.objects.get(loan=loan, party=bob().party)
    assert worth.principal == held.amount - held.received_principal, "what is repaid of it is not sold again"
    bought = buy(offer)
    assert bought.price == round(worth.total * Decimal("0.98"))
    assert (cash(bob), cash(eve)) == (before[0] + bought.price, before[1] - bought.price)
    held.refresh_from_db()
    taken = Participation.objects.get(loan=loan, party=eve().party)
    assert (held.amount, held.received_principal, held.ended_at) == (0, 0, NOW)
    assert (taken.amount, taken.amount - taken.received_principal) == (600_000, worth.principal)
    assert Sale.objects.get().state == "sold"
    assert files.relation_of(bob().user, loan.file) is None
    assert files.relation_of(eve().user, loan.file) == "holder"
    assert client_of(bob()).get(f"/market/{listing.reference}/").status_code == 404
    assert client_of(eve()).get(f"/market/{listing.reference}/").status_code == 200
    sound(loan)
    seller, buyer = before[0] + bought.price, cash(eve)
    pay(loan, 2)
    assert cash(bob) == seller, "what comes now is the buyer's"
    assert cash(eve) > buyer
    sound(loan)
    outbox.drain(now=NOW)
    told = dict(Message.objects.filter(template__startswith="sale.").values_list("template", "user"))
    assert told == {"sale.sold": bob().user.pk, "sale.bought": eve().user.pk}


def test_the_loan_ends_to_the_last_cent_whoever_held_it(loan):
    buy(offered(loan, amount=130_000), amount=50_000, key="one")
    buy(Sale.objects.get(), carol, key="two")
    pay(loan, 2)
    quote = repayment.quote_settlement(loan, as_of=business_day.current())
    repayment.settle_early(loan=loan, expected=quote.total, by=alice().user, key="end", as_of=business_day.current(), now=NOW)
    for holding in loan.participations.all():
        assert holding.received_principal == holding.amount
    assert sorted(loan.participations.values_list("amount", flat=True)) == [50_000, 470_000, 480_000]
    sound(loan)


def wealth(member, loan):
    """Cash and what is still out of this loan."""
    held = Participation.objects.filter(loan=loan, party=member().party).first()
    return cash(member) + (held.amount - held.received_principal if held else 0)


def shares_of(made):
    return {share.participation.party_id: share.net for share in made.shares.select_related("participation")}


def test_each_payment_is_its_days_holders_and_a_correction_the_present_ones(loan):
    """Eve bought the claim as the books had it, at its whole worth: what they find afterwards for an earlier day is a part of that claim."""
    first = loan.repayments.get()
    business_day.advance(to=business_day.current() + timedelta(days=3), now=NOW)
    buy(offered(loan))
    today, bobs, before = business_day.current(), cash(bob), (wealth(eve, loan), wealth(carol, loan))
    made = enter(loan, Entry(Kind.PAYMENT, today - timedelta(days=2), 100_000), by=None, key="found", as_of=today, now=NOW)
    found = repayment_of(made)
    parties = {member().party.pk for member in (carol, eve)}
    assert (set(shares_of(first)), set(shares_of(found))) == ({bob().party.pk, carol().party.pk}, parties)
    assert sum(shares_of(found).values()) + fees(found) == 100_000
    sound(loan)
    undo(loan, first.event, by=None, why="returned", as_of=today, now=NOW)
    assert cash(bob) == bobs, "sold is sold: nothing more comes, and nothing is taken back"
    assert all(set(shares_of(one)) <= parties for one in loan.repayments.exclude(pk=first.pk))
    # Principal only changes its place between wallet and loan; what they are worth moves by interest, late charges and the fee on it.
    earned = [sum(share.interest + share.fees + share.penalties - share.servicing_fee for share in own(member, loan, first)) for member in (eve, carol)]
    assert [wealth(eve, loan) - before[0], wealth(carol, loan) - before[1]] == earned
    sound(loan)


def own(member, loan, first):
    return Share.objects.filter(participation__party=member().party, repayment__loan=loan).exclude(repayment=first)


def fees(made):
    return sum(made.shares.values_list("servicing_fee", flat=True))


def test_the_same_key_buys_once_and_other_content_is_refused(loan):
    offer = offered(loan)
    assert offered(loan) == offer
    refused("key_conflict", offered, loan, amount=500_000)
    first = buy(offer, amount=100_000)
    assert buy(offer, amount=100_000) == first
    refused("key_conflict", buy, offer, amount=200_000)
    assert (Purchase.objects.count(), HoldingTransfer.objects.count()) == (1, 1)


def test_what_cannot_be_offered(loan):
    refused("factor", offered, loan, factor="1.06")
    refused("factor", offered, loan, factor="0.69")
    refused("not_a_multiple", offered, loan, amount=605_000)
    refused("not_a_multiple", offered, loan, amount=700_000)
    holding = Participation.objects.get(loan=loan, party=bob().party)
    refused("not_held", sale.offer, holding=holding, party=eve().party, by=eve().user, amount=10_000, factor=Decimal(1), key="x", now=NOW)
    offered(loan)
    refused("already_offered", offered, loan, key="again")


def test_a_share_just_repaid_is_neither_offered_nor_bought(loan):
    offer = offered(loan)
    quote = repayment.quote_settlement(loan, as_of=business_day.current())
    repayment.settle_early(loan=loan, expected=quote.total, by=alice().user, key="end", as_of=business_day.current(), now=NOW)
    refused("changed", buy, offer, seen=1)
    outbox.drain(now=NOW)
    offer.refresh_from_db()
    assert (offer.state, states.history(offer)[-1].why) == ("cancelled", "loan_changed")
    refused("not_sellable", offered, loan, key="late")
    assert Message.objects.filter(template="sale.cancelled", user=bob().user).count() == 1


def test_an_offer_ends_when_the_loan_turns_late_and_may_be_made_anew(loan):
    offer = offered(loan)
    stories.morning_of(loan.installments.get(number=2).due_on + timedelta(days=6), now=NOW)
    refused("changed", buy, offer, seen=1)
    outbox.drain(now=NOW)
    offer.refresh_from_db()
    assert offer.state == "cancelled"
    again = offered(loan, factor="0.80", key="cheaper")
    assert worth_of(again, 600_000).charges > 0, "late charges are part of the claim"
    assert buy(again).price > 0
    sound(loan)


def test_what_cannot_be_bought(loan):
    offer = offered(loan)
    refused("own_offer", buy, offer, bob)
    refused("own_loan", buy, offer, _lending_alice)
    refused("stale_price", buy, offer, seen=12_345)
    refused("too_much", buy, offer, amount=610_000)
    refused("not_a_multiple", buy, offer, amount=15_000)
    eve().party.__class__.objects.filter(pk=eve().party.pk).update(verified_at=None)
    refused("not_an_investor", buy, offer)
    sale.cancel(offer, by=bob().user, now=NOW)
    refused("gone", buy, offer, carol)
    assert not HoldingTransfer.objects.exists()


def _lending_alice():
    member = alice()
    member.party.__class__.objects.filter(pk=member.party.pk).update(invests=True)
    return alice()


def test_a_large_share_is_confirmed_like_a_large_pledge(loan):
    offer, eve_ = offered(loan), under("ECSPR", eve())
    qualified(eve_, figures={"income": 1_000_000, "assets": 0, "commitments": 0}, at=NOW)
    refused("confirm_amount", buy, offer)
    Sale.objects.update(expires_at=timezone.now() + timedelta(days=1))
    browser, address = client_of(eve_), f"/shares/{offer.reference}/"
    price = re.search(r'name="seen_price" value="(\d+)"', browser.get(address).content.decode())[1]
    data = {"amount": "6000.00", "seen_price": price, "risk": "on", "idempotency_key": uuid.uuid4().hex}
    asked = browser.post(address, data)
    assert (asked.status_code, 'name="large"' in asked.content.decode()) == (422, True)
    assert browser.post(address, data | {"large": "on", "idempotency_key": uuid.uuid4().hex}).status_code == 302
    assert Purchase.objects.get().price == int(price)


def test_no_money_no_share(loan):
    member = dan()
    member.party.__class__.objects.filter(pk=member.party.pk).update(invests=True, verified_at=NOW)
    refused("insufficient_funds", buy, offered(loan), dan)
    sound(loan)


def test_sellers_are_served_in_turn(loan):
    """Whoever sells a part goes behind who still waits, however early they came."""
    first, second = offered(loan), offered(loan, carol, amount=400_000, key="offer-2")
    order = lambda: [one.party for one in sale.queue(now=NOW)]  # noqa: E731
    assert order() == [first.party, second.party]
    buy(first, amount=10_000, key="a")
    assert order() == [second.party, first.party]
    buy(second, amount=10_000, key="b")
    assert order() == [first.party, second.party]


def test_a_share_is_not_listed_once_its_borrower_no_longer_wants_to_be_shown(loan):
    offer = offered(loan)
    assert list(sale.queue(now=NOW)) == [offer]
    consents.withdraw(subject=loan.file.subject, purpose="listing_disclosure", locale="en", matter=loan.file.matter, now=NOW)
    assert list(sale.queue(now=NOW)) == []


def test_the_figures_of_both_sides_say_what_the_sale_brought(loan):
    day = business_day.current()
    bought = buy(offered(loan, factor="0.70"))
    seller, buyer = (results.of(who().party, currency="CNY", as_of=day).plain for who in (bob, eve))
    assert seller.worth == 0
    assert seller.profit < 0
    assert buyer.put_in == bought.price
    assert buyer.profit == buyer.worth - bought.price > 0
    assert "has lost" in client_of(bob()).get("/portfolio/").content.decode()


def test_what_is_bought_and_sold_on_one_day_was_put_in_and_came_back(loan):
    """Eve buys Bob's 6,000 at 0.90 of the claim and sells them on at 1.05 the same day: by hand, the one price in, the other back."""
    day, worth = business_day.current(), worth_of(offered(loan, factor="0.90"), 600_000).total
    paid, got = (round(worth * Decimal(factor)) for factor in ("0.90", "1.05"))
    buy(Sale.objects.get(participation__party=bob().party))
    buy(offered(loan, eve, factor="1.05", key="on"), carol, key="buy-2")
    found = results.of(eve().party, currency="CNY", as_of=day).plain
    assert (found.put_in, found.came_back, found.worth, found.profit) == (paid, got, 0, got - paid)


def test_what_is_too_late_or_disputed_is_neither_shown_nor_bought_and_its_offer_ends(loan):
    """Offered on the 60th day late it can still be bought; the day after nobody buys it any more, and the offer is taken down. So in a dispute."""
    due = loan.installments.get(number=2).due_on
    stories.morning_of(due + timedelta(days=60), now=NOW)
    loan.refresh_from_db()
    offer = offered(loan)
    assert (loan.days_late, list(sale.queue(now=NOW))) == (60, [offer])
    delinquency.close_day(to=due + timedelta(days=61), now=NOW)
    refused("too_late", buy, offer, seen=1)
    assert list(sale.queue(now=NOW)) == []
    assert sale.tidy(now=NOW) == 1
    loan.refresh_from_db()
    refused("too_late", offered, loan, key="late")
    day = business_day.current()
    repayment.pay(loan=loan, amount=repayment.owed(loan, as_of=day).due, by=alice().user, key="all", as_of=day, now=NOW)
    again = offered(Loan.objects.get(pk=loan.pk), key="paid")
    dispute = enter(loan, Entry(Kind.DISPUTE, day), by=None, key="dispute", as_of=day, now=NOW)
    refused("changed", buy, again, seen=1)
    assert list(sale.queue(now=NOW)) == []
    assert sale.tidy(now=NOW) == 1
    refused("disputed", offered, loan, key="disputed")
    undo(loan, dispute, by=None, why="mistake", as_of=day, now=NOW)
    assert offered(loan, key="settled").state == "open"


def test_time_over(loan):
    offer = offered(loan)
    assert sale.tidy(now=NOW + timedelta(days=sale.DAYS)) == 1
    offer.refresh_from_db()
    assert offer.state == "expired"


def test_strangers_and_the_unverified_find_nothing(loan):
    offer = offered(loan)
    assert client_of(carol()).post(f"/shares/{offer.reference}/cancel/").status_code == 404
    assert client_of(eve()).get(f"/portfolio/{loan.listing.reference}/sell/").status_code == 404
    for member in (carol(), eve()):
        html = client_of(member).get(f"/shares/{offer.reference}/").content.decode()
        assert "A second oven" not in html, "terms of the contract, nothing of the borrower"
    eve().party.__class__.objects.filter(pk=eve().party.pk).update(verified_at=None)
    assert client_of(eve()).get(f"/shares/{offer.reference}/").status_code == 404
    assert offer.reference not in client_of(eve()).get("/shares/").content.decode()


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_buyers_of_the_last_piece_and_a_repayment_at_once():
    """One of them gets it; the register, the books and the repayment agree whoever came first."""
    loan = lent()
    offer = offered(loan)
    members = {"carol": carol(), "eve": eve()}
    price = claim.price(worth_of(offer, 600_000), offer.factor)

    def one(name):
        member = members[name]
        try:
            return sale.buy(Wish(offer, member.party, member.user, 600_000, price), key=f"race-{name}", as_of=business_day.current(), now=NOW).party
        except UnableToTrade as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, members))
    assert sorted(str(one) for one in found if isinstance(one, str)) == ["gone"]
    assert HoldingTransfer.objects.count() == 1
    pay(loan, 2)
    sound(loan)
