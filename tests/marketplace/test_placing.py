"""Pledges settled together: what stands in the database is what is written here, and the verdicts are those of one after another."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import business_day
from core.models import BusinessDate, Job
from ledger.checks import check_books
from ledger.models import Transfer
from marketplace import placing
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge, PledgeIntent
from tests import stories
from tests.cast import Member, alice, bob, carol, dan, eve


@pytest.mark.django_db
def test_the_functions_of_the_database_are_the_ones_written_here() -> None:
    with connection.cursor() as cursor:
        for name, text in placing.functions().items():
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name])
            ((installed,),) = cursor.fetchall()
            assert installed == re.search(r"\$(\w+)\$(.*)\$\1\$", text, re.S)[2], name
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'marketplace_pledgeintent'")
        assert cursor.fetchone() == ("u",), "an intent is not worth a flush"


@pytest.mark.django_db
def test_before_the_first_business_day_a_pledge_is_booked_today() -> None:
    now = timezone.now()
    listing = Listing.objects.get(loan=stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=1_000_000, term_months=6, now=now))
    stories.pay_in(bob(now=now), 100_000, now=now)
    assert not BusinessDate.objects.exists()
    pledge = stories.pledge(listing, bob(), 100_000, now=now, key="early")
    assert Transfer.objects.get(key=pledge.hold_key).booked_on == business_day.current()


def told(listing: Listing, who: Member, amount: int, key: str) -> Any:
    """The pledge, or the code of why not, on a connection of its own."""
    try:
        return stories.pledge(Listing.objects.get(pk=listing.pk), who, amount, now=timezone.now(), key=key).pk
    except pledging.UnableToPledge as refused:
        return refused.code
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_those_who_ask_at_once_are_settled_together_and_each_is_told_the_truth() -> None:
    now = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=4_800_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    for who, cash in ((bob, 300_000), (carol, 50_000), (eve, 9_000_000)):
        stories.pay_in(who(now=now), cash, now=now)
    asked = [(bob, 100_000, "one"), (bob, 100_000, "one"), (bob, 100_000, "two"), (carol, 100_000, "poor"), (eve, 4_500_000, "big"), (eve, 4_500_000, "bigger")]
    people = [(who(), amount, key) for who, amount, key in asked]
    with ThreadPoolExecutor(len(asked)) as pool:
        with transaction.atomic(), connection.cursor() as cursor:  # the listing's turn is ours until all have asked
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('marketplace_place'), %s)", [listing.pk])
            answers = [pool.submit(told, listing, *one) for one in people]
            while PledgeIntent.objects.count() < len(asked) and timezone.now() < now + timedelta(seconds=60):
                time.sleep(0.02)
        first, twin, second, *others = [answer.result(timeout=60) for answer in answers]
    placed = {row.pk: row.amount for row in Pledge.objects.all()}
    assert first == twin != second
    assert {first, second} < set(placed)
    assert Counter(type(one) if one in placed else one for one in others) == {"insufficient_funds": 1, "too_much": 1, int: 1}
    assert sorted(placed.values()) == [100_000, 100_000, 4_500_000]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM marketplace_pledge")
        assert cursor.fetchone() == (2,), "one of each investor in the first settlement, what was left in the second"
    _one_that_cannot_be_written_spoils_nobodys_turn(listing, spoilt_by=first)
    listing.refresh_from_db()
    assert listing.funded == listing.target == sum(Pledge.objects.values_list("amount", flat=True))
    assert Job.objects.filter(name="listing.full").count() == Job.objects.filter(name="listing.full").values("handler").distinct().count() > 0
    assert check_books().is_clean


def _one_that_cannot_be_written_spoils_nobodys_turn(listing: Listing, *, spoilt_by: int) -> None:
    """Nor does one taken back with its transaction leave anything."""
    with transaction.atomic():
        stories.pledge(listing, bob(), 100_000, now=timezone.now(), key="undone")
        transaction.set_rollback(True)
    earlier = Pledge.objects.get(pk=spoilt_by)
    values = {name: getattr(earlier, name) for name in ("reference", "listing", "pledged_at", "cancel_until")} | {"party": carol().party, "user": carol().user}
    consent = listing.loan.file.subject.consents.order_by("-pk").first()
    made = {"amount": 10_000, "seen_rate": listing.annual_rate, "booked_on": business_day.current(), "made_at": timezone.now(), "consent": consent}
    PledgeIntent.objects.create(id=uuid4(), hold_key="pledge:twice-the-reference", **values, **made)
    assert stories.pledge(listing, bob(), 100_000, now=timezone.now(), key="three").state == "reserved"
    assert PledgeIntent.objects.get().refused == ""
    assert (placing.forget(now=timezone.now()), placing.forget(now=timezone.now() + placing.STRANDED)) == (0, 1)
