"""What an investor may put in holds whichever way the money goes: by hand many times at once, by a run, by a changed mandate, for another's share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from core import business_day
from marketplace import mandate as mandates
from marketplace import pledge as pledging
from marketplace import run as runs
from marketplace.models import Pledge, SuitabilityCheck
from marketplace.suitability import check as checks
from privacy import restriction
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve
from tests.marketplace.test_run import do, held, loan, mandate, the_run
from tests.marketplace.test_suitability import DAY, FIGURES, NOW, qualified, under
from tests.worlds import world

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LITTLE = FIGURES | {"assets": 0, "income": 4_000_000}  # 20,000 yuan of net worth: 2,000 in twelve months


@world
def listing():
    return made()


def made():
    business_day.advance(to=NOW.date(), now=NOW)
    dan(now=NOW), alice(now=NOW)
    return loan(3_000_000, now=NOW)


def limited(member, *, cash=3_000_000):
    """Somebody who may put in 2,000 yuan in twelve months."""
    stories.pay_in(member, cash, now=NOW)
    qualified(under("UK", member), figures=LITTLE, at=NOW - 2 * DAY)
    return member


def pledged(member, listing, amount, *, key, **more):
    wish = pledging.Wish(listing, member.party, member.user, amount, listing.annual_rate, **more)
    return pledging.place(wish, key=key, as_of=NOW.date(), now=NOW)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_eight_at_once_do_not_pass_what_suits():
    listing, member = made(), limited(bob(now=NOW))
    refused = []

    def one(number):
        try:
            pledged(member, listing, 100_000, key=f"at-once-{number}")
        except pledging.UnableToPledge as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    assert (held(member, listing), refused) == (200_000, ["over_limit"] * 6)


def test_a_run_cuts_what_no_longer_suits_when_it_is_booked(listing):
    member = limited(bob(now=NOW))
    mandate(member, now=NOW)
    run = the_run(now=NOW)
    runs.freeze(run, now=NOW)
    runs.solve(run, now=NOW)
    assert run.figures["policies"], "it had something to place"
    pledged(member, listing, 150_000, key="meanwhile")
    stories.pay_in(member, 150_000, now=NOW)
    runs.take(run, now=NOW)
    run.refresh_from_db()
    assert (run.placed, run.dropped) == (50_000, {"suits": 150_000})
    assert held(member, listing) == 200_000


def test_whoever_is_locked_after_the_input_was_fixed_places_nothing_and_the_run_goes_on(listing):
    """What they told us of their finances may not be opened any more, and need not be."""
    member = limited(bob(now=NOW))
    for one in (member, carol()):
        mandate(one, cash=500_000, now=NOW)
    run = the_run(now=NOW)
    runs.freeze(run, now=NOW)
    runs.solve(run, now=NOW)
    restriction.restrict(subject=member.user.subject, ground="legal_hold", why="Court order 12.", by=dan().user.subject, now=NOW)
    runs.take(run, now=NOW)
    run.refresh_from_db()
    assert (held(member, listing), held(carol(), listing), run.dropped) == (0, 500_000, {"mandate": 200_000})


def test_bounds_of_many_cost_the_statements_of_one(django_assert_num_queries):
    dan(now=NOW)
    members = [limited(one) for one in (bob(now=NOW), carol(now=NOW), eve(now=NOW))]
    parties = [one.party.pk for one in members]
    with CaptureQueriesContext(connection) as one:
        alone = {party: bounds for party in parties[:1] for bounds in checks.bounds([party], currency="CNY", now=NOW).values()}
    with django_assert_num_queries(len(one)):
        together = checks.bounds(parties, currency="CNY", now=NOW)
    assert together == dict.fromkeys(parties, alone[parties[0]]) == dict.fromkeys(parties, checks.Bounds(room=200_000))


def test_what_a_run_placed_is_counted_once_in_the_next(listing):
    """The room is used up by a fill that the next run may move: it is moved, not added to. Who may not invest any more keeps what they pledged."""
    member = limited(bob(now=NOW))
    mandate(member, now=NOW)
    mandate(carol(), cash=500_000, now=NOW)
    assert (do(now=NOW).dropped, held(member, listing)) == ({}, 200_000)
    more = loan(3_000_000, now=NOW)
    do(now=NOW + MINUTE)
    assert held(member, listing) + held(member, more) == 200_000
    before = (held(member, listing), held(member, more))
    SuitabilityCheck.objects.update(acknowledged_at=None)
    run = do(now=NOW + 2 * MINUTE)
    assert (held(member, listing), held(member, more)) == before
    assert list(run.parts.values_list("party_id", flat=True)) == [carol().party.pk]


def test_a_run_places_no_large_amount_that_nobody_confirmed(listing):
    """Their figures have become smaller since the mandate began; a fill gets the same days to think as a pledge by hand."""
    member = under("ECSPR", bob(now=NOW))
    stories.pay_in(member, 3_000_000, now=NOW)
    qualified(member, at=NOW - DAY)
    mandate(member, per_loan=1_000_000, now=NOW)
    qualified(member, figures=LITTLE)
    do(now=NOW)
    fill = Pledge.objects.get()
    assert fill.amount == 100_000, "a twentieth of 20,000 yuan"
    assert fill.reflect_until == NOW + 4 * DAY
    assert fill.cancel_until >= fill.reflect_until


def test_a_running_mandate_is_not_changed_into_a_large_one(listing):
    member = under("ECSPR", bob(now=NOW))
    qualified(member)
    own = mandate(member, per_loan=1_500_000, now=NOW)
    with pytest.raises(mandates.UnableToMandate) as error:
        mandates.change(own, by=member.user, terms={"per_loan": 1_500_001}, now=NOW)
    own.refresh_from_db()
    assert (error.value.code, own.version, own.versions.count()) == ("confirm_amount", 1, 1)
    SuitabilityCheck.objects.update(acknowledged_at=None)
    assert mandates.change(own, by=member.user, terms={"per_loan": 500_000}, now=NOW) == 2, "less is always possible"
    assert "confirm the warning first" in client_of(member).get(f"/mandates/{own.reference}/").content.decode()
    mandates.stop(own, by=member.user, now=NOW)
    assert mandates.change(own, by=member.user, terms={"per_loan": 5_000_000}, now=NOW) == 3, "a stopped one is asked when it starts"
