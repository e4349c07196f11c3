"""The borrower's way in a browser without script: apply, be reviewed in the admin, sign, repay. And what strangers get."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from core import business_day, outbox
from loans.models import Application, Loan
from marketplace.models import Listing, Pledge
from privacy import notices
from privacy.purposes import get
from tests import cast, stories
from tests.cast import PASSWORD, alice, bob, carol, client_of, dan, eve, fay
from tests.worlds import world

pytestmark = pytest.mark.django_db

PROJECT = {"title": "A second oven", "summary": "A second oven for a bakery that sells out by ten.", "purpose": "equipment"}
AMOUNT = {"amount": "４８，０００", "term_months": "6", "method": "equal_installment"}
WORK = {"phone": "13800138000", "region": "ZJ", "occupation": "self_employed", "industry": "food", "housing": "rent", "months_at_work": "72"}
FINANCES = {
    "income_monthly": "15,000.00",
    "debt_monthly": "0",
    "debt_total": "0",
    "debt_other_platforms": "0",
    "overdue_count_6m": "0",
}
CONSENTS = {"application": "yes", "automated_decision": "yes", "listing_disclosure": "yes", "credit_source": "no", "bank_source": "no", "named_recipient": "no"}


@world
def today():
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    return now


def key_of(response) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


def fill_in(client, reference):
    pages = {
        "project": PROJECT,
        "amount": AMOUNT,
        "funds": {"rows": "3", "label_1": "Oven", "amount_1": "47000", "label_2": "Wiring", "amount_2": "1000"},
        "background": {"background": "A bakery for six years."},
        "work": WORK,
        "repayment": {"repayment_plan": "From daily sales.", "repayment_source": "business"},
        "finances": FINANCES,
        **{f"privacy/{purpose}": {purpose: answer} for purpose, answer in CONSENTS.items()},
    }
    for section, answers in pages.items():
        assert client.get(f"/applications/{reference}/{section}/").status_code == 200
        answered = client.post(f"/applications/{reference}/{section}/", answers)
        assert answered.status_code == 302, (section, answered.context["form"].errors)


def test_each_consent_is_alone_on_its_screen_and_a_sensitive_one_says_why_it_is_needed_and_what_it_means(today):
    draft, browser = stories.draft(alice(), amount=4_800_000, term_months=6, now=today, consented=False), client_of(alice())
    page = f"/applications/{draft.reference}/privacy/"
    assert browser.get(page).url == f"{page}application/", "the first that was not answered"
    for purpose, answer in CONSENTS.items():
        shown, notice = browser.get(f"{page}{purpose}/"), notices.current(purpose, "en")
        assert set(re.findall(r'type="radio" name="(\w+)"', shown.content.decode())) == {purpose}
        assert (escape(notice.impact_text) in shown.content.decode()) == (escape(notice.necessity_text) in shown.content.decode()) == get(purpose).sensitive
        assert " checked" not in shown.content.decode()
        assert browser.post(f"{page}{purpose}/", {}).status_code == (302 if purpose == "bank_source" else 422), "only the bank may wait"
        assert browser.post(f"{page}{purpose}/", {purpose: answer}).status_code == 302
    assert browser.post(f"{page}application/", {"application": "no"}).status_code == 422, "without it there is nothing to assess"
    overview = browser.get(page)
    assert [overview.content.decode().count(f"<dd>{said} ") for said in ("Yes", "No")] == [3, 3]
    assert browser.get(f"{page}marketing/").status_code == browser.get(f"{page}{'x' * 300}/").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_loan_from_application_to_first_repayment_by_plain_forms(today, language):
    borrower, reviewer, approver = alice(), dan(), fay()
    browser, desk, second_desk = client_of(borrower, language=language), client_of(reviewer), client_of(approver)
    begun = browser.post("/apply/", {"idempotency_key": key_of(browser.get("/apply/"))})
    reference = begun.url.rstrip("/").rpartition("/")[2]
    fill_in(browser, reference)
    checked = browser.get(f"/applications/{reference}/check/")
    sent = browser.post(f"/applications/{reference}/submit/", {"idempotency_key": key_of(checked)})
    assert sent.status_code == 302
    application = Application.objects.get(reference=reference)
    assert application.state == "submitted"
    assert browser.get(sent.url).status_code == 200

    stories.verified_account(borrower, now=today)
    page = f"/admin/loans/application/{application.pk}"
    desk.post(f"{page}/act/", {"act": "claim"})
    assert cast.opened(desk, f"{page}/file/").status_code == 200
    desk.post(f"{page}/act/", {"act": "approve", "reason": "Sound and well documented."})
    application.refresh_from_db()
    assert application.state == "offered"

    offer = application.offers.get()
    assert browser.get(f"/offers/{offer.reference}/").status_code == 200
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    shown = browser.get(f"/offers/{offer.reference}/")
    signed = browser.post(f"/offers/{offer.reference}/sign/", {"idempotency_key": key_of(shown)})
    loan = Loan.objects.get(agreement__offer=offer)
    assert signed.url == f"/loans/{loan.reference}/"
    outbox.drain(now=timezone.now())
    listing = Listing.objects.get(loan=loan)

    for investor, amount in ((bob(), "20,000"), (carol(), "28,000")):
        stories.pay_in(investor, 5_000_000, now=today)
        buyer = client_of(investor, language=language)
        assert listing.reference in buyer.get("/market/").content.decode()
        seen = buyer.get(f"/market/{listing.reference}/")
        wish = {"amount": amount, "seen_rate": str(listing.annual_rate), "risk": "on", "idempotency_key": key_of(seen)}
        confirm = buyer.post(f"/market/{listing.reference}/pledge/", wish)
        assert confirm.status_code == 200
        assert not Pledge.objects.filter(party=investor.party).exists()
        placed = buyer.post(f"/market/{listing.reference}/pledge/", {**wish, "confirmed": "1", "idempotency_key": key_of(confirm)})
        assert placed.status_code == 302, placed.context["form"].errors
        assert buyer.get(placed.url).status_code == 200
        assert buyer.get("/portfolio/").status_code == 200
    outbox.drain(now=timezone.now())

    order = loan.disbursement
    desk.post(f"/admin/loans/disbursement/{order.pk}/act/", {"act": "propose"})
    second_desk.post(f"/admin/loans/disbursement/{order.pk}/act/", {"act": "approve"})
    outbox.drain(now=timezone.now())
    loan.refresh_from_db()
    assert loan.state == "active"

    stories.pay_in(borrower, 5_000_000, now=today)
    mine = browser.get(f"/loans/{loan.reference}/")
    paid = browser.post(f"/loans/{loan.reference}/repay/", {"amount": "1000", "idempotency_key": key_of(mine)})
    assert paid.status_code == 302
    assert loan.repayments.get().amount == 100_000
    for kind in ("fixed", "sealed"):
        paper = browser.get(f"/papers/{loan.agreement.reference}/{kind}/")
        assert paper.content.startswith(b"%PDF")
    assert client_of(bob(), language=language).get("/portfolio/").status_code == 200


def test_a_stranger_finds_nothing_of_alices(today):
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=today)
    stranger = client_of(eve())
    for path in ("", "check/", "project/", "documents/"):
        assert stranger.get(f"/applications/{draft.reference}/{path}").status_code == 404
    assert stranger.post(f"/applications/{draft.reference}/project/", PROJECT).status_code == 404


@pytest.mark.parametrize(
    ("section", "field", "typed"),
    [
        ("amount", "amount", "lots"),
        ("amount", "amount", "-5000"),
        ("amount", "amount", "48000.005"),
        ("amount", "amount", "1"),
        ("amount", "amount", "9" * 400),
        ("amount", "term_months", "7"),
        ("project", "title", "x" * 81),
        ("project", "summary", "x" * 10_000_000),
        ("work", "phone", "the usual"),
        ("finances", "overdue_count_6m", "１０００"),
    ],
)
def test_bad_answers_get_an_error_at_the_field_and_nothing_typed_is_lost(today, section, field, typed):
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=today)
    page = f"/applications/{draft.reference}/{section}/"
    good = {"amount": AMOUNT, "project": PROJECT, "work": WORK, "finances": FINANCES}[section]
    kept = {"amount": "method", "project": "purpose", "work": "months_at_work", "finances": "debt_total"}[section]
    answered = client_of(alice()).post(page, {**good, field: typed})
    assert answered.status_code in (400, 413, 422)
    if answered.status_code == 422:
        assert field in answered.context["form"].errors
        assert answered.context["form"][kept].value() == good[kept]
        assert f'href="#id_{field}"' in answered.content.decode(), "the summary leads to the field"


def test_items_that_do_not_add_up_say_by_how_much_and_one_more_line_loses_nothing(today):
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=today)
    browser, page = client_of(alice()), f"/applications/{draft.reference}/funds/"
    typed = {"rows": "3", "label_1": "Oven", "amount_1": "47000", "label_2": "Wiring", "amount_2": "900", "label_3": "", "amount_3": ""}
    short = browser.post(page, typed)
    assert short.status_code == 422
    assert "Add an item for the other ¥100.00" in short.content.decode()
    longer = browser.post(page, {**typed, "more": "1"})
    assert longer.status_code == 200
    assert longer.context["form"].rows == 4
    assert longer.context["form"]["amount_2"].value() == "900"
    assert browser.post(page, {**typed, "amount_2": "1000", "rows": "x"}).status_code == 302
    assert sum(item.amount for item in draft.funds.all()) == 4_800_000


def test_an_offer_is_not_signed_without_a_fresh_proof(today):
    application = stories.offered(alice(), reviewer=dan(), amount=4_800_000, term_months=6, now=today)
    offer = application.offers.get()
    browser = client_of(alice())
    answered = browser.post(f"/offers/{offer.reference}/sign/", {"idempotency_key": "a-key-of-a-form-1"})
    assert answered.status_code == 302
    assert "reauthenticate" in answered.url
    assert not Loan.objects.exists()


def test_one_person_alone_pays_nothing_out(today):
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=4_800_000, term_months=6, now=today)
    stories.verified_account(alice(), now=today)
    stories.pay_in(bob(), 5_000_000, now=today)
    stories.pledge(Listing.objects.get(loan=loan), bob(), 4_800_000, now=today)
    outbox.drain(now=timezone.now() + timedelta(seconds=1))
    order = loan.disbursement
    desk = client_of(dan())
    desk.post(f"/admin/loans/disbursement/{order.pk}/act/", {"act": "propose"})
    assert desk.post(f"/admin/loans/disbursement/{order.pk}/act/", {"act": "approve"}).status_code == 403
    order.refresh_from_db()
    assert order.state == "proposed"
