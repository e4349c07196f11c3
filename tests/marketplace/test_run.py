"""Runs of the market: announced, fixed, solved, booked. What changes in between is seen at booking, and nobody gets more than there is."""

import hashlib
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.cast import Member
from config.recompute import recompute_stored, run_command
from core import business_day, outbox
from ledger.checks import check_books
from loans import file as files
from loans import product
from marketplace import listing as listings
from marketplace import mandate as mandates
from marketplace import pledge as pledging
from marketplace import run as runs
from marketplace import run_booking, run_proof, run_store, shares
from marketplace.models import Listing, Mandate, MatchRun, Pledge, RunPart
from notifications.models import Message
from payments import wallet
from tests import cast, stories
from tests.cast import bob, carol, client_of
from tests.worlds import world

pytestmark = pytest.mark.django_db
UNIT = product.STANDARD.unit


@world
def now() -> datetime:
    """Today; everybody of these stories has signed up."""
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    for member in (cast.alice, bob, carol, cast.dan):
        member(now=moment)
    return moment


def loan(amount: int, *, now: datetime, months: int = 6) -> Listing:
    """A listing of Alice's, open."""
    made = stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=amount, term_months=months, now=now)
    return Listing.objects.get(loan=made)


def mandate(member: Member, *, now: datetime, cash: int = 0, **terms: Any) -> Mandate:
    """A running mandate, and the cash for it."""
    if cash:
        stories.pay_in(member, cash, now=now)
    own = mandates.create(party=member.party, by=member.user, terms={"per_loan": 10_000_000, **terms}, now=now)
    mandates.start(own, by=member.user, now=now)
    return own


def the_run(*, now: datetime) -> MatchRun:
    """Announced, and due now."""
    run = runs.announce(currency="CNY", now=now)
    MatchRun.objects.filter(pk=run.pk).update(due_at=now)
    run.refresh_from_db()
    return run


def do(*, now: datetime) -> MatchRun:
    """One run from announcement to the end."""
    the_run(now=now)
    run = runs.tick(now=now)
    assert run is not None
    run.refresh_from_db()
    assert check_books().is_clean
    return run


def held(member: Member, listing: Listing) -> int:
    return sum(Pledge.objects.filter(party=member.party, listing=listing, state="reserved").values_list("amount", flat=True))


def test_a_run_places_what_can_be_placed_at_equal_levels(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    mandate(carol(), cash=4_000_000, now=now)
    run = do(now=now)
    half = listing.mandate_most
    assert half == 1_500_000
    assert (run.state, run.placed, run.dropped) == ("booked", half, {})
    assert (held(bob(), listing), held(carol(), listing)) == (300_000, 1_200_000)
    listing.refresh_from_db()
    assert (listing.funded, listing.mandate_reserve) == (half, 0)
    assert run.figures["policies"][0]["rule"] == "fair-flow/1"
    assert {row["rule"] for row in run.figures["policies"]} > {"queue", "pro-rata", "first-come"}
    outbox.drain(now=timezone.now())
    told = Message.objects.filter(template="run.placed")
    assert {message.user_id for message in told} == {bob().user.pk, carol().user.pk}


def test_the_secret_is_committed_before_and_revealed_after(now: datetime) -> None:
    loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    run = the_run(now=now)
    assert run.secret == ""
    assert run.seed == ""
    assert run_store.secret_of(run).encode() not in bytes(run.sealed_secret)
    committed = run.commitment
    runs.freeze(run, now=now)
    assert (run.secret, run.seed, len(run.input_sha256)) == ("", "", 64)
    runs.solve(run, now=now)
    assert hashlib.sha256(run.secret.encode()).hexdigest() == committed
    assert run.seed == hashlib.sha256(f"{run.secret}|{run.input_sha256}".encode()).hexdigest()
    assert run_proof.seed_holds(run)
    assert run.public["seed"] == run.seed
    run_booking.book(run, now=now)
    nxt = runs.announce(currency="CNY", now=now)
    assert (nxt.pk, nxt.state) != (run.pk, "booked")


def test_what_is_kept_is_sealed_and_names_nobody(now: datetime, settings: Any) -> None:
    loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    run = do(now=now)
    sealed = b"".join((Path(settings.MEDIA_ROOT) / path).read_bytes() for path in (run.input_path, run.result_path))
    part = RunPart.objects.get(run=run)
    assert part.pseudonym.encode() not in sealed
    kept = json.dumps([run_store.open_input(run), run_store.open_result(run), run.public])
    for named in (bob().party.reference, bob().email, Mandate.objects.get().reference, cast.alice().party.reference):
        assert named not in kept
    assert part.pseudonym not in json.dumps(run.public)


def test_a_kept_run_is_run_again_to_the_same_fills_even_after_an_erasure(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    mandate(carol(), cash=4_000_000, now=now)
    run = do(now=now)
    again, error = recompute_stored("match", run.reference)
    assert error == ""
    assert sum(fill["amount_minor"] for fill in again["fills"]) == run.placed
    assert again["proof"]["input_sha256"] == run.public["input_sha256"]
    assert {fill["listing"] for fill in again["fills"]} == {listing.reference}
    RunPart.objects.filter(party=bob().party).delete()
    assert recompute_stored("match", run.reference) == (again, "")


def test_everybody_gets_a_proof_that_the_command_line_confirms(now: datetime, tmp_path: Path) -> None:
    loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now, limits=[["grade", "A", "0.5"], ["grade", "B", "0.5"], ["grade", "C", "0.5"]], per_borrower=10_000_000)
    mandate(carol(), cash=4_000_000, now=now)
    run = do(now=now)
    for member in (bob(), carol()):
        browser = client_of(member)
        paths = {}
        for name in ("input", "certificate"):
            answer = browser.get(f"/runs/{run.reference}/mine/{name}/")
            assert answer["Content-Disposition"] == f'attachment; filename="{run.reference}-{name}.json"'
            paths[name] = tmp_path / f"{member.user.pk}-{name}.json"
            paths[name].write_bytes(answer.content)
        assert checked(paths) == (0, {"valid": True, "scope": "own", "failures": []})
        page = browser.get(f"/runs/{run.reference}/mine/")
        assert page.context["proof"].valid
        document = json.loads(paths["certificate"].read_text())
        (own,) = document["investors"].values()
        own["fills"][0][2] += 1
        paths["certificate"].write_text(json.dumps(document))
        assert checked(paths)[0] == 2
    assert client_of(cast.grace()).get(f"/runs/{run.reference}/mine/").status_code in (302, 404)


def checked(paths: dict[str, Path]) -> tuple[int, Any]:
    out = io.StringIO()
    code = run_command(["match", str(paths["input"]), "--check", str(paths["certificate"])], stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    return code, json.loads(out.getvalue())


def test_the_public_file_shows_no_amount_of_few(now: datetime) -> None:
    first, second = loan(3_000_000, now=now), loan(6_000_000, now=now)
    mandate(bob(), cash=1_700_000, now=now)
    run = do(now=now)
    public = client_of(cast.alice()).get(f"/runs/{run.reference}/file/").json()
    assert public["totals"] == [None] * len(public["totals"])
    rows = public["listings"]
    for listing in (first, second):
        units, filled, _block = rows[listing.reference]
        assert filled in (None, 0, units)
    own = run_proof.proof(run, bob().party)
    assert own is not None
    assert own.valid
    anonymous = client_of(bob())
    anonymous.logout()
    assert anonymous.get(f"/runs/{run.reference}/").status_code == 200
    assert anonymous.get(f"/runs/{run.reference}/mine/").status_code == 302


# What changes while a run is under way


def solved(*, now: datetime) -> MatchRun:
    run = the_run(now=now)
    runs.freeze(run, now=now)
    runs.solve(run, now=now)
    return run


def test_cash_that_vanished_is_not_placed(now: datetime) -> None:
    listing, other = loan(3_000_000, now=now), loan(500_000, now=now)
    mandate(bob(), cash=1_000_000, now=now, keep_cash=200_000)
    run = solved(now=now)
    stories.pledge(other, bob(), 250_000 // UNIT * UNIT, now=now)
    run_booking.book(run, now=now)
    left = wallet.overview(bob().party).available
    assert left >= 200_000
    assert run.dropped.get("cash", 0) > 0
    assert held(bob(), listing) + held(bob(), other) == 1_000_000 - left
    assert check_books().is_clean


def test_a_listing_withdrawn_meanwhile_takes_nothing(now: datetime) -> None:
    listing, other = loan(1_000_000, now=now), loan(3_000_000, now=now)
    mandate(bob(), cash=2_000_000, now=now)
    run = solved(now=now)
    listings.withdraw(listing, as_of=business_day.current(), now=now)
    run_booking.book(run, now=now)
    assert held(bob(), listing) == 0
    assert held(bob(), other) == run.placed
    assert run.dropped == {"listing": 500_000}
    assert check_books().is_clean


def test_a_listing_pledged_to_by_hand_meanwhile_is_never_over_funded(now: datetime) -> None:
    listing = loan(1_000_000, now=now)
    mandate(bob(), cash=2_000_000, now=now)
    Listing.objects.update(shared_until=now, mandate_reserve=0)
    run = solved(now=now)
    stories.pay_in(carol(), 2_000_000, now=now)
    stories.pledge(listing, carol(), 700_000, now=now)
    run_booking.book(run, now=now)
    listing.refresh_from_db()
    assert (listing.funded, held(bob(), listing), run.dropped) == (1_000_000, 300_000, {"listing": 700_000})
    assert check_books().is_clean


def test_a_mandate_stopped_meanwhile_places_nothing_and_one_edited_keeps_to_its_old_terms(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    stopped, edited = mandate(bob(), cash=1_000_000, now=now), mandate(carol(), cash=1_000_000, now=now)
    run = solved(now=now)
    mandates.stop(stopped, by=bob().user, now=now)
    mandates.change(edited, by=carol().user, terms={"per_loan": UNIT}, now=now)
    run_booking.book(run, now=now)
    assert held(bob(), listing) == 0
    assert held(carol(), listing) > UNIT
    assert set(run.dropped) == {"mandate"}
    again = do(now=now + timedelta(hours=1))
    assert held(carol(), listing) == UNIT  # the next run goes by the new terms, and moves what the last one placed
    assert again.placed == UNIT


def test_nobody_funds_their_own_loan_through_any_party(now: datetime) -> None:
    from accounts import parties
    from accounts.models import Membership, Party

    listing = loan(3_000_000, now=now)
    alice = cast.alice()
    mandate(bob(), cash=1_000_000, now=now)
    Party.objects.filter(pk=alice.party.pk).update(invests=True)
    alice.party.refresh_from_db()
    mandate(alice, cash=1_000_000, now=now)
    business = parties.create_business(user=alice.user, name="月亮面包", now=now, invests=True)
    Party.objects.filter(pk=business.pk).update(verified_at=now)
    business.refresh_from_db()
    mandate(Member(alice.user, business), cash=1_000_000, now=now)
    do(now=now)
    assert set(Pledge.objects.values_list("party_id", flat=True)) == {bob().party.pk}
    Membership.objects.create(user=bob().user, party=business, role="view", created_at=now)
    assert held(bob(), listing) > 0


def test_own_loan_that_came_about_meanwhile_is_cut(now: datetime) -> None:
    from accounts.models import Membership

    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    run = solved(now=now)
    Membership.objects.create(user=bob().user, party=cast.alice().party, role="view", created_at=now)
    run_booking.book(run, now=now)
    assert (held(bob(), listing), set(run.dropped)) == (0, {"own"})


def test_a_unit_larger_than_a_cap_and_zero_cash_place_nothing_and_hurt_nobody(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), now=now)  # no cash at all
    mandate(carol(), cash=1_000_000, now=now, share_of_loan="0.0001")
    run = do(now=now)
    assert (run.state, run.placed) == ("booked", 0)
    assert not listing.pledges.exists()
    assert "less than one unit" in client_of(bob()).get(f"/runs/{run.reference}/mine/").content.decode()
    assert "Nothing was placed" in client_of(carol()).get(f"/runs/{run.reference}/mine/").content.decode()


def test_with_nothing_to_match_a_run_is_skipped_and_the_next_announced(now: datetime) -> None:
    run = the_run(now=now)
    assert runs.tick(now=now) is not None
    run.refresh_from_db()
    assert run.state == "skipped"
    assert MatchRun.objects.exclude(pk=run.pk).get() == runs.to_come(currency="CNY")
    assert runs.tick(now=now) is None
    assert client_of(bob()).get("/runs/").status_code == 200


def test_booking_twice_books_once(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    run = solved(now=now)
    twin = MatchRun.objects.get(pk=run.pk)
    run_booking.book(run, now=now)
    run_booking.book(twin, now=now)
    assert (twin.state, listing.pledges.count()) == ("booked", 1)


def test_a_worker_that_dies_between_two_steps_is_followed_by_one_that_goes_on(now: datetime) -> None:
    loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    run = the_run(now=now)
    runs.freeze(run, now=now)
    MatchRun.objects.update(busy_until=timezone.now() - timedelta(seconds=1))
    mandates.change(Mandate.objects.get(), by=bob().user, terms={"per_loan": UNIT}, now=now)
    assert runs.tick(now=now) is not None
    run.refresh_from_db()
    assert (run.state, run.placed) == ("booked", 1_000_000)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_are_one(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(now=now), cash=1_000_000, now=now)
    the_run(now=now)
    took: list[MatchRun | None] = []

    def work() -> None:
        try:
            took.append(runs.tick(now=now))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([run for run in took if run is not None]) == 1
    assert (MatchRun.objects.filter(state="booked").count(), listing.pledges.count()) == (1, 1)
    assert check_books().is_clean


# Provisional until the loan is full or its window ends


def test_a_fill_can_be_taken_back_in_full_and_the_mandate_does_not_go_there_again(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    do(now=now)
    own = Pledge.objects.get()
    assert own.cancel_until == listing.closes_at
    receipt = client_of(bob()).get(f"/pledges/{own.reference}/").content.decode()
    assert "Cancel this pledge" in receipt
    pledging.cancel(own, by=bob().user, as_of=business_day.current(), now=now + timedelta(days=3))
    assert wallet.overview(bob().party).available == 1_000_000
    later = do(now=now + timedelta(days=3, hours=1))
    assert (later.placed, held(bob(), listing)) == (0, 0)


def test_everything_comes_back_when_the_window_ends(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    do(now=now)
    listings.expire(listing, as_of=business_day.current(), now=listing.closes_at)
    assert wallet.overview(bob().party).available == 1_000_000
    assert check_books().is_clean


def test_a_later_run_shares_again_what_is_not_full_and_leaves_what_stays_equal(now: datetime) -> None:
    listing = loan(2_000_000, now=now)
    mandate(bob(), cash=4_000_000, now=now)
    do(now=now)
    assert held(bob(), listing) == 1_000_000
    standing = Pledge.objects.get()
    do(now=now + timedelta(hours=1))
    assert [pledge.pk for pledge in Pledge.objects.all()] == [standing.pk]
    mandate(carol(), cash=4_000_000, now=now)
    do(now=now + timedelta(hours=2))
    assert (held(bob(), listing), held(carol(), listing)) == (500_000, 500_000)
    standing.refresh_from_db()
    assert standing.state == "released"
    assert wallet.overview(bob().party).available == 3_500_000


def test_a_full_loan_goes_ahead_and_is_not_touched_again(now: datetime) -> None:
    listing = loan(1_000_000, now=now)
    mandate(bob(), cash=5_000_000, now=now)
    Listing.objects.update(shared_until=now)
    do(now=now)
    outbox.drain(now=timezone.now())
    listing.refresh_from_db()
    assert listing.state == "filled"
    assert listing.loan.participations.get().amount == 1_000_000


# The two shares


def test_what_is_for_mandates_is_declared_with_the_listing_and_nobody_is_earlier(now: datetime) -> None:
    mandate(bob(), cash=5_000_000, now=now)
    listing = loan(3_000_000, now=now)
    assert (listing.mandate_most, listing.mandate_reserve) == (1_500_000, 1_500_000)
    assert listing.reserved_until is not None
    assert listing.reserved_until > listing.opens_at
    stories.pay_in(carol(), 5_000_000, now=now)
    with pytest.raises(pledging.UnableToPledge) as refused:
        stories.pledge(listing, carol(), 1_600_000, now=now)
    assert refused.value.code == "kept_for_mandates"
    stories.pledge(listing, carol(), 1_500_000, now=now)
    listing.refresh_from_db()
    assert shares.open_by_hand(listing, now=now) == 0
    do(now=now)
    assert (held(bob(), listing), held(carol(), listing)) == (1_500_000, 1_500_000)


def test_a_reserve_nobody_uses_opens_by_itself(now: datetime) -> None:
    mandate(bob(), now=now)
    listing = loan(1_000_000, now=now)
    stories.pay_in(carol(), 5_000_000, now=now)
    late = listing.reserved_until
    assert late is not None
    stories.pledge(listing, carol(), 1_000_000, now=late)
    listing.refresh_from_db()
    assert listing.funded == 1_000_000


def test_nothing_is_kept_for_mandates_that_do_not_want_it(now: datetime) -> None:
    mandate(bob(), cash=5_000_000, now=now, terms=[36])
    assert loan(3_000_000, now=now).mandate_reserve == 0


def test_after_half_the_window_mandates_may_fill_the_rest(now: datetime) -> None:
    listing = loan(2_000_000, now=now)
    mandate(bob(), cash=5_000_000, now=now)
    do(now=now)
    assert held(bob(), listing) == 1_000_000
    assert listing.shared_until is not None
    do(now=listing.shared_until + timedelta(minutes=1))
    assert held(bob(), listing) == 2_000_000


# Limits count what is held


def test_limits_count_what_is_held_in_loans_that_are_funded(now: datetime) -> None:
    first = loan(1_000_000, now=now)
    stories.pay_in(bob(), 2_000_000, now=now)
    stories.pledge(first, bob(), 1_000_000, now=now)
    outbox.drain(now=timezone.now())
    second = loan(4_000_000, now=now)
    mandate(bob(), now=now, limits=[["purpose", "equipment", "0.6"]])
    do(now=now)
    assert (first.purpose, second.purpose) == ("equipment", "equipment")
    assert held(bob(), second) == 200_000  # 60 % of 2,000,000 in all is 1,200,000, of which 1,000,000 is held


def test_a_borrower_limit_counts_every_loan_of_that_borrower(now: datetime) -> None:
    first = loan(1_000_000, now=now)
    stories.pay_in(bob(), 2_000_000, now=now)
    stories.pledge(first, bob(), 1_000_000, now=now)
    outbox.drain(now=timezone.now())
    second = loan(4_000_000, now=now)
    mandate(bob(), now=now, per_loan=500_000, per_borrower=1_300_000)
    do(now=now)
    assert held(bob(), second) == 300_000


def test_the_upper_mandate_takes_first_and_the_lower_what_it_leaves(now: datetime) -> None:
    short, long = loan(2_000_000, now=now, months=6), loan(2_000_000, now=now, months=12)
    mandate(bob(), cash=5_000_000, now=now, terms=[6], per_loan=300_000)
    mandate(bob(), now=now, per_loan=700_000)
    do(now=now)
    assert (held(bob(), short), held(bob(), long)) == (300_000, 700_000)


def test_what_comes_back_stays_unless_it_is_to_be_lent_again(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace import run_gather

    listing = loan(4_000_000, now=now)
    own = mandate(bob(), cash=1_000_000, now=now, reinvest=False)
    monkeypatch.setattr(run_gather, "set_aside", lambda standing: {one.pk: 400_000 for one in standing})
    do(now=now)
    assert held(bob(), listing) == 600_000
    assert own.state == "running"


def test_pledgers_by_mandate_see_what_pledgers_see_and_lose_it_with_the_pledge(now: datetime) -> None:
    listing = loan(3_000_000, now=now)
    mandate(bob(), cash=1_000_000, now=now)
    do(now=now)
    assert files.relation_of(bob().user, listing.loan.file) == "pledger"
    pledging.cancel(Pledge.objects.get(), by=bob().user, as_of=business_day.current(), now=now)
    assert files.relation_of(bob().user, listing.loan.file) is None


def test_runs_are_at_published_times(now: datetime, settings: Any) -> None:
    settings.MATCHING_MINUTES = 30
    at = timezone.localtime(now).replace(hour=9, minute=10)
    assert runs.next_time(at) == at.replace(minute=30, second=0, microsecond=0)
    assert runs.next_time(at.replace(minute=30, second=0, microsecond=0)) == at.replace(hour=10, minute=0, second=0, microsecond=0)
    run = runs.announce(currency="CNY", now=now)
    assert runs.announce(currency="CNY", now=now).pk == run.pk
    assert runs.tick(now=run.due_at - timedelta(seconds=1)) is None
