"""A court wants Alice's file kept: only she and the hold read it, nothing new begins, money still moves; a lock on Bob stops his orders."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import PRIVACY
from core import outbox
from loans import application as applications
from loans import file as files
from loans import repayment
from loans.models import Loan
from marketplace import run_gather, search
from marketplace.models import Listing
from payments import withdrawal
from privacy import restriction
from privacy.disclosure import Restricted
from privacy.models import AccessLog, ContactDecision, Restriction
from tests import stories
from tests.cast import alice, bob, client_of, dan, eve, fay, opened
from tests.marketplace.test_notices import listed, start
from tests.marketplace.test_personal_data import empty_wallet, funded
from tests.marketplace.test_run import mandate as mandate_of

__all__ = ["start"]
pytestmark = pytest.mark.django_db


def lock(member, *, now):
    return restriction.restrict(subject=member.user.subject, ground="legal_hold", why="Court order 12.", by=fay().user.subject, now=now)


def test_a_locked_borrowers_listing_is_not_there_and_nothing_new_begins(start):
    loan, listing = listed(start)
    stories.pay_in(bob(), 1_000_000, now=start)
    stories.pledge(listing, bob(), 300_000, now=start)
    address, application = f"/market/{listing.reference}/", loan.agreement.offer.application
    assert client_of(bob()).get(address).status_code == 200
    waiting = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    applications.submit(waiting, by=alice().user, as_of=start.date(), now=start)
    waiting.refresh_from_db()
    applications.claim(waiting, by=dan().user, now=start)
    lock(alice(), now=start)
    for member in (bob(), eve()):
        assert client_of(member).get(address).status_code == 404
        assert listing.reference not in client_of(member).get("/market/").content.decode()
    assert not search.open_listings(now=start).exists()
    assert files.relation_of(bob().user, loan.file) is None
    looks = AccessLog.objects.filter(subject=alice().user.subject).count()
    with pytest.raises(Restricted):
        applications.assess(application, as_of=start.date(), now=start)
    with pytest.raises(Restricted):
        applications.start(party=alice().party, by=alice().user, language="en", now=start)
    assert AccessLog.objects.filter(subject=alice().user.subject).count() == looks, "what is refused looked at nothing"
    page = opened(client_of(dan()), reverse("admin:loans_application_file", args=[waiting.pk]))
    assert (page.status_code, "locked" in page.content.decode()) == (409, True)
    assert client_of(alice()).post(reverse("loans:applications"), {}).status_code in (405, 409)


def test_a_loan_that_runs_is_paid_while_its_file_is_locked_and_nobody_is_reminded(start):
    loan = funded(start)
    holding = reverse("marketplace:holding", args=[Listing.objects.get(loan=loan).reference])
    assert client_of(bob()).get(holding).context["seen"].parts
    lock(alice(), now=start)
    page = client_of(bob()).get(holding)
    assert (page.status_code, page.context["seen"].relation, page.context["seen"].parts) == (200, None, ()), "the own money is always shown, no more"
    for name in ("privacy:centre", "privacy:export", "privacy:looks", "accounts:settings"):
        assert client_of(alice()).get(reverse(name)).status_code == 200
    assert "Court order 12." in client_of(alice()).get(reverse("privacy:centre")).content.decode()
    loan = Loan.objects.get(pk=loan.pk)
    before = loan.repayments.count()
    repayment.pay(loan=loan, amount=50_000, by=alice().user, key="locked", as_of=loan.disbursed_on, now=start)
    outbox.drain(now=start)
    assert loan.repayments.count() == before + 1
    empty_wallet(alice(), now=start)
    assert not withdrawal.Payment.objects.exclude(state__in=["settled", "sent"]).filter(party=alice().party, kind="withdrawal").exists()
    from loans import outreach

    told = outreach.remind(loan.agreement.offer.application, alice().party, template="loan.late", channel="in_app", params={}, now=start, say=lambda: None)
    assert (told.allowed, ContactDecision.objects.latest("pk").reason) == (False, "D_DO_NOT_CONTACT")


def test_a_locked_investor_pledges_nothing_and_no_order_of_theirs_runs(start):
    _loan, listing = listed(start)
    stories.pay_in(bob(), 1_000_000, now=start)
    mandate_of(bob(), now=start)
    assert run_gather.running(currency="CNY").exists()
    found = lock(bob(), now=start)
    assert not run_gather.running(currency="CNY").exists()
    with pytest.raises(Restricted):
        stories.pledge(listing, bob(), 100_000, now=start)
    with pytest.raises(Restricted):
        mandate_of(bob(), now=start)
    restriction.lift(found, why="Over.", by=fay().user.subject, now=start)
    assert run_gather.running(currency="CNY").exists()
    stories.pledge(listing, bob(), 100_000, now=start)


def test_the_privacy_office_locks_and_lifts_with_a_reason_and_nobody_else_does():
    from django.contrib.auth.models import Group

    alice(), bob()
    add = reverse("admin:privacy_restriction_add")
    assert client_of(dan()).get(add).status_code == 403
    fay().user.groups.add(Group.objects.get(name=PRIVACY))
    office, pseudonym = client_of(fay()), alice().user.subject.pseudonym
    said = {"pseudonym": pseudonym, "ground": "legal_hold", "why": "Court order 12."}
    for wrong in ({"pseudonym": "nobody-1"}, {"why": " "}, {"ground": "kept_by_law"}, {"pseudonym": fay().user.subject.pseudonym}):
        assert office.post(add, said | wrong | _key(office, add)).status_code == 422
    assert not Restriction.objects.exists()
    assert office.post(add, said | _key(office, add)).status_code == 302
    lift = reverse("admin:privacy_restriction_lift", args=[Restriction.objects.get().reference])
    assert "Court order 12." in office.get(lift).content.decode()
    assert AccessLog.objects.filter(subject=alice().user.subject, page="admin.privacy.lock").exists(), "the person sees who read it"
    assert office.post(lift, {"why": ""} | _key(office, lift)).status_code == 422
    assert office.post(lift, {"why": "Order lifted."} | _key(office, lift)).status_code == 302
    assert Restriction.objects.get().lifted_at <= timezone.now()
    assert client_of(dan()).get(lift).status_code == 403


def _key(client, address):
    page = client.get(address).content.decode()
    return {"idempotency_key": page.split('name="idempotency_key" value="')[1].split('"')[0]}
