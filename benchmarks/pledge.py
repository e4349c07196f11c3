"""Pledges on one hot listing through the service function, against one guarded statement over two bare tables.

The bare side adds to a counter if there is room and inserts a row with a unique key. Ours checks the investor, the consent, the price and own loans, holds
the cash in the books, opens the file to the pledger, keeps the state's history and enqueues what follows, durably, many in one transaction.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.cast import Member
from benchmarks import crowd
from benchmarks.report import Figure
from benchmarks.rounds import Clock, Measured, measure
from marketplace import pledge as pledging
from marketplace.models import Listing

INVESTORS, ENOUGH = 200, 10**15
BARE = """
    DROP TABLE IF EXISTS bare_pledge, bare_seat;
    CREATE TABLE bare_seat (id int PRIMARY KEY, funded bigint NOT NULL, target bigint NOT NULL, CHECK (funded <= target));
    CREATE TABLE bare_pledge (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, seat int, party bigint, amount bigint, at timestamptz);
    INSERT INTO bare_seat VALUES (1, 0, 1000000000000000)"""
BARE_ONE = """
    WITH seat AS (UPDATE bare_seat SET funded = funded + %(amount)s WHERE id = 1 AND funded + %(amount)s <= target RETURNING id)
    INSERT INTO bare_pledge (key, seat, party, amount, at) SELECT %(key)s, id, %(party)s, %(amount)s, now() FROM seat RETURNING id"""
members: list[Member] = []
hot: list[Listing] = []


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE)
    crowd.set_the_day()
    members.extend(crowd.investors(INVESTORS))
    listing = crowd.listing(amount=4_800_000)
    Listing.objects.filter(pk=listing.pk).update(target=ENOUGH, closes_at=timezone.now() + timedelta(days=30))
    listing.refresh_from_db()
    hot.append(listing)


def bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE_ONE, {"amount": 10_000, "key": uuid.uuid4().hex, "party": random.randrange(INVESTORS)})


def ours() -> None:
    one, listing = random.choice(members), hot[0]
    wish = pledging.Wish(listing, one.party, one.user, listing.unit, listing.annual_rate)
    pledging.place(wish, key=uuid.uuid4().hex, as_of=None, now=timezone.now())


def run(clock: Clock) -> Iterator[Figure]:
    prepare()
    works = {"bare": bare, "ours": ours}
    found: dict[int, Measured] = {clients: measure(works, clients=clients, clock=clock) for clients in (8, 16, 32)}
    notes = {name: found[16].rate(name) for name in works}
    yield Figure("pledge on a hot listing ÷ bare statement, 16 clients", found[16].ratios("ours", "bare"), at_least=0.7, notes=notes)
    falling = [many / few for many, few in zip(found[32].rates["ours"], found[8].rates["ours"], strict=True)]
    yield Figure("the same, 32 clients ÷ 8 clients", falling, at_least=0.9, notes={"bare": found[32].rate("bare") / found[8].rate("bare")})
    for clients in (16, 32):
        spread = [high / middle for high, middle in zip(found[clients].p99["ours"], found[clients].p50["ours"], strict=True)]
        yield Figure(f"the same, p99 ÷ p50, {clients} clients", spread, at_most=8)
