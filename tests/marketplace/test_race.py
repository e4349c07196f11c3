"""A million pledges race for one loan that has room for a part of them: it fills to the last cent, and everybody was told the truth."""

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.cast import PEOPLE, Person, make
from accounts.models import Membership
from core import business_day
from core.models import Job
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge
from marketplace.models import PledgeIntent as Intent
from tests import stories
from tests.cast import alice, dan
from tests.counts import cases
from tests.forks import Fork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak, pytest.mark.timeout(3600)]
ASKED, PLACES, CLIENTS = cases(160, soak=1_000_000), cases(20, soak=50_000), cases(2, soak=16)
UNITS = (1, 2, 3, 5, 8)  # of the listing's unit


def ask(listing: int, times: int, seed: int) -> None:
    """In a process of its own: pledge upon pledge, and what was answered."""
    draw, offer = random.Random(seed), Listing.objects.get(pk=listing)
    people = list(Membership.objects.filter(party__invests=True).select_related("party", "user"))
    told, placed = Counter[str](), {}
    for number in range(times):
        who, amount = draw.choice(people), draw.choice(UNITS) * offer.unit
        try:
            made = _pledge(offer, who, amount, key=f"{seed}-{number}")
        except pledging.UnableToPledge as refused:
            told[refused.code] += 1
        else:
            placed[made.pk] = made.amount
    sys.stdout.write(json.dumps({"placed": placed, "told": told}))


def _pledge(offer: Listing, who: Membership, amount: int, *, key: str) -> Pledge:
    wish = pledging.Wish(offer, who.party, who.user, amount, offer.annual_rate)
    return pledging.place(wish, key=key, as_of=business_day.current(), now=timezone.now())


def an_open_loan(monkeypatch: pytest.MonkeyPatch) -> Listing:
    """Its target raised to what PLACES pledges of the middle size ask, and as many investors as clients, each of whom could pay for all of it."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=4_800_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    listing.target = PLACES * listing.unit * sum(UNITS) // len(UNITS) // listing.unit * listing.unit
    listing.mandate_most = listing.mandate_reserve = 0
    listing.save(update_fields=["target", "mandate_most", "mandate_reserve"])
    for number in range(CLIENTS):
        monkeypatch.setitem(PEOPLE, f"racer{number}", Person(f"racer{number}", "群众", f"11010119500101{number:03d}", invests=True))
        stories.pay_in(make(f"racer{number}", now=now), listing.target, now=now)
    Job.objects.all().delete()
    return listing


def race(listing: Listing, folder: Path) -> list[dict[str, Any]]:
    """CLIENTS processes at once. What each was told."""
    name = connection.settings_dict["NAME"]
    clients = [Fork(ask, listing.pk, ASKED // CLIENTS, seed, database=name, log=folder / f"{seed}.log") for seed in range(CLIENTS)]
    for client in clients:
        assert client.wait() == 0, client.said()[-3000:]
    return [json.loads(client.said().splitlines()[-1]) for client in clients]


def test_a_million_race_and_the_loan_is_full_to_the_cent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    listing = an_open_loan(monkeypatch)
    began = timezone.now()
    answers = race(listing, tmp_path)
    placed = {int(pk): amount for one in answers for pk, amount in one["placed"].items()}
    told = sum((Counter(one["told"]) for one in answers), Counter[str]())
    record_property(f"{ASKED} pledges by {CLIENTS} processes", f"{len(placed)} placed in {(timezone.now() - began).total_seconds():.0f} s")
    assert len(placed) + told.total() == ASKED // CLIENTS * CLIENTS
    assert set(told) == {"too_much"}
    assert placed == dict(Pledge.objects.values_list("pk", "amount")), "each answer is a pledge and each pledge was answered"
    listing.refresh_from_db()
    assert listing.funded == listing.target == sum(placed.values())
    assert queries.balance(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency="CNY").pending_in == listing.target
    assert not Intent.objects.exists()
    handlers = Job.objects.filter(name="listing.full").values_list("handler", flat=True)
    assert sorted(set(handlers)) == sorted(handlers), "it became full once"
    assert check_books().is_clean
