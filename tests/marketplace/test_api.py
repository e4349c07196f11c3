"""The market by program: what an investor finds, pledges and takes back; what strangers and odd bodies get."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from core import business_day, outbox
from ledger.checks import check_books
from marketplace.models import Listing, Pledge
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
    loan = stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(cast.bob(), 5_000_000, now=now)
    return Listing.objects.get(loan=loan)


def wish(listing: Listing, amount: Any = 100_000, **other: Any) -> dict[str, Any]:
    return {"amount": amount, "seen_rate": str(listing.annual_rate.normalize()), "risk": True} | other


def test_an_investor_finds_a_loan_pledges_and_takes_it_back(listing: Listing) -> None:
    bob = Program(cast.bob(), by_token=True)
    (row,) = bob.get(f"listings/?grade={listing.grade}&term_max=6&sort=rate").json()["results"]
    assert (row["reference"], row["target"], row["currency"]) == (listing.reference, 4_800_000, "CNY")
    assert bob.get("listings/?sort=new").json()["next"] is None
    shown = bob.get(f"listings/{listing.reference}/").json()
    assert AccessLog.objects.filter(page="api.listing", reference=listing.reference).exists()
    assert {fact["name"] for fact in shown["facts"]} >= {"income_monthly", "region"}
    income = next(fact for fact in shown["facts"] if fact["name"] == "income_monthly")
    assert income["low"] <= 1_500_000 < income["high"]

    answer = bob.post(f"listings/{listing.reference}/pledges/", wish(listing))
    assert answer.status_code == 201, answer.content
    placed = answer.json()
    assert answer["Location"] == f"/api/v1/pledges/{placed['reference']}/"
    assert bob.client.get(answer["Location"]).json() == placed
    assert (placed["amount"], placed["currency"], placed["state"], placed["cancellable"]) == (100_000, "CNY", "reserved", True)
    assert bob.get("wallet/").json()["reserved"] == 100_000
    assert bob.get("portfolio/").json()["reserved"] == 100_000

    cancelled = bob.post(f"pledges/{placed['reference']}/cancel/").json()
    assert (cancelled["state"], cancelled["cancellable"]) == ("cancelled", False)
    assert bob.get("wallet/").json()["reserved"] == 0
    assert [row["state"] for row in bob.get("pledges/").json()["results"]] == ["cancelled"]
    assert check_books().is_clean


def test_what_a_program_reads_of_a_listing_is_the_disclosed_record_and_nothing_else(listing: Listing) -> None:
    shown = Program(cast.bob()).get(f"listings/{listing.reference}/").content.decode()
    alice = cast.PEOPLE["alice"]
    for hidden in (alice.legal_name, alice.number, alice.email, "13800138000", "daily sales", cast.alice().party.reference, "contact", "phone_"):
        assert hidden not in shown


def test_one_key_acts_once_and_gives_the_same_bytes(listing: Listing) -> None:
    bob = Program(cast.bob())
    address = f"listings/{listing.reference}/pledges/"
    first, again = (bob.post(address, wish(listing), key="one-key-0001") for _ in range(2))
    assert (first.status_code, first.content, first["Location"]) == (again.status_code, again.content, again["Location"])
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Pledge.objects.count() == 1
    problem(bob.post(address, wish(listing, 200_000), key="one-key-0001"), 409, "key_reused")
    problem(bob.post(address, wish(listing) | {"amount": "abc"}, key="one-key-0001"), 409, "key_reused")
    problem(bob.post(address, wish(listing), key=""), 400, "idempotency_key_missing")
    problem(bob.post(address, wish(listing), key="short"), 400, "idempotency_key_invalid")
    assert Pledge.objects.count() == 1
    carol = Program(cast.carol())
    problem(carol.post(address, wish(listing), key="one-key-0001"), 409, "insufficient_funds")


REFUSED = (
    ({"amount": 50}, "below_minimum"),
    ({"amount": 100_001}, "not_a_multiple"),
    ({"amount": 4_900_000}, "too_much"),
    ({"seen_rate": "0.01"}, "stale_price"),
)


def test_what_the_market_refuses(listing: Listing) -> None:
    bob = Program(cast.bob())
    for change, code in REFUSED:
        problem(bob.post(f"listings/{listing.reference}/pledges/", wish(listing) | change), 409, code)
    assert not Pledge.objects.exists()


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"amount": "ten"}, "amount", "invalid"),
    ({"amount": 1000.5}, "amount", "invalid"),
    ({"amount": True}, "amount", "invalid"),
    ({"amount": -1}, "amount", "invalid"),
    ({"amount": 10**30}, "amount", "invalid"),
    ({"amount": 0}, "amount", "min_value"),
    ({"amount": None}, "amount", "null"),
    ({"amount": [1]}, "amount", "invalid"),
    ({"seen_rate": 0.08}, "seen_rate", "invalid"),
    ({"seen_rate": "1e-3"}, "seen_rate", "invalid"),
    ({"risk": False}, "risk", "required"),
    ({"risk": "true"}, "risk", "invalid"),
    ({"party": "PT-00000000"}, "party", "unknown"),
    ({"state": "settled"}, "state", "unknown"),
)


def test_a_wrong_field_is_named(listing: Listing) -> None:
    bob = Program(cast.bob())
    for body, field, code in WRONG:
        answer = bob.post(f"listings/{listing.reference}/pledges/", wish(listing) | body)
        assert [(error["field"], error["code"]) for error in problem(answer, 422, "invalid")["errors"]] == [(field, code)]
    assert not Pledge.objects.exists()


def test_full_width_digits_are_digits(listing: Listing) -> None:
    placed = Program(cast.bob()).post(f"listings/{listing.reference}/pledges/", wish(listing, "１０００００"))
    assert placed.json()["amount"] == 100_000


UNREADABLE = (
    (b"{", "application/json", 400, "bad_json"),
    (b'{"amount": NaN}', "application/json", 400, "bad_json"),
    (b'{"amount": 1, "amount": 2}', "application/json", 400, "bad_json"),
    (b"[" * 100_000, "application/json", 400, "bad_json"),
    (b'{"amount": ' + b"9" * 5000 + b"}", "application/json", 400, "bad_json"),
    (b"\xff\xfe", "application/json", 400, "bad_json"),
    (b'{"amount": "' + b"x" * 3_000_000 + b'"}', "application/json", 413, "too_large"),
    (b"amount=100000", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b"<amount/>", "text/xml", 415, "unsupported_media_type"),
    (b"[]", "application/json", 422, "invalid"),
    (b"null", "application/json", 422, "invalid"),
    (b'{"\\ud800": 1}', "application/json", 422, "invalid"),
    (b'{"amount": "\\u0000", "seen_rate": "\\ud800", "risk": true}', "application/json", 422, "invalid"),
)


def test_what_is_no_readable_body(listing: Listing) -> None:
    bob = Program(cast.bob())
    for raw, kind, status, code in UNREADABLE:
        address = f"/api/v1/listings/{listing.reference}/pledges/"
        problem(bob.client.generic("POST", address, raw, content_type=kind, headers={"Idempotency-Key": "abcdefgh"}), status, code)


def test_a_listing_that_is_not_shown_is_not_there(listing: Listing, now: datetime) -> None:
    missing = Program(cast.bob()).get("listings/XQ-00000000/")
    stories.pledge(listing, cast.bob(), 4_800_000, now=now)
    outbox.drain(now=now)
    assert Program(cast.bob()).get(f"listings/{listing.reference}/").status_code == 200
    stranger = Program(cast.carol())
    hidden = stranger.get(f"listings/{listing.reference}/")
    assert _body(problem(hidden, 404, "not_found")) == _body(problem(missing, 404, "not_found"))
    problem(stranger.get(f"pledges/{Pledge.objects.get().reference}/"), 404, "not_found")
    problem(stranger.post(f"pledges/{Pledge.objects.get().reference}/cancel/"), 404, "not_found")
    problem(Program(cast.alice()).get(f"listings/{listing.reference}/"), 403, "not_chosen_yet")


def _body(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "reference"}


@pytest.mark.parametrize(
    ("query", "code"),
    [("grad=A", "unknown_parameter"), ("grade=Z", "bad_parameter"), ("limit=0", "bad_limit"), ("limit=1000", "bad_limit"), ("cursor=abc", "bad_cursor")],
)
def test_a_parameter_nobody_knows_is_refused_not_ignored(now: datetime, query: str, code: str) -> None:
    problem(Program(cast.bob()).get(f"listings/?{query}"), 400, code)


def test_pages_follow_each_other_whatever_is_added_meanwhile(listing: Listing, now: datetime) -> None:
    bob = cast.bob()
    for serial in range(5):
        stories.pledge(listing, bob, 100_000, now=now, key=f"pledge-{serial}")
    program = Program(bob)
    first = program.get("pledges/?limit=2").json()
    stories.pledge(listing, bob, 100_000, now=now, key="later")
    seen, address = [row["reference"] for row in first["results"]], first["next"]
    while address:
        page = program.client.get(address).json()
        seen += [row["reference"] for row in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == 5
    cursor = first["next"].rpartition("cursor=")[2]
    problem(program.get(f"listings/?cursor={cursor}"), 400, "bad_cursor")


def test_a_holding_is_in_the_portfolio(listing: Listing, now: datetime) -> None:
    stories.pledge(listing, cast.bob(), 4_800_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(listing.loan, proposer=cast.fay(), approver=cast.dan(), now=now)
    bob = Program(cast.bob())
    (held,) = bob.get("portfolio/holdings/").json()["results"]
    assert (held["listing"], held["amount"], held["state"]) == (listing.reference, 4_800_000, "active")
    assert bob.get("portfolio/").json()["at_work"] == 4_800_000
    flow = bob.get("portfolio/months/").json()
    assert sum(month["expected"] for month in flow["months"]) > 4_800_000
