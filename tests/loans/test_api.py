"""A loan by program, from the first section to early settlement; signing needs a person in a browser."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from core import business_day, outbox
from ledger.checks import check_books
from loans import application as applications
from loans.models import Application, Document, Loan
from marketplace.models import Listing
from privacy.models import Consent
from tests import cast, stories
from tests.programs import Program, problem
from tests.worlds import world

pytestmark = pytest.mark.django_db

SECTIONS: dict[str, dict[str, Any]] = {
    "project": {
        "title": "A second oven",
        "summary": "A second oven for a bakery that sells out by ten.",
        "purpose": "equipment",
        "amount": "４８０００００",
        "term_months": 6,
        "method": "equal_installment",
    },
    "funds": {"items": [{"label": "Oven", "amount": 4_700_000}, {"label": "Wiring", "amount": 100_000}]},
    "background": {"background": "A bakery for six years."},
    "repayment": {"repayment_plan": "From daily sales.", "repayment_source": "business"},
    "finances": {
        "phone": "１３８ 0013 8000",
        "region": "ZJ",
        "occupation": "self_employed",
        "industry": "food",
        "housing": "rent",
        "months_at_work": 72,
        "income_monthly": 1_500_000,
        "debt_monthly": 0,
        "debt_total": 0,
        "debt_other_platforms": 0,
        "overdue_count_6m": 0,
    },
}


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def filled_in(program: Program) -> str:
    """A complete draft; returns its reference."""
    begun = program.post("applications/")
    assert begun.status_code == 201, begun.content
    reference = begun.json()["reference"]
    assert begun["Location"] == f"/api/v1/applications/{reference}/"
    for section, body in SECTIONS.items():
        saved = program.put(f"applications/{reference}/{section}/", body)
        assert saved.json()["sections"][section], saved.content
    asked = program.get(f"applications/{reference}/privacy/").json()["notices"]
    answers = {notice["purpose"]: f"{'yes' if notice['needed'] else 'no'}:{notice['version']}" for notice in asked}
    assert all(program.put(f"applications/{reference}/privacy/", answers).json()["sections"].values())
    return str(reference)


def test_a_loan_from_the_first_section_to_its_settlement(now: datetime) -> None:
    alice, bob = cast.alice(), cast.bob()
    program = Program(alice, by_token=True)
    reference = filled_in(program)
    assert set(Consent.objects.filter(matter__isnull=False).values_list("method", flat=True)) == {"api"}
    assert program.get(f"applications/{reference}/finances/").json()["answers"]["income_monthly"] == 1_500_000
    sent = program.post(f"applications/{reference}/submit/", key="submit-once")
    assert sent.json()["state"] == "submitted"
    assert program.post(f"applications/{reference}/submit/", key="submit-once").content == sent.content
    problem(program.put(f"applications/{reference}/project/", SECTIONS["project"]), 409, "frozen")
    assert program.get(f"applications/{reference}/reasons/").json()["reasons"]

    application = Application.objects.select_related("party").get(reference=reference)
    applications.claim(application, by=cast.dan().user, now=now)
    applications.approve(application, by=cast.dan().user, reason="Sound.", now=now)
    shown = program.get(f"applications/{reference}/").json()
    assert [event["state"] for event in shown["events"]] == ["draft", "submitted", "in_review", "approved", "offered"]
    offer = program.get(f"offers/{shown['offer']}/").json()
    assert sum(row["principal"] for row in offer["schedule"]) == offer["principal"] == 4_800_000
    assert offer["paid_out"] == offer["principal"] - offer["origination_fee"]

    problem(program.post(f"offers/{shown['offer']}/sign/"), 403, "reauthentication_required")
    signed = Program(alice).proven().post(f"offers/{shown['offer']}/sign/")
    assert signed.status_code == 200, signed.content
    loan = Loan.objects.get(reference=signed.json()["loan"])
    outbox.drain(now=now)
    stories.pay_in(bob, 5_000_000, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob, 4_800_000, now=now)
    outbox.drain(now=now)
    nothing_is_owed_yet(program, loan)
    stories.pay_out(loan, proposer=cast.fay(), approver=cast.dan(), now=now)

    stories.pay_in(alice, 5_000_000, now=now)
    assert len(program.get(f"loans/{loan.reference}/schedule/").json()["installments"]) == 6
    assert (program.get(f"loans/{loan.reference}/").json()["due"], program.get("loans/").json()["results"][0]["state"]) == (0, "active")
    first, again = (program.post(f"loans/{loan.reference}/repayments/", {"amount": 100_000}, key="repay-once") for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    problem(program.post(f"loans/{loan.reference}/repayments/", {"amount": 500_000_000}), 409, "insufficient_funds")
    quote = program.get(f"loans/{loan.reference}/settlement/").json()
    problem(program.post(f"loans/{loan.reference}/settlement/", {"expected": quote["total"] - 1}), 409, "quote_changed")
    assert program.post(f"loans/{loan.reference}/settlement/", {"expected": quote["total"]}).json()["kind"] == "settlement"
    assert [row["amount"] for row in program.get(f"loans/{loan.reference}/repayments/").json()["results"]] == [quote["total"], 100_000]
    assert program.get(f"loans/{loan.reference}/").json()["state"] == "repaid"
    assert check_books().is_clean


def nothing_is_owed_yet(program: Program, loan: Loan) -> None:
    """Agreed and filled, not paid out: every way of paying says so."""
    problem(program.get(f"loans/{loan.reference}/settlement/"), 404, "not_repayable")
    problem(program.post(f"loans/{loan.reference}/repayments/", {"amount": 100_000}), 409, "not_repayable")
    problem(program.post(f"loans/{loan.reference}/settlement/", {"expected": 0}), 409, "not_repayable")
    browser, pages = cast.client_of(cast.alice()), {"repay": 422, "settle": 409, "overpaid": 409, "payoff": 409}
    fields = {"amount": "100", "expected": "0"}
    said = {page: browser.post(f"/loans/{loan.reference}/{page}/", fields | {"idempotency_key": page * 8}).status_code for page in pages}
    assert said == pages


def test_what_is_incomplete_is_named(now: datetime) -> None:
    program = Program(cast.alice())
    reference = program.post("applications/").json()["reference"]
    assert set(problem(program.post(f"applications/{reference}/submit/"), 409, "incomplete")["sections"]) >= {"project", "funds", "privacy"}


WRONG: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("project", {"amount": 1}, "amount", "min_value"),
    ("project", {"amount": 4_800_001}, "amount", "multiple"),
    ("project", {"amount": "48,000"}, "amount", "invalid"),
    ("project", {"term_months": "6"}, "term_months", "invalid_choice"),
    ("project", {"term_months": 7}, "term_months", "invalid_choice"),
    ("project", {"title": "x" * 81}, "title", "max_length"),
    ("project", {"title": "a\x00b"}, "title", "null_characters_not_allowed"),
    ("project", {"title": "\ud800"}, "title", "surrogate_characters_not_allowed"),
    ("project", {"purpose": "\ud800"}, "purpose", "invalid_choice"),
    ("project", {"summary": ""}, "summary", "blank"),
    ("project", {"state": "approved"}, "state", "unknown"),
    ("funds", {"items": []}, "items", "min_length"),
    ("funds", {"items": [{"label": "Oven"}]}, "items.0.amount", "required"),
    ("funds", {"items": [{"label": "Oven", "amount": 1, "id": 3}]}, "items.0.id", "unknown"),
    ("funds", {"items": [{"label": "Oven", "amount": 1}]}, "", "sum"),
    ("finances", {"months_at_work": 100_000}, "months_at_work", "max_value"),
    ("finances", {"months_at_work": 1.5}, "months_at_work", "invalid"),
    ("finances", {"phone": "none"}, "phone", "phone"),
    ("privacy", {"application": "yes"}, "application", "invalid"),
    ("privacy", {"application": "yes:999999"}, "application", "changed"),
    ("privacy", {"application": "no:1"}, "application", "needed"),
)


def test_a_wrong_answer_is_named_and_nothing_is_kept(now: datetime) -> None:
    program = Program(cast.alice())
    reference = filled_in(program)
    before = program.get(f"applications/{reference}/").json()
    privacy = {notice["purpose"]: f"yes:{notice['version']}" for notice in program.get(f"applications/{reference}/privacy/").json()["notices"]}
    for section, change, field, code in WRONG:
        answer = program.put(f"applications/{reference}/{section}/", (SECTIONS | {"privacy": privacy})[section] | change)
        assert (field, code) in [(error["field"], error["code"]) for error in problem(answer, 422, "invalid")["errors"]], answer.content
    assert program.get(f"applications/{reference}/").json() == before


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (20, 20), "white").save(made, "PNG")
    return made.getvalue()


def test_a_document_is_checked_kept_once_and_taken_back(now: datetime, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    program = Program(cast.alice())
    reference = program.post("applications/").json()["reference"]

    def upload(content: bytes, key: str) -> Any:
        file = SimpleUploadedFile("quote.png", content, "image/png")
        address = f"/api/v1/applications/{reference}/documents/"
        return program.client.post(address, {"kind": "quote", "upload": file}, headers={"Idempotency-Key": key})

    first, again = (upload(picture(), "upload-once") for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    problem(upload(picture() + b" ", "upload-once"), 409, "key_reused")
    (error,) = problem(upload(b"<script>", "upload-two"), 422, "invalid")["errors"]
    assert error["field"] == "upload"
    problem(program.post(f"applications/{reference}/documents/", {"kind": "quote"}), 415, "unsupported_media_type")
    torn = program.client.generic(
        "POST", f"/api/v1/applications/{reference}/documents/", b"x", content_type="multipart/form-data", headers={"Idempotency-Key": "torn-body"}
    )
    assert "parse error" not in problem(torn, 400, "bad_request")["detail"], "said in the reader's words, not in the parser's"
    (row,) = program.get(f"applications/{reference}/").json()["documents"]
    assert program.send("DELETE", f"documents/{row['reference']}/").status_code == 200
    problem(program.get(f"documents/{row['reference']}/"), 404, "not_found")
    assert Document.objects.get().removed_at is not None


def test_a_stranger_finds_nothing_of_alices(now: datetime) -> None:
    application = stories.offered(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=now)
    offer, stranger = application.offers.get(), Program(cast.eve()).proven()
    for address in (f"applications/{application.reference}/", f"applications/{application.reference}/finances/", f"offers/{offer.reference}/"):
        problem(stranger.get(address), 404, "not_found")
    for address in (f"applications/{application.reference}/withdraw/", f"offers/{offer.reference}/sign/", f"offers/{offer.reference}/decline/"):
        problem(stranger.post(address), 404, "not_found")
    problem(stranger.put(f"applications/{application.reference}/project/", SECTIONS["project"]), 404, "not_found")
    assert stranger.get("offers/").json()["results"] == stranger.get("loans/").json()["results"] == []


def test_an_offer_is_declined_once_and_not_after_its_time(now: datetime) -> None:
    alice = Program(cast.alice(), by_token=True)
    application = stories.offered(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=now)
    reference = application.offers.get().reference
    assert alice.post(f"offers/{reference}/decline/").json()["state"] == "declined"
    problem(alice.post(f"offers/{reference}/decline/"), 409, "illegal_move")
    problem(alice.post(f"applications/{application.reference}/withdraw/"), 409, "illegal_move")
    old = now - timedelta(days=30)
    lapsed = stories.offered(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=old)
    problem(Program(cast.alice()).proven().post(f"offers/{lapsed.offers.get().reference}/sign/"), 409, "over")
