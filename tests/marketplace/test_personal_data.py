"""A person's copy and a person's going, over all apps: nothing left out, nothing erased too early, nothing readable afterwards, the books in balance."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ForeignKey, OneToOneField

from accounts.models import Party
from core import business_day, outbox
from ledger.chart import AccountCode
from ledger.checks import check_books
from ledger.queries import balance
from loans import application as applications
from loans import repayment
from loans.models import Application, BorrowerFile, DisclosureGrant, Document, Loan, Participation
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge
from payments import withdrawal
from privacy import copies, desk, disclosure, rights, sweeps, vault
from privacy.fields import encrypted_fields
from privacy.models import DataSubject
from tests import stories
from tests.cast import PEOPLE, alice, bob, carol, client_of, dan, eve, fay, grace
from tests.privacy.test_dump import dump

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def start(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    now = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
    business_day.advance(to=now.date(), now=now)
    for member in (alice, bob, carol, dan, eve, fay, grace):
        member(now=now)
    outbox.drain(now=now)
    return now


def funded(now):
    """Alice borrows 10,000 yuan from Bob and Carol; the money is paid out and one repayment made."""
    for investor in (bob(), carol()):
        stories.pay_in(investor, 3_000_000, now=now)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    stories.pledge(listing, bob(), 600_000, now=now)
    stories.pledge(listing, carol(), 400_000, now=now)
    outbox.drain(now=now)
    loan.refresh_from_db()
    stories.verified_account(alice(), now=now)
    stories.pay_out(loan, proposer=fay(), approver=dan(), now=now)
    outbox.drain(now=now)
    stories.pay_in(alice(), 1_200_000, now=now)
    loan.refresh_from_db()
    repayment.pay(loan=loan, amount=50_000, by=alice().user, key="first", as_of=loan.disbursed_on, now=now)
    outbox.drain(now=now)
    return loan


def settle(loan, *, now):
    quote = repayment.quote_settlement(loan, as_of=business_day.current())
    repayment.settle_early(loan=loan, expected=quote.total, by=alice().user, key="end", as_of=business_day.current(), now=now)
    outbox.drain(now=now)


def empty_wallet(member, *, now):
    cash = balance(code=AccountCode.CLIENT_CASH, owner=member.party.ledger_owner, currency="CNY").available
    account = member.party.bank_accounts.filter(verified_at__isnull=False).first() or stories.verified_account(member, now=now, serial=member.party.pk)
    if cash:
        withdrawal.request(party=member.party, bank_account=account, amount=cash, by=member.user, key="all of it", as_of=business_day.current(), now=now)
        outbox.drain(now=now)


def points_to_somebody(model):
    return any(isinstance(field, ForeignKey) and field.related_model in (Party, DataSubject) for field in model._meta.concrete_fields)


def test_every_app_that_holds_something_of_somebody_says_so():
    holding = {model._meta.app_label for model in apps.get_models() if encrypted_fields(model) or points_to_somebody(model)}
    ours = {"privacy", "accounts", "notifications", "payments", "credit", "loans", "marketplace"}
    assert ours <= holding
    assert ours <= set(rights.registered())


def owned(member):
    """Models of loans, credit and market that hold something of the member's: their own rows, and those one step from their file or application."""
    found = set()
    for app in ("loans", "credit", "marketplace"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                if not isinstance(field, ForeignKey | OneToOneField) or getattr(model, "pgh_event_model", None) or model.__name__.endswith("StateEvent"):
                    continue
                people = {Party: member.party, DataSubject: member.user.subject, Application: None, BorrowerFile: None, Loan: None}
                if field.related_model not in people:
                    continue
                owner = people[field.related_model]
                rows = model._base_manager.filter(**{field.name: owner} if owner else {f"{field.name}__party": member.party})
                if rows.exists():
                    found.add(model)
    return found


@pytest.mark.parametrize("who", [alice, bob, grace])
def test_no_table_with_something_of_somebody_is_left_out_of_their_copy(start, who, monkeypatch):
    funded(start)
    stories.draft(grace(), amount=1_000_000, term_months=6, now=start)
    seen = {DisclosureGrant}  # told by the pseudonym of who may look, not row by row
    told = copies.rows
    monkeypatch.setattr(copies, "rows", lambda found, **more: seen.add(found.model) or told(found, **more))
    json.dumps(rights.export(who().user.subject, now=start))
    assert owned(who()) - seen - {DisclosureGrant} == set()


def test_the_copy_holds_what_was_written(start):
    application = stories.draft(alice(), amount=1_000_000, term_months=6, now=start)
    applications.add_document(application, kind="income", upload=SimpleUploadedFile("payslip-of-lin-yue.png", PNG, "image/png"), now=start)
    copy = json.loads(json.dumps(rights.export(alice().user.subject, now=start)))
    (answers,) = copy["loans"]["answers"]
    written = {name: value for section in stories.ANSWERS.values() for name, value in section.items()}
    assert {name: answers[name] for name in written} == written
    assert copy["loans"]["applications"][0]["title"] == "A second oven"
    assert copy["loans"]["applications"][0]["file"] == answers["reference"]
    assert copy["loans"]["documents"][0]["name"] == "payslip-of-lin-yue.png"
    assert [item["label"] for item in copy["loans"]["use_of_funds"]] == ["Oven", "Wiring"]
    assert "privacy.export" in [look.role for look in disclosure.who_looked(alice().user.subject)], "the copy is a look, and written down as one"


def test_the_copies_of_both_sides(start):
    loan = funded(start)
    borrower = rights.export(alice().user.subject, now=start)
    assert borrower["credit"]["decisions"][0]["facts"]["facts"]["income_monthly"] == 1_500_000
    assert borrower["credit"]["decisions"][0]["output"]["score"]["points"]
    assert borrower["loans"]["loans"][0]["reference"] == loan.reference
    assert len(borrower["loans"]["schedule"]) == 6
    assert borrower["loans"]["repayments"][0]["amount"] == 50_000
    assert {grant["viewer"] for grant in borrower["loans"]["opened_to"]} == {bob().user.pseudonym, carol().user.pseudonym}
    assert borrower["marketplace"]["listings"][0]["story"]["summary"].startswith("A second oven")
    investor = rights.export(bob().user.subject, now=start)
    assert investor["loans"]["holdings"][0] | {"loan": loan.reference, "amount": 600_000} == investor["loans"]["holdings"][0]
    assert investor["marketplace"]["pledges"][0]["state"] == "settled"
    text = json.dumps(investor, ensure_ascii=False)
    for canary in (alice().party.reference, PEOPLE["alice"].legal_name, "13800138000", "sells out by ten"):
        assert canary not in text, "an investor's copy is about the investor"


def test_nobody_goes_while_something_is_open(start):
    def held(member):
        with pytest.raises(rights.UnableToErase) as refusal:
            rights.erase(member.user.subject, now=start)
        return set(refusal.value.reasons)

    application = stories.draft(grace(), amount=1_000_000, term_months=6, now=start)
    assert rights.holds(grace().user.subject) == [], "a draft is given up, nobody waits for it"
    applications.submit(application, by=grace().user, as_of=business_day.current(), now=start)
    assert held(grace()) == {"open_application"}
    for investor in (bob(), carol(), eve()):
        stories.pay_in(investor, 3_000_000, now=start)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=start)
    assert held(alice()) == {"open_loan"}
    pledge = stories.pledge(Listing.objects.get(loan=loan), eve(), 100_000, now=start)
    assert "open_pledge" in held(eve())
    pledging.cancel(pledge, by=eve().user, as_of=business_day.current(), now=start)
    assert held(eve()) == {"wallet_not_empty"}
    stories.pledge(Listing.objects.get(loan=loan), bob(), 1_000_000, now=start)
    outbox.drain(now=start)
    assert "holding" in held(bob())
    assert "open_loan" in held(alice())
    for reasons in (held(alice()), held(bob()), held(grace())):
        assert reasons <= set(desk.HOLDS), "every reason has words"


def test_a_loan_repaid_is_kept_as_long_as_the_law_asks_and_then_its_people_can_go(start):
    loan = funded(start)
    settle(loan, now=start)
    for member in (alice(), bob()):
        empty_wallet(member, now=start)
    assert rights.holds(alice().user.subject) == ["loan_file_kept_by_law"]
    assert rights.holds(bob().user.subject) == []
    rights.erase(bob().user.subject, now=start)
    later = start + timedelta(days=5 * 365 + 1)
    business_day.advance(to=later.date(), now=later)
    file = BorrowerFile.objects.get(loan=loan)
    rights.erase(alice().user.subject, now=later)
    with pytest.raises(vault.Erased):
        vault.open_sealed(file, ["phone"], engine="test", purpose="rights", now=later)
    assert not DisclosureGrant.history.filter(content_object=file, ended_at=None).exists()
    assert check_books().is_clean
    rows = list(dump())
    for word in ("sells out by ten", "A second oven", "Wiring"):
        assert not [row for row in rows if word in row], f"{word} is still to be read"
    assert Participation.objects.filter(loan=loan).count() == 2, "the register stays, about nobody"
    assert client_of(carol()).get(f"/market/{loan.listing.reference}/").status_code in (200, 404)
    assert client_of(carol()).get("/portfolio/").status_code == 200


def test_going_takes_drafts_documents_and_open_files_along(start, django_capture_on_commit_callbacks):
    application = stories.draft(eve(), amount=1_000_000, term_months=6, now=start)
    document = applications.add_document(application, kind="income", upload=SimpleUploadedFile("x.png", PNG, "image/png"), now=start)
    stored = Path(settings.MEDIA_ROOT) / document.stored_name
    assert stored.exists()
    with django_capture_on_commit_callbacks(execute=True):
        rights.erase(eve().user.subject, now=start)
    application.refresh_from_db()
    assert (application.state, application.title, application.summary) == ("withdrawn", "—", "—")
    assert not stored.exists()
    assert Document.objects.get(pk=document.pk).removed_at == start


def test_what_is_over_is_emptied_by_the_nightly_sweep_with_a_proof(start):
    forgotten = stories.draft(eve(), amount=1_000_000, term_months=6, now=start)
    declined = stories.draft(grace(), amount=1_000_000, term_months=6, now=start)
    applications.submit(declined, by=grace().user, as_of=business_day.current(), now=start)
    declined.refresh_from_db()
    applications.claim(declined, by=dan().user, now=start)
    applications.decline(declined, by=dan().user, reason="No.", now=start + timedelta(days=30))
    loan = funded(start)
    settle(loan, now=start)
    assert sweeps.run(now=start + timedelta(days=180)) == []
    proofs = {(proof.rule, proof.app): proof.count for proof in sweeps.run(now=start + timedelta(days=190))}
    assert proofs == {("draft", "loans"): 1}
    assert Application.objects.get(pk=forgotten.pk).state == "withdrawn"
    assert BorrowerFile.objects.get(pk=forgotten.file_id).phone is None
    proofs = {(proof.rule, proof.app): proof.count for proof in sweeps.run(now=start + timedelta(days=220))}
    assert proofs[("application", "loans")] == 1
    assert BorrowerFile.objects.get(pk=declined.file_id).income_monthly is None
    assert BorrowerFile.objects.get(loan=loan).income_monthly is not None
    proofs = {(proof.rule, proof.app): proof.count for proof in sweeps.run(now=start + timedelta(days=5 * 365 + 5))}
    assert proofs[("loan_file", "loans")] == proofs[("loan_file", "marketplace")] == 1
    assert BorrowerFile.objects.get(loan=loan).income_monthly is None
    assert Listing.objects.get(loan=loan).disclosed["facts"] == {}
    assert sweeps.run(now=start + timedelta(days=5 * 365 + 6)) == []
    assert Pledge.objects.count() == 2
    assert check_books().is_clean
