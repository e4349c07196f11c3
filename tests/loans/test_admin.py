"""Staff's desk: the queue in order, a file opened only by who claimed it and never unseen, verdicts with reasons, payouts for two pairs of eyes."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from config import desk
from core import business_day, outbox
from loans import application as applications
from loans.models import Application
from marketplace.models import Listing
from privacy.models import AccessLog
from tests import cast, stories
from tests.cast import alice, bob, client_of, dan, fay, grace
from tests.loans.test_referral import referred  # noqa: F401  (a fixture)
from tests.worlds import world

pytestmark = pytest.mark.django_db
QUEUE = "/admin/loans/application/"
REGISTERS = ("loans/loan/", "loans/repayment/", "loans/participation/", "marketplace/listing/", "marketplace/pledge/")


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def sent(borrower, *, now, amount=4_800_000) -> Application:
    draft = stories.draft(borrower, amount=amount, term_months=6, now=now)
    applications.submit(draft, by=borrower.user, as_of=business_day.current(), now=now)
    return Application.objects.get(pk=draft.pk)


def test_the_queue_is_oldest_first_and_says_how_long_it_waits(now):
    later, first = sent(alice(), now=now), sent(grace(), now=now - timedelta(days=5, hours=2))
    page = client_of(dan()).get(QUEUE).content.decode()
    assert page.index(first.reference) < page.index(later.reference)
    assert "5 d 2 h" in page
    assert "¥48,000.00" in page
    with translation.override("en"):
        todo = desk.todos(dan().user, now=now)[0]
    assert (todo.count, todo.note) == (2, "The oldest waits for 5 d 2 h.")
    assert "Applications to review" in client_of(dan()).get("/admin/").content.decode()


def test_the_file_opens_to_the_one_who_claimed_it_and_the_borrower_sees_each_look(now):
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    picture = SimpleUploadedFile("quote.png", a_png(), content_type="image/png")
    document = applications.add_document(draft, kind="quote", upload=picture, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    page, reviewer = f"{QUEUE}{draft.pk}", client_of(dan())
    assert "bakery for six years" not in reviewer.get(f"{page}/change/").content.decode(), "sealed until it is claimed and opened"
    assert reviewer.get(f"{page}/file/").status_code == 403
    reviewer.post(f"{page}/act/", {"act": "claim"})
    for wrong in (reviewer.get(f"{page}/file/"), reviewer.get(f"{page}/document/{document.reference}/"), cast.opened(reviewer, f"{page}/file/", why="")):
        assert "bakery for six years" not in wrong.content.decode(), "not before the reviewer says why"
        assert (wrong.status_code, "Why do you open it?" in wrong.content.decode()) == (422 if wrong.wsgi_request.method == "POST" else 200, True)
    assert not AccessLog.objects.filter(role="reviewer").exists()
    opened = cast.opened(reviewer, f"{page}/file/", why="checking")
    assert "bakery for six years" in opened.content.decode()
    assert "¥15,000.00" in opened.content.decode()
    assert reviewer.get(f"{page}/document/{document.reference}/")["Content-Disposition"].startswith("attachment")
    looks = AccessLog.objects.filter(subject=draft.file.subject, role="reviewer", purpose="review")
    assert {("admin:application", "checking"), ("admin:application.document", "checking")} <= set(looks.values_list("page", "why"))
    read = client_of(alice(), language="zh-hans").get("/privacy/looks/").content.decode()
    assert "对照材料或来源核实某项回答" in read
    session = reviewer.session
    session["opened_because"] = {draft.reference: ["checking", (timezone.now() - timedelta(minutes=16)).timestamp()]}
    session.save()
    assert "bakery for six years" not in reviewer.get(f"{page}/file/").content.decode(), "asked again after a quarter of an hour"
    assert client_of(fay()).get(f"{page}/file/").status_code == 403
    assert client_of(alice()).get(f"{page}/file/").status_code in (302, 403, 404)


@pytest.mark.parametrize(("act", "open_still"), [("refer", True), ("decline", False), ("approve", False), ("release", False)])
def test_a_verdict_closes_the_file_to_who_gave_it(now, act, open_still):
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    document = applications.add_document(draft, kind="quote", upload=SimpleUploadedFile("quote.png", a_png(), content_type="image/png"), now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    page, reviewer = f"{QUEUE}{draft.pk}", client_of(dan())
    reviewer.post(f"{page}/act/", {"act": "claim"})
    assert cast.opened(reviewer, f"{page}/file/").status_code == 200
    reviewer.post(f"{page}/act/", {"act": act, "reason": "Seen."})
    looks = AccessLog.objects.count()
    for sealed in (f"{page}/file/", f"{page}/document/{document.reference}/"):
        assert reviewer.get(sealed).status_code == (200 if open_still else 403)
    assert (AccessLog.objects.count() > looks) is open_still


def a_png() -> bytes:
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("act", ["approve", "refer", "decline"])
def test_no_verdict_without_a_reason(now, act):
    application = sent(alice(), now=now)
    page, reviewer = f"{QUEUE}{application.pk}", client_of(dan())
    reviewer.post(f"{page}/act/", {"act": "claim"})
    refused = reviewer.post(f"{page}/act/", {"act": act, "reason": "  "})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()
    application.refresh_from_db()
    assert application.state == "in_review"
    assert reviewer.post(f"{page}/act/", {"act": act, "reason": "Sound."}).status_code == 302
    application.refresh_from_db()
    assert application.state == {"approve": "offered", "refer": "referred", "decline": "declined"}[act]


def test_what_has_no_price_is_not_offered_for_approval_and_says_what_is_missing(referred, now):  # noqa: F811
    page, reviewer = f"{QUEUE}{referred.pk}", client_of(dan())
    reviewer.post(f"{page}/act/", {"act": "claim"})
    opened = cast.opened(reviewer, f"{page}/file/").content.decode()
    assert "Months in this work or business" in opened
    assert 'value="approve"' not in opened
    assert "Since when do you run the bakery?" in opened


def test_two_pairs_of_eyes_read_who_did_what(now):
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=4_800_000, term_months=6, now=now)
    stories.verified_account(alice(), now=now)
    stories.pay_in(bob(), 5_000_000, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), 4_800_000, now=now)
    outbox.drain(now=timezone.now() + timedelta(seconds=1))
    page = f"/admin/loans/disbursement/{loan.disbursement.pk}"
    first, second = client_of(dan()), client_of(fay())
    assert "Payouts to propose" in first.get("/admin/").content.decode()
    first.post(f"{page}/act/", {"act": "propose"})
    waiting = second.get(f"{page}/change/").content.decode()
    assert dan().user.pseudonym in waiting
    assert 'value="approve"' in waiting
    assert 'value="approve"' not in first.get(f"{page}/change/").content.decode()
    assert desk.todos(fay().user, now=now)[0].count == 1
    second.post(f"{page}/act/", {"act": "approve"})
    told = first.get(f"{page}/change/").content.decode()
    assert fay().user.pseudonym in told
    assert "approved a payout" in second.get("/admin/").content.decode()


@pytest.mark.parametrize("page", ["application/x/act/", "application/x/file/", "application/x/document/y/", "disbursement/x/act/"])
def test_an_address_made_up_is_no_fault_of_ours(page):
    """The admin answers what is not there as everywhere else in it: back to its front page, saying so."""
    browser = client_of(dan())
    for answer in (browser.get(f"/admin/loans/{page}"), browser.post(f"/admin/loans/{page}", {"act": "propose"})):
        assert answer.status_code in (302, 404), page


@pytest.mark.parametrize("path", REGISTERS)
def test_registers_show_money_and_words(now, path):
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(bob(), 5_000_000, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), 1_000_000, now=now)
    page = client_of(dan(), language="en").get(f"/admin/{path}")
    assert page.status_code == 200
    assert "4800000" not in page.content.decode()
    rows = page.context["cl"].result_list
    if rows:
        one = client_of(dan()).get(f"/admin/{path}{rows[0].pk}/change/")
        assert one.status_code == 200
        assert path != "loans/loan/" or "Equal installments" in one.content.decode()
