"""Fifty requests at once with one idempotency key, through the real web server: one pledge, one answer; another content is refused."""

import http.client
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from core import business_day
from ledger.checks import check_books
from marketplace.models import Listing, Pledge
from tests import cast, stories
from tests.live import Live
from tests.programs import Program

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
AT_ONCE = 50
Reply = tuple[int, str, str, bytes]  # status, where it leads, how often it was said before, body


@pytest.fixture
def listing() -> Listing:
    now = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    return _published(now)


def _published(now: datetime) -> Listing:
    loan = stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(cast.bob(), 5_000_000, now=now)
    return Listing.objects.get(loan=loan)


def post(url: str, path: str, body: str, headers: dict[str, str]) -> Reply:
    connection = http.client.HTTPConnection(url, timeout=60)
    connection.request("POST", path, body=body.encode(), headers=headers)
    answer = connection.getresponse()
    said = answer.status, answer.headers.get("Location", ""), answer.headers.get("Idempotency-Replayed", ""), answer.read()
    connection.close()
    return said


def at_once(act: Callable[[], Reply]) -> list[Reply]:
    """All wait for each other, then act."""
    start = Barrier(AT_ONCE)

    def one(_: int) -> Reply:
        start.wait()
        return act()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def form(listing: Listing, amount: str, key: str, csrf: str) -> str:
    fields = {"amount": amount, "seen_rate": str(listing.annual_rate), "risk": "on", "confirmed": "1"}
    return urlencode(fields | {"idempotency_key": key, "csrfmiddlewaretoken": csrf})


def test_the_confirmed_form_fifty_times_is_one_pledge_and_one_receipt(listing: Listing, tmp_path: Path) -> None:
    bob, csrf, key = cast.bob(), secrets.token_hex(16), secrets.token_hex(16)
    session = cast.client_of(bob).cookies["sessionid"].value
    headers = {"Cookie": f"sessionid={session}; csrftoken={csrf}", "Content-Type": "application/x-www-form-urlencoded"}
    path = f"/market/{listing.reference}/pledge/"
    with Live(tmp_path) as live:
        url = live.web(workers=4)
        replies = at_once(lambda: post(url, path, form(listing, "100", key, csrf), headers))
        changed = post(url, path, form(listing, "200", key, csrf), headers)
        assert "Traceback" not in live.log("web"), live.log("web")
    placed = Pledge.objects.get()
    assert {(status, address) for status, address, _said, _body in replies} == {(302, f"/pledges/{placed.reference}/")}
    assert changed[0] == 409
    _one_effect(listing, placed)


def test_the_request_of_a_program_fifty_times_is_one_pledge_and_fifty_equal_replies(listing: Listing, tmp_path: Path) -> None:
    program, key = Program(cast.bob(), by_token=True), secrets.token_hex(16)
    headers = {"Authorization": f"Bearer {program.token.text}", "Content-Type": "application/json", "Idempotency-Key": key}
    path = f"/api/v1/listings/{listing.reference}/pledges/"
    body = {"amount": 10_000, "seen_rate": str(listing.annual_rate), "risk": True}
    with Live(tmp_path) as live:
        url = live.web(workers=4)
        replies = at_once(lambda: post(url, path, json.dumps(body), headers))
        changed = post(url, path, json.dumps(body | {"amount": 20_000}), headers)
        assert "Traceback" not in live.log("web"), live.log("web")
    placed = Pledge.objects.get()
    assert {(status, address, body) for status, address, _said, body in replies} == {(201, f"/api/v1/pledges/{placed.reference}/", replies[0][3])}
    assert sorted(said for _status, _address, said, _body in replies) == ["", *["true"] * (AT_ONCE - 1)]
    assert (changed[0], json.loads(changed[3])["code"]) == (409, "key_reused")
    _one_effect(listing, placed)


def _one_effect(listing: Listing, placed: Pledge) -> None:
    listing.refresh_from_db()
    assert (placed.amount, listing.funded) == (10_000, 10_000)
    assert check_books().is_clean
