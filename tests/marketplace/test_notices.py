"""A loan's whole life as the messages tell it: to the borrower, to who pledged, to who holds; nobody is told what is not theirs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from core import business_day, outbox
from core.models import Job
from loans import application as applications
from loans import delinquency, offer, repayment
from loans import obligor as obligors
from loans.models import Obligor, Participation
from marketplace import listing as listings
from marketplace import pledge as pledging
from marketplace.models import Listing
from marketplace.notices import crowd
from notifications.channels import inbox
from notifications.models import Message
from privacy import notices
from privacy.forms import Answer
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve, fay, grace
from tests.notifications.test_message import crowd as strangers
from tests.worlds import world

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


@world
def start():
    """Everybody has signed up, and has read what they were told about it."""
    now = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
    business_day.advance(to=now.date(), now=now)
    for member in (alice, bob, carol, dan, eve, fay, grace):
        member(now=now)
    outbox.drain(now=now)
    forget()
    return now


def forget():
    Message.objects.all().delete()
    mail.outbox.clear()


def told(member):
    return list(Message.objects.filter(user=member.user).order_by("pk").values_list("template", flat=True))


def words(member, *, now, language="en"):
    """What somebody reads, oldest first."""
    with override(language):
        lines = inbox.opened(member.user, list(inbox.of(member.user).order_by("pk")), page="test", now=now)
    return [f"{line.wording.title}: {line.wording.text}" for line in lines]


def listed(now, *, amount=1_000_000):
    for investor in (bob(), carol()):
        stories.pay_in(investor, 3_000_000, now=now)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=amount, term_months=6, now=now)
    return loan, Listing.objects.get(loan=loan)


def running(now):
    """Paid out; Bob holds 6,000 yuan of it and Carol 4,000."""
    loan, listing = listed(now)
    stories.pledge(listing, bob(), 600_000, now=now)
    stories.pledge(listing, carol(), 400_000, now=now)
    outbox.drain(now=now)
    loan.refresh_from_db()
    stories.verified_account(alice(), now=now)
    stories.pay_out(loan, proposer=fay(), approver=dan(), now=now)
    loan.refresh_from_db()
    outbox.drain(now=now)
    return loan


@world
def open_listing(start):
    return listed(start)


@world
def loan(start):
    return running(start)


def test_from_application_to_payout(start, loan):
    reference = loan.listing.reference
    assert told(alice()) == [
        "application.submitted",
        "application.offered",
        "listing.opened",
        "listing.filled",
        "bank_account.verified",
        "loan.paid_out",
    ]
    assert told(bob()) == ["wallet.deposit_settled", "pledge.placed", "pledge.filled", "holding.paid_out"]
    assert told(eve()) == []
    assert f"Listing {reference} is filled. Your ¥6,000.00 goes out" in words(bob(), now=start)[2]
    assert "Your share is ¥4,000.00" in words(carol(), now=start)[3]
    assert "¥9,920.00 was sent to your bank account" in words(alice(), now=start)[5]
    assert "2026年4月2日" in words(alice(), now=start, language="zh-hans")[5]


def test_repayments_are_one_line_a_day_for_holders_and_a_receipt_each_for_the_borrower(start, loan):
    stories.pay_in(alice(), 1_200_000, now=start)
    forget()
    day = loan.installments.get(number=1).due_on
    stories.morning_of(day, now=start)
    for key, amount in (("a", 50_000), ("b", 70_000)):
        repayment.pay(loan=loan, amount=amount, by=alice().user, key=key, as_of=day, now=start)
        outbox.drain(now=start)
        inbox.mark_read(carol().user, now=start)
    assert told(alice()) == ["wallet.deposit_settled", "repayment.receipt", "repayment.receipt"]
    assert told(bob()) == told(carol()) == ["receipt.day"]
    shares = Participation.objects.get(party=bob().party).shares.all()
    came = sum(share.net for share in shares) / 100
    assert words(bob(), now=start)[0].startswith(f"¥{came:,.2f} came back from loans you fund: On 2 April 2026")
    assert "Number of loans: 1." in words(bob(), now=start)[0]
    assert not [sent for sent in mail.outbox if sent.to == [bob().email]], "not one mail per cent"
    next_day = day + timedelta(days=1)
    delinquency.close_day(to=next_day, now=start)
    repayment.pay(loan=loan, amount=10_000, by=alice().user, key="c", as_of=next_day, now=start)
    outbox.drain(now=start)
    assert told(bob()) == ["receipt.day", "receipt.day"]


def test_late_and_back_and_default_in_neutral_words(start, loan):
    stories.pay_in(alice(), 1_200_000, now=start)
    outbox.drain(now=start)
    forget()
    first = loan.installments.get(number=1)
    late = first.due_on + timedelta(days=4)
    stories.morning_of(late, now=start)
    outbox.drain(now=start)
    assert told(alice()) == ["loan.late"]
    assert told(bob()) == told(carol()) == ["holding.late"]
    assert "has been open since 2 April 2026" in words(alice(), now=start)[0]
    assert "¥6,000.00 of your principal is still out" in words(bob(), now=start)[0]
    owed = repayment.owed(loan, as_of=late)
    repayment.pay(loan=loan, amount=owed.due, by=alice().user, key="late", as_of=late, now=start)
    outbox.drain(now=start)
    assert sorted(told(alice())) == ["loan.caught_up", "loan.late", "repayment.receipt"]
    assert sorted(told(bob())) == ["holding.caught_up", "holding.late", "receipt.day"]
    stories.morning_of(loan.installments.get(number=2).due_on + timedelta(days=91), now=start)
    outbox.drain(now=start)
    assert told(bob())[3:] == ["holding.defaulted"], "what changed on the way is no longer so when it would be told"
    assert "you may lose it in part or in full" in words(bob(), now=start)[3]
    for sent in mail.outbox:
        assert "¥" not in sent.body + sent.subject
        assert loan.reference not in sent.body
        assert loan.listing.reference not in sent.body


def test_an_early_end_is_told_to_both_sides(start, loan):
    stories.pay_in(alice(), 1_200_000, now=start)
    outbox.drain(now=start)
    forget()
    day = start.date() + timedelta(days=10)
    quote = repayment.quote_settlement(loan, as_of=day)
    repayment.settle_early(loan=loan, expected=quote.total, by=alice().user, key="end", as_of=day, now=start)
    outbox.drain(now=start)
    assert told(alice()) == ["loan.repaid", "repayment.receipt"]
    assert sorted(told(bob())) == ["holding.repaid", "receipt.day"]


def test_a_pledge_taken_back_and_a_listing_that_did_not_fill(start, open_listing):
    _loan, listing = open_listing
    pledge = stories.pledge(listing, bob(), 200_000, now=start)
    stories.pledge(listing, carol(), 300_000, now=start)
    pledging.cancel(pledge, by=bob().user, as_of=business_day.current(), now=start)
    outbox.drain(now=start)
    outbox.drain(now=start + timedelta(days=15))
    listing.refresh_from_db()
    assert listing.state == "expired"
    assert told(bob()) == ["wallet.deposit_settled", "pledge.placed", "pledge.cancelled"], "who left is not told how it ended"
    assert told(carol())[-1] == "pledge.expired"
    assert "Your ¥3,000.00 is available in your wallet again" in words(carol(), now=start)[-1]
    assert told(alice())[-1] == "listing.expired"


def test_a_withdrawn_listing_gives_everybody_word(start, open_listing):
    _loan, listing = open_listing
    stories.pledge(listing, carol(), 300_000, now=start)
    outbox.drain(now=start)
    listings.withdraw(listing, as_of=business_day.current(), now=start)
    outbox.drain(now=start)
    assert told(carol())[-1] == "pledge.withdrawn"
    assert told(alice())[-1] == "listing.withdrawn"


def test_an_offer_nobody_answers_is_called_to_mind_once(start):
    application = stories.offered(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=start)
    made = application.offers.get()
    outbox.drain(now=made.expires_at - timedelta(days=2, minutes=1))
    assert told(alice())[-1] == "application.offered"
    outbox.drain(now=made.expires_at - timedelta(days=2))
    assert told(alice())[-1] == "offer.expiring"
    assert offer.expire_due(now=made.expires_at) == 1
    outbox.drain(now=made.expires_at)
    assert told(alice())[-2:] == ["offer.expiring", "offer.expired"]


def test_an_answered_offer_is_not_called_to_mind(start):
    stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=start)
    outbox.drain(now=start + timedelta(days=6))
    assert "offer.expiring" not in told(alice())


@pytest.mark.parametrize(("verdict", "template"), [("refer", "application.referred"), ("decline", "application.declined")])
def test_the_other_answers_of_a_review(start, verdict, template):
    application = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    applications.submit(application, by=alice().user, as_of=business_day.current(), now=start)
    application.refresh_from_db()
    applications.claim(application, by=dan().user, now=start)
    getattr(applications, verdict)(application, by=dan().user, reason="Something about somebody.", now=start)
    outbox.drain(now=start)
    assert told(alice()) == ["application.submitted", template]
    said = words(alice(), now=start)[1]
    assert "Something about somebody" not in said
    page = client_of(alice()).get(Message.objects.get(template=template).link).content.decode()
    assert ("Something about somebody" in page) == (verdict == "refer"), "what is asked for is read on its page"
    if verdict == "decline":
        assert "against it: what a person found when reading it. You may ask for another look by a person" in said


def test_a_decline_gives_the_scorecards_reasons_where_they_are_the_reasons(start, monkeypatch):
    heavy = {"income_monthly": "60000", "debt_monthly": "40000", "debt_total": "5000000", "debt_other_platforms": "5000000", "overdue_count_6m": "4"}
    monkeypatch.setitem(stories.ANSWERS, "finances", stories.ANSWERS["finances"] | heavy)
    application = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    applications.submit(application, by=alice().user, as_of=business_day.current(), now=start)
    application.refresh_from_db()
    assert application.decision.outcome != "approve"
    applications.claim(application, by=dan().user, now=start)
    applications.decline(application, by=dan().user, reason="Too much for this income.", now=start)
    outbox.drain(now=start)
    assert "against it: Times overdue in the last six months" in words(alice(), now=start)[1]
    assert "影响最大的因素：近六个月的逾期次数" in words(alice(), now=start, language="zh-hans")[1]
    assert not [sent for sent in mail.outbox if "Monthly" in sent.body or "还款" in sent.body]


def test_a_co_borrower_hears_of_the_loan_but_not_of_the_borrowers_answers(start):
    application = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    Obligor.objects.bulk_create([Obligor(application=application, role="co_borrower", party=grace().party, state="invited", created_at=start)])
    Obligor.objects.filter(party=grace().party).update(state="joined")
    applications.submit(application, by=alice().user, as_of=business_day.current(), now=start)
    application.refresh_from_db()
    applications.claim(application, by=dan().user, now=start)
    applications.approve(application, by=dan().user, reason="Sound.", now=start)
    outbox.drain(now=start)
    assert told(alice()) == ["application.submitted", "application.offered"]
    assert told(grace()) == ["application.offered"]


def test_the_borrower_hears_what_became_of_an_invitation_and_nothing_about_who_it_was(start):
    application = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    kept, _token = obligors.invite(application, by=alice().user, now=start)
    obligors.decline(kept, by=None, now=start)
    joined, _token = obligors.invite(application, by=alice().user, now=start)
    yes = [Answer("given", purpose, notices.current(purpose, "en")) for purpose in obligors.NEEDED]
    obligors.join(joined, party=grace().party, by=grace().user, income_monthly=800_000, debt_monthly=0, answers=yes, now=start)
    outbox.drain(now=start)
    assert told(alice()) == ["co_borrower.declined", "co_borrower.joined"]
    assert told(grace()) == []
    assert grace().party.reference not in "".join(words(alice(), now=start))


def test_thousands_of_holders_are_told_page_by_page_in_few_statements(start, loan, monkeypatch):
    monkeypatch.setattr(crowd, "PAGE", 10)
    many = strangers(25, now=start)
    Participation.objects.bulk_create(Participation(loan=loan, party=member.party, amount=100, originated_at=start) for member in many)
    outbox.drain(now=start)
    forget()
    stories.morning_of(loan.installments.get(number=1).due_on + timedelta(days=4), now=start)
    (job,) = Job.objects.filter(name="loan.state_changed", state="waiting", handler__contains="holding")
    with CaptureQueriesContext(connection) as page:
        assert outbox.run(job.pk, now=start) == "done"
    assert len(page) < 30
    outbox.drain(now=start)
    assert Message.objects.filter(template="holding.late").count() == 27
    assert Job.objects.filter(name="crowd.more", state="done").count() == 2
    assert all(told(member) == ["holding.late"] for member in many)
