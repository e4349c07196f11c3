"""Alice takes back that her loan may be shown: from that commit nobody sees it, and soon everybody has their money back and knows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.reauthentication import Reauthentication
from core import business_day, outbox
from core.models import Job
from ledger.chart import AccountCode
from ledger.checks import check_books
from ledger.queries import balance
from loans import file as files
from loans import offer
from loans.models import Loan
from marketplace import listing as listings
from marketplace import search
from marketplace.models import Listing
from marketplace.pledge import UnableToPledge
from privacy import consents, notices
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve
from tests.marketplace.test_notices import listed, start, told, words

__all__ = ["start"]
pytestmark = pytest.mark.django_db


def take_back(loan, *, now):
    return consents.withdraw(subject=loan.file.subject, purpose="listing_disclosure", locale="en", matter=loan.file.matter, now=now)


def give_again(loan, *, now):
    stories.consent(loan.agreement.offer.application, ("listing_disclosure",), now=now)


def free(member):
    return balance(code=AccountCode.CLIENT_CASH, owner=member.party.ledger_owner, currency="CNY").available


def pledged(now):
    """Bob and Carol have pledged half of what Alice asks for."""
    loan, listing = listed(now)
    stories.pledge(listing, bob(), 300_000, now=now)
    stories.pledge(listing, carol(), 200_000, now=now)
    outbox.drain(now=now)
    return loan, listing


def test_from_the_same_commit_nobody_sees_it_and_nobody_pledges(start):
    loan, listing = pledged(start)
    address = f"/market/{listing.reference}/"
    assert client_of(eve()).get(address).status_code == 200
    take_back(loan, now=start)
    for member in (bob(), eve()):
        assert client_of(member).get(address).status_code == 404
        assert listing.reference not in client_of(member).get("/market/").content.decode()
    assert not search.open_listings(now=start).exists()
    assert files.relation_of(bob().user, loan.file) is None
    stories.pay_in(eve(), 1_000_000, now=start)
    with pytest.raises(UnableToPledge):
        stories.pledge(listing, eve(), 100_000, now=start)


def test_the_listing_comes_down_and_everybody_has_their_money_and_is_told(start):
    loan, listing = pledged(start)
    take_back(loan, now=start)
    assert (free(bob()), free(carol())) == (2_700_000, 2_800_000)
    outbox.drain(now=start)
    listing.refresh_from_db()
    loan.refresh_from_db()
    assert (listing.state, listing.funded, loan.state) == ("withdrawn", 0, "cancelled")
    assert set(listing.pledges.values_list("state", flat=True)) == {"released"}
    assert (free(bob()), free(carol())) == (3_000_000, 3_000_000)
    assert told(alice())[-1] == "listing.withdrawn"
    assert told(bob())[-1] == told(carol())[-1] == "pledge.withdrawn"
    assert "¥3,000.00" in words(bob(), now=start)[-1]
    assert "consent" not in words(bob(), now=start)[-1], "why is between Alice and us"
    assert check_books().is_clean
    assert not Job.objects.exclude(state="done").exclude(name__in=["listing.expire", "offer.expiring"]).exists()


def test_a_consent_taken_back_before_the_last_job_wins_over_a_full_listing(start):
    loan, listing = pledged(start)
    stories.pledge(listing, bob(), 500_000, now=start)
    take_back(loan, now=start)
    assert listings.fill(Listing.objects.get(pk=listing.pk), as_of=business_day.current(), now=start) is False
    outbox.drain(now=start)
    listing.refresh_from_db()
    assert listing.state == "withdrawn"
    assert free(bob()) == 3_000_000
    assert check_books().is_clean


def test_a_funded_loan_is_not_touched(start):
    loan, listing = pledged(start)
    stories.pledge(listing, bob(), 500_000, now=start)
    outbox.drain(now=start)
    take_back(loan, now=start)
    outbox.drain(now=start)
    listing.refresh_from_db()
    loan.refresh_from_db()
    assert (listing.state, loan.state) == ("filled", "funded")
    assert loan.participations.count() == 2
    assert files.relation_of(bob().user, loan.file) is None


def test_taken_back_before_there_is_a_listing_there_is_none(start):
    application = stories.offered(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=start)
    made = offer.accept(application.offers.get(), by=alice().user, reauthentication=Reauthentication(method="password", at=start), language="en", now=start)
    take_back(made, now=start)
    outbox.drain(now=start)
    assert not Listing.objects.exists()
    assert Loan.objects.get().state == "cancelled"
    assert told(alice())[-1] == "listing.not_opened"


def test_another_answer_or_another_affair_moves_nothing(start):
    loan, listing = pledged(start)
    other = stories.draft(alice(), amount=2_000_000, term_months=6, now=start)
    consents.withdraw(subject=other.file.subject, purpose="listing_disclosure", locale="en", matter=other.file.matter, now=start)
    stories.consent(loan.agreement.offer.application, ("credit_source",), now=start)
    consents.withdraw(subject=loan.file.subject, purpose="credit_source", locale="en", matter=loan.file.matter, now=start)
    outbox.drain(now=start)
    listing.refresh_from_db()
    assert listing.state == "open"


def test_given_again_before_anybody_acted_it_stays_up(start):
    loan, listing = pledged(start)
    take_back(loan, now=start)
    give_again(loan, now=start)
    outbox.drain(now=start)
    listing.refresh_from_db()
    assert listing.state == "open"
    assert client_of(eve()).get(f"/market/{listing.reference}/").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "Until you answer it again"), ("zh-hans", "在您重新回答之前")])
def test_a_notice_changed_in_substance_hides_it_until_alice_answers_and_takes_nothing_down(start, language, words):
    loan, listing = pledged(start)
    wider = {locale: body | {"recipients": [*body["recipients"], "Somebody else"]} for locale, body in notices.compiled("listing_disclosure").items()}
    notices.publish("listing_disclosure", texts=wider, now=start)
    hers, address = client_of(alice(), language=language), f"/market/{listing.reference}/"
    for member in (bob(), eve()):
        assert client_of(member).get(address).status_code == 404
    assert not search.open_listings(now=start).exists()
    assert words in hers.get(f"/loans/{loan.reference}/").content.decode()
    assert hers.get(f"/privacy/consents/listing_disclosure/?matter={loan.file.matter_id}").status_code == 200
    listings.fill(listing, as_of=business_day.current(), now=start)
    outbox.drain(now=start)
    listing.refresh_from_db()
    assert (listing.state, listing.pledges.filter(state="reserved").count()) == ("open", 2)
    give_again(loan, now=start)
    for member in (bob(), eve()):
        assert client_of(member).get(address).status_code == 200
    assert words not in hers.get(f"/loans/{loan.reference}/").content.decode()


def test_the_list_asks_for_all_consents_at_once(start):
    _loan, _listing = pledged(start)
    client = client_of(eve())
    client.get("/market/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/market/")
    assert sum("privacy_consent" in query["sql"] for query in queries) <= 2
