"""What the pledge pages refuse, and that nothing is taken when they do."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from core import business_day, outbox
from ledger import queries
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import file as files
from loans.models import DisclosureGrant
from marketplace.models import Listing, Pledge
from payments import wallet
from tests import stories
from tests.cast import Member, alice, bob, carol, client_of, dan, eve
from tests.worlds import world

pytestmark = pytest.mark.django_db
CASH = 2_000_000


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(moment), now=moment)
    return moment


@world
def listing(now: datetime) -> Listing:
    """A loan of Alice's for 48,000 yuan; Bob has 20,000."""
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(bob(now=now), CASH, now=now)
    return Listing.objects.get(loan=loan)


def send(member: Member, listing: Listing, amount: str, *, client: Client | None = None, **changes: Any) -> Any:
    """The confirm form as the page sends it; `changes` of None leave a field out."""
    fields = {"amount": amount, "seen_rate": str(listing.annual_rate), "risk": "on", "confirmed": "1", "idempotency_key": uuid4().hex} | changes
    fields = {name: value for name, value in fields.items() if value is not None}
    return (client or client_of(member)).post(f"/market/{listing.reference}/pledge/", fields)


def nothing_was_taken(member: Member, cash: int = CASH) -> None:
    assert not Pledge.objects.exists()
    assert (wallet.overview(member.party).available, wallet.overview(member.party).reserved) == (cash, 0)
    assert check_books().is_clean


WRONG = {
    "50": "below the minimum",
    "0": "Enter at least",
    "-100": "",
    "150": "multiple of the unit",
    "48,100": "more than is still open",
    "20,100": "does not hold that much",
    "1e3": "",
    "ten thousand": "",
    "1000 or so": "",
    "1,00,0": "",
    "1000.001": "",
    "9" * 40: "",
    "9" * 100_000: "",
    "": "Enter an amount",
}


def test_an_amount_that_cannot_be_is_refused_at_its_field(listing: Listing) -> None:
    for amount, says in WRONG.items():
        answer = send(bob(), listing, amount)
        assert answer.status_code == 422, amount[:20]
        assert says in " ".join(str(error) for error in answer.context["form"].errors["amount"])
    nothing_was_taken(bob())


def test_an_amount_is_read_as_people_type_it(listing: Listing) -> None:
    for count, typed in enumerate(("１０００", "１，０００．００", "¥1,000", " 1 000 "), start=1):
        assert send(bob(), listing, typed).status_code == 302, typed
        assert list(Pledge.objects.values_list("amount", flat=True)) == [100_000] * count


def test_without_the_risk_read_or_at_a_stale_price_nothing_happens(listing: Listing) -> None:
    rates: list[dict[str, Any]] = [{"seen_rate": rate} for rate in (None, "lots", "0.01", "NaN", "9" * 50)]
    for changes in [{"risk": None}, *rates]:
        assert send(bob(), listing, "1000", **changes).status_code == 422, changes
    nothing_was_taken(bob())


def test_a_form_without_a_key_or_with_a_bad_one_is_not_taken(listing: Listing) -> None:
    for key in (None, "", "short", "x" * 300):
        assert send(bob(), listing, "1000", idempotency_key=key).status_code == 400
    nothing_was_taken(bob())


def test_sent_twice_is_one_pledge_and_with_another_amount_a_conflict(listing: Listing) -> None:
    key = uuid4().hex
    first, second = (send(bob(), listing, "1000", idempotency_key=key) for _ in range(2))
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert send(bob(), listing, "2000", idempotency_key=key).status_code == 409
    assert Pledge.objects.get().amount == 100_000
    assert wallet.overview(bob().party).reserved == 100_000


def test_what_somebody_else_took_meanwhile_is_told(listing: Listing, now: datetime) -> None:
    stories.pay_in(carol(), 5_000_000, now=now)
    stories.pledge(listing, carol(), 4_700_000, now=now)
    answer = send(bob(), listing, "2000")
    assert answer.status_code == 422
    assert "¥1,000" in answer.content.decode(), "the page says what is left"
    assert Pledge.objects.count() == 1
    assert send(bob(), listing, "1000").status_code == 302


def test_a_listing_that_is_over_takes_nothing(listing: Listing, now: datetime) -> None:
    Listing.objects.update(opens_at=now - timedelta(days=15), closes_at=now - timedelta(seconds=1))
    assert send(bob(), listing, "1000").status_code == 422
    nothing_was_taken(bob())
    outbox.drain(now=now + timedelta(days=15))
    listing.refresh_from_db()
    assert listing.state == "expired"
    assert send(bob(), listing, "1000").status_code == 404
    nothing_was_taken(bob())


def test_nobody_funds_a_loan_of_their_own(now: datetime) -> None:
    loan = stories.accepted_loan(eve(now=now), reviewer=dan(now=now), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(eve(), CASH, now=now)
    answer = send(eve(), Listing.objects.get(loan=loan), "1000")
    assert answer.status_code == 422
    assert "loan of yours" in answer.content.decode()
    nothing_was_taken(eve())


def test_who_does_not_invest_or_is_not_known_does_not_pledge(listing: Listing) -> None:
    assert send(alice(), listing, "1000").status_code == 302  # led to the onboarding list
    assert send(bob(), listing, "1000", client=Client()).url.startswith("/accounts/login/")
    nothing_was_taken(bob())


def test_another_site_cannot_pledge_in_bobs_name(listing: Listing) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(bob()).cookies
    assert send(bob(), listing, "1000", client=strict).status_code == 403
    nothing_was_taken(bob())


def test_somebody_elses_pledge_is_not_there(listing: Listing, now: datetime) -> None:
    placed = stories.pledge(listing, bob(), 100_000, now=now)
    stranger = client_of(carol())
    missing = stranger.get("/pledges/PL-00000000/")
    shown = stranger.get(f"/pledges/{placed.reference}/")
    assert (shown.status_code, missing.status_code) == (404, 404)
    assert stranger.post(f"/pledges/{placed.reference}/cancel/").status_code == 404
    placed.refresh_from_db()
    assert placed.state == "reserved"


def test_a_pledge_is_taken_back_once_and_only_in_time(listing: Listing, now: datetime) -> None:
    placed = stories.pledge(listing, bob(), 100_000, now=now)
    browser = client_of(bob())
    for _ in range(2):
        assert browser.post(f"/pledges/{placed.reference}/cancel/").status_code == 302
    nothing_held = queries.balance(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency="CNY")
    assert (nothing_held.pending_in, wallet.overview(bob().party).available) == (0, CASH)
    late = stories.pledge(listing, bob(), 200_000, now=now, key="another")
    Pledge.objects.filter(pk=late.pk).update(cancel_until=now - timedelta(seconds=1))
    assert "has passed" in browser.post(f"/pledges/{late.reference}/cancel/", follow=True).content.decode()
    late.refresh_from_db()
    assert late.state == "reserved"
    assert check_books().is_clean


def test_a_file_opened_through_a_party_that_was_left_opens_again_with_a_pledge_of_ones_own(listing: Listing, now: datetime) -> None:
    stories.pay_in(carol(now=now), 100_000, now=now)
    left = Membership.objects.create(user=bob().user, party=carol().party, role="view", created_at=now)
    stories.pledge(listing, carol(), 100_000, now=now, key="carols")
    assert files.disclosed_to(bob().user).exists()
    Membership.objects.filter(pk=left.pk).update(ended_at=now)
    assert not files.disclosed_to(bob().user).exists()
    stories.pledge(listing, bob(), 100_000, now=now, key="bobs")
    assert files.disclosed_to(bob().user).exists()
    assert list(DisclosureGrant.objects.filter(user=bob().user).values_list("party", flat=True)) == [bob().party.pk]
