"""Shares, kept searches and loans side by side, by program: the same operations as the pages, with the same refusals."""

from datetime import datetime

import pytest
from django.utils import timezone

from core import business_day, outbox
from ledger.checks import check_books
from loans.models import Loan
from marketplace.models import Listing, Purchase, Sale
from privacy.models import AccessLog
from tests import cast, stories
from tests.programs import Program, problem
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


@world
def listing(now: datetime) -> Listing:
    """Open; Bob and Eve have money."""
    for member in (cast.bob(), cast.eve()):
        stories.pay_in(member, 3_000_000, now=now)
    return Listing.objects.get(loan=stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=1_000_000, term_months=6, now=now))


@world
def held(listing: Listing, now: datetime) -> Listing:
    """Bob holds all of it."""
    stories.pledge(listing, cast.bob(), 1_000_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(Loan.objects.get(pk=listing.loan_id), proposer=cast.fay(), approver=cast.dan(), now=now)
    return listing


def test_a_holding_is_offered_found_priced_and_bought(held: Listing) -> None:
    bob, eve = Program(cast.bob(), by_token=True), Program(cast.eve())
    answer = bob.post(f"portfolio/holdings/{held.reference}/sell/", {"amount": 600_000, "factor": "0.985"})
    assert answer.status_code == 201, answer.content
    offer = answer.json()
    assert (offer["listing"], offer["amount"], offer["factor"], offer["state"], offer["price"]) == (held.reference, 600_000, "0.985", "open", 591_000)
    assert bob.client.get(answer["Location"]).json() == offer == bob.get("portfolio/sales/").json()["results"][0]

    (found,) = eve.get("sales/").json()["results"]
    assert found == offer
    part = eve.get(f"sales/{offer['reference']}/?amount=200000").json()
    assert (part["part"], part["claim"]["total"], part["price"]) == (200_000, 200_000, 197_000)
    assert AccessLog.objects.filter(page="api.sale").exists()
    problem(eve.get(f"sales/{offer['reference']}/?amount=15000"), 400, "bad_parameter")

    wish = {"amount": 200_000, "seen_price": 197_000, "risk": True}
    address = f"sales/{offer['reference']}/buy/"
    problem(eve.post(address, wish | {"seen_price": 1}), 409, "stale_price")
    problem(eve.post(address, wish | {"risk": False}), 422, "invalid")
    problem(bob.post(address, wish), 409, "own_offer")
    bought = eve.post(address, wish, key="buy-once-1")
    assert bought.status_code == 201, bought.content
    assert eve.post(address, wish, key="buy-once-1").json() == bought.json() == eve.client.get(bought["Location"]).json()
    assert (Purchase.objects.get().price, Sale.objects.get().left) == (197_000, 400_000)
    problem(bob.get(f"purchases/{bought.json()['reference']}/"), 404, "not_found")

    problem(eve.post(f"sales/{offer['reference']}/cancel/"), 404, "not_found")
    assert bob.post(f"sales/{offer['reference']}/cancel/").json()["state"] == "cancelled"
    problem(eve.get(f"sales/{offer['reference']}/"), 404, "not_found")
    assert eve.get("sales/").json()["results"] == []
    assert [row["amount"] for row in eve.get("portfolio/holdings/").json()["results"]] == [200_000]
    assert check_books().is_clean


@pytest.mark.parametrize(("amount", "factor", "field"), [(600_000, "1.06", "factor"), (600_000, "0.98765", "factor"), (0, "1", "amount")])
def test_an_offer_that_cannot_be_is_refused_at_its_field(held: Listing, amount: int, factor: str, field: str) -> None:
    document = problem(Program(cast.bob()).post(f"portfolio/holdings/{held.reference}/sell/", {"amount": amount, "factor": factor}), 422, "invalid")
    assert [error["field"] for error in document["errors"]] == [field]
    assert not Sale.objects.exists()


def test_a_search_is_kept_once_and_ended(now: datetime) -> None:
    bob = Program(cast.bob())
    wanted = {"q": "烤炉", "grade": "B", "rate_min": "8", "term_max": "12"}
    kept = bob.post("searches/", wanted).json()
    assert (kept["q"], kept["rate_min"], kept["term_max"], kept["ended_at"]) == ("烤炉", "0.08", 12, None)
    assert kept["words"] == "“烤炉”, grade B, up to 12 months, from 8.00% a year"
    assert bob.post("searches/", wanted).json() == kept
    assert bob.get("searches/").json()["results"] == [kept]
    problem(bob.post("searches/", {}), 409, "nothing_wanted")
    problem(bob.post("searches/", {"grade": "Z"}), 422, "invalid")
    problem(Program(cast.carol()).post(f"searches/{kept['reference']}/end/"), 404, "not_found")
    assert bob.post(f"searches/{kept['reference']}/end/").json()["ended_at"]
    assert bob.get("searches/").json()["results"] == []


def test_loans_side_by_side_say_which_are_missing(listing: Listing) -> None:
    bob = Program(cast.bob())
    found = bob.get(f"listings/compare/?loans={listing.reference},XQ-00000000").json()
    assert found["missing"] == ["XQ-00000000"]
    assert found["loans"] == [bob.get(f"listings/{listing.reference}/").json()]
    assert AccessLog.objects.filter(page="api.compare", reference=listing.reference).count() == 1
    problem(bob.get("listings/compare/?loans=" + ",".join(f"XQ-0000000{k}" for k in range(5))), 400, "bad_parameter")
    problem(bob.get("listings/compare/"), 400, "bad_parameter")
