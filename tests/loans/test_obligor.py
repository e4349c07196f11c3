"""Grace borrows with Alice: by a link that works once, with her own account, consents, figures and signature. And who is refused."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.reauthentication import Reauthentication
from core import business_day, outbox
from loans import access
from loans import obligor as obligors
from loans.models import Loan, Obligor
from loans.obligor import UnableToJoin
from loans.offer import accept
from privacy import consents
from privacy.models import AccessLog, Consent
from tests import stories
from tests.cast import PASSWORD, alice, client_of, dan, eve, grace
from tests.worlds import world

pytestmark = pytest.mark.django_db
YES = {"application": "yes", "automated_decision": "yes"}
FIGURES = {"income_monthly": "12,000", "debt_monthly": "500"}


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


@world
def draft(now):
    return stories.draft(alice(), amount=4_800_000, term_months=6, now=now)


def key_of(response) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


def link_of(draft) -> str:
    """Alice makes a link on her page and reads it there, once."""
    page, browser = f"/applications/{draft.reference}/co-borrowers/", client_of(alice())
    browser.post(page, {"idempotency_key": key_of(browser.get(page))})
    shown = browser.get(page).content.decode()
    link = re.search(r"/co-borrow/key/[\w-]+/", shown).group(0)
    assert link not in browser.get(page).content.decode(), "shown once"
    return link


def join(member, link, **fields):
    browser = client_of(member)
    shown = browser.get(link)
    return browser.post(link, {**FIGURES, **YES, "answer": "join", "idempotency_key": key_of(shown), **fields})


def test_only_a_digest_of_the_link_is_kept_and_no_name_of_anybody(draft, now):
    obligor, token = obligors.invite(draft, by=alice().user, now=now)
    kept = Obligor.objects.values().get(pk=obligor.pk)
    assert token not in str(kept)
    assert kept["party_id"] is None
    assert len(bytes(kept["token_hash"])) == 32
    assert obligor.expires_at == now + timedelta(days=7)


def test_looking_binds_to_nothing_and_needs_an_account(draft, client):
    link = link_of(draft)
    door = client.get(link)
    assert door.status_code == 200
    assert "A second oven" not in door.content.decode(), "the project is told to somebody signed in only"
    reading = client_of(grace()).get(link)
    assert "A second oven" in reading.content.decode()
    assert "15,000" not in reading.content.decode(), "Alice's income is not"
    assert Obligor.objects.get(role="co_borrower").state == "invited"
    assert AccessLog.objects.filter(subject=draft.file.subject, role="co_borrower").exists(), "and Alice sees that she looked"


def test_grace_joins_signs_and_is_named_and_her_facts_count(draft, now):
    joined = join(grace(), link_of(draft))
    assert joined.status_code == 302, joined.context["form"].errors
    obligor = Obligor.objects.select_related("party__subject", "consent__matter").get(role="co_borrower")
    assert (obligor.state, obligor.party) == ("joined", grace().party)
    assert obligor.consent.subject == grace().party.subject
    for purpose in obligors.NEEDED:
        assert consents.is_given(subject=grace().party.subject, purpose=purpose, matter=obligor.consent.matter, now=now)
    assert client_of(grace()).get(joined.url).status_code == 200
    assert client_of(eve()).get(joined.url).status_code == 404

    from loans import facts

    gathered = facts.gather(draft, as_of=business_day.current(), now=now).facts
    assert (gathered.income_monthly, gathered.debt_monthly) == (1_500_000 + 1_200_000, 50_000)

    offer = reviewed(draft, now).offers.get()
    page = f"/offers/{offer.reference}/"
    for member, made in ((alice(), False), (grace(), True)):
        browser = client_of(member)
        assert browser.post(f"{page}sign/", {"idempotency_key": "not-proven-yet"}).url.startswith("/accounts/reauthenticate")
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert browser.get(f"{page}agreement/").content.startswith(b"%PDF")
        browser.post(f"{page}sign/", {"idempotency_key": key_of(browser.get(page))})
        assert Loan.objects.exists() is made, "the loan is made when the last one has signed"
    contract = Loan.objects.get().agreement
    assert [row["party"] for row in contract.terms["obligors"]] == [alice().party.reference, grace().party.reference]
    assert contract.signatures.count() == 2
    assert client_of(grace()).get(page).status_code == 200
    assert client_of(grace()).get(f"/papers/{contract.reference}/fixed/").content.startswith(b"%PDF")


def reviewed(draft, now):
    from loans import application as applications

    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    applications.claim(draft, by=dan().user, now=now)
    applications.approve(draft, by=dan().user, reason="Sound together.", now=now)
    outbox.drain(now=now)
    return draft


def test_a_link_works_once_and_only_in_time(draft, now):
    used = link_of(draft)
    join(grace(), used)
    gone = client_of(eve()).get(used)
    assert gone.status_code == 410
    assert "used already" in gone.content.decode()
    old = link_of(draft)
    Obligor.objects.filter(state="invited").update(expires_at=now - timedelta(seconds=1))
    assert "expired" in client_of(eve()).get(old).content.decode()
    assert obligors.expire_due(now=now) == 1
    assert client_of(eve()).get("/co-borrow/key/no-such-link/").status_code == 404


def test_nobody_stands_beside_themselves_or_twice(draft, now):
    link = link_of(draft)
    own = client_of(alice()).get(link).content.decode()
    assert "This is your own application" in own
    assert 'value="join"' not in own
    token = link.rstrip("/").rpartition("/")[2]
    found = obligors.find(token, now=now)
    with pytest.raises(UnableToJoin) as refused:
        obligors.check(found, party=alice().party)
    assert refused.value.code == "own"
    join(grace(), link_of(draft))
    assert "already" in client_of(grace()).get(link).content.decode()
    assert Obligor.objects.filter(state="joined").count() == 1


def test_without_the_two_consents_nobody_joins_and_nothing_is_kept(draft):
    answered = join(grace(), link_of(draft), automated_decision="no")
    assert answered.status_code == 422
    assert "automated_decision" in answered.context["form"].errors
    obligor = Obligor.objects.get(role="co_borrower")
    assert (obligor.state, obligor.party, obligor.income_monthly) == ("invited", None, None)


def test_an_unverified_person_is_led_to_the_identity_check(draft):
    from accounts.models import Party

    member = grace()
    Party.objects.filter(pk=member.party.pk).update(verified_at=None)
    shown = client_of(member).get(link_of(draft)).content.decode()
    assert "Confirm your identity first" in shown
    assert 'value="join"' not in shown


def test_declining_and_taking_back_end_the_link(draft, now):
    link = link_of(draft)
    browser = client_of(grace())
    browser.post(link, {"answer": "decline", "idempotency_key": key_of(browser.get(link))})
    assert Obligor.objects.get(role="co_borrower").state == "declined"
    other = link_of(draft)
    waiting = Obligor.objects.get(state="invited")
    client_of(alice()).post(f"/co-borrow/{waiting.reference}/take-back/")
    assert client_of(grace()).get(other).status_code == 410
    assert client_of(eve()).post(f"/co-borrow/{waiting.reference}/take-back/").status_code == 404


def test_each_consent_is_alone_on_its_screen_and_nothing_is_kept_before_the_last(draft):
    link, browser = link_of(draft), client_of(grace())
    sent = {"answer": "join", "idempotency_key": key_of(browser.get(link))}
    for shown, more in ((browser.get(link), {}), (browser.post(link, sent | {"application": "yes"}), {"application": "yes"})):
        asked = obligors.NEEDED[len(more)]
        visible = re.findall(r'<input type="(?!hidden)\w+" name="(\w+)"', shown.content.decode())
        assert (shown.status_code, {*visible}) == (200, {asked})
        assert [field.name for field in shown.context["form"].hidden_fields()] == [*more]
        for said in ("no", "perhaps"):
            refused = browser.post(link, sent | more | {asked: said})
            assert (refused.status_code, [*refused.context["form"].errors]) == (422, [asked])
    figures = browser.post(link, sent | YES)
    assert (figures.status_code, [*figures.context["form"].errors]) == (200, [])
    assert set(re.findall(r'<input type="(?!hidden)\w+" name="(\w+)"', figures.content.decode())) == {*FIGURES}
    wrong = browser.post(link, sent | YES | FIGURES | {"income_monthly": "lots"})
    assert (wrong.status_code, [*wrong.context["form"].errors]) == (422, ["income_monthly"])
    assert b"lots" in wrong.content
    assert not Consent.objects.filter(subject=grace().party.subject, purpose__in=obligors.NEEDED).exists()
    assert browser.post(link, sent | YES | FIGURES).status_code == 302


def test_an_unanswered_invitation_holds_the_application_back(draft, now):
    link_of(draft)
    browser = client_of(alice())
    checked = browser.get(f"/applications/{draft.reference}/check/")
    refused = browser.post(f"/applications/{draft.reference}/submit/", {"idempotency_key": key_of(checked)})
    assert refused.status_code == 409
    assert "has not answered yet" in refused.content.decode()


def test_stepping_back_is_possible_until_the_application_is_sent(draft, now):
    joined = join(grace(), link_of(draft))
    reviewed(draft, now)
    client_of(grace()).post(f"{joined.url}step-back/")
    obligor = Obligor.objects.get(role="co_borrower")
    assert obligor.state == "joined", "the decision rests on her; she may decline the offer"
    offer = draft.offers.get()
    client_of(grace()).post(f"/offers/{offer.reference}/decline/")
    offer.refresh_from_db()
    assert offer.state == "declined"


def test_whoever_stepped_back_reads_neither_offer_nor_agreement(draft, now):
    joined, browser = join(grace(), link_of(draft)), client_of(grace())
    gone = browser.post(f"{joined.url}step-back/", follow=True)
    assert gone.redirect_chain == [("/applications/", 302)]
    assert "You have stepped back" in gone.content.decode()
    assert "A second oven" not in gone.content.decode()
    offer = reviewed(draft, now).offers.get()
    accept(offer, by=alice().user, reauthentication=Reauthentication(method="password", at=now), language="en", now=now)
    contract = Loan.objects.get().agreement
    pages = (f"/offers/{offer.reference}/", f"/papers/{contract.reference}/fixed/")
    for page in pages:
        assert browser.get(page).status_code == 404, page
        assert client_of(alice()).get(page).status_code == 200, page
    assert browser.get(joined.url).status_code == 404
    assert not access.own_offers(grace().party).exists(), "what the API lists"
    assert access.own_offers(alice().party).get() == offer
