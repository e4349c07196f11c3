"""Nothing outlives its rule, whichever app wrote it: the words go, the rows and the books stay, and the seals stay whole."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from core import business_day
from credit import personal_data as of_credit
from credit.models import ModelChange
from loans import application as applications
from loans import personal_data as of_loans
from loans.models import Application, BorrowerFile, FundsItem, HardshipRequest, Loan
from marketplace import listing as listings
from marketplace import question as questions
from marketplace.models import Listing, Question
from payments.models import BankLine
from privacy import desk, emptying, seals, subjects, sweeps, vault
from privacy.fields import encrypted_fields
from privacy.models import Breach, ContactDecision, ErasureProof, Matter, Restriction, RightsRequest
from tests import stories
from tests.cast import alice, bob, dan, grace

pytestmark = pytest.mark.django_db
YEARS = timedelta(days=5 * 365 + 10)
WORDS = ("loan_file", "application", "support", "ledger")
NOTHING = (None, "", emptying.GONE, {})
# Models with words under the rule of a loan's file, and who takes them out: emptied at once with the application, or by a sweep of their own.
IN_PLACE = {BorrowerFile, Application, FundsItem, HardshipRequest, Listing, Question, ContactDecision, Restriction}


def words_of(model, rule, **narrowed) -> list:
    """Every value of the model that is kept under the rule, opened."""
    names = [name for name, field in encrypted_fields(model).items() if field.retention == rule]
    found = []
    for row in model._base_manager.filter(**narrowed):
        opened = [vault.open_sealed(row, [name], engine="recompute", purpose="accountability", now=timezone.now()) for name in names]
        found += [value for each in opened for value in each.values() if value]
    return found


def test_every_model_with_words_under_the_rule_of_a_file_is_emptied_by_somebody():
    covered = IN_PLACE | {model for model, _path in of_loans.BESIDE} | {of_credit.Decision, of_credit.ShadowScore, of_credit.Inquiry}
    tagged = {model for model in apps.get_models() if any(field.retention == "loan_file" for field in encrypted_fields(model).values())}
    assert tagged - covered == {Breach, ModelChange}, "what the operator writes of itself has no end yet"
    assert covered <= tagged


def test_every_rule_of_a_sealed_field_has_a_sweep_or_ends_with_the_account():
    rules = {field.retention for model in apps.get_models() for field in encrypted_fields(model).values()}
    assert rules - {rule for rule, _app in sweeps.registered()} == {"account"}, "closing the account is erasing the person"


@pytest.fixture
def ended() -> tuple[Loan, Application]:
    """A loan that never came about, with a co-borrower and a question; and an application that was declined. Everything sealed in its stream."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    asked = questions.ask(listing, party=bob().party, by=bob().user, text="How many ovens are there now?", language="en", now=now)
    questions.let_through(asked, seen=questions.read(asked, by=dan().user, page="admin:question", now=now).seen, by=dan().user, now=now)
    listings.withdraw(listing, as_of=business_day.current(), now=now)
    draft = stories.draft(alice(), amount=1_000_000, term_months=6, now=now)
    stories.beside(draft, grace(), now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    applications.claim(Application.objects.get(pk=draft.pk), by=dan().user, now=now)
    applications.decline(Application.objects.get(pk=draft.pk), by=dan().user, reason="Not now.", now=now)
    seals.seal_segments(now=now)
    return loan, draft


def test_five_years_later_the_words_are_gone_and_the_seals_are_whole(ended):
    later = timezone.now() + YEARS
    sweeps.run(now=later)
    models = {model for model, _path in of_loans.BESIDE} | {BorrowerFile, Application, FundsItem, Listing, Question, of_credit.Decision}
    left = {model.__name__: [value for value in words_of(model, "loan_file") if value not in NOTHING] for model in models}
    assert not any(left.values()), left
    assert of_credit.Decision.objects.filter(outcome__in=["approve", "refer"]).count() == 2, "figures about nobody stay"
    seals.seal_segments(now=later)
    assert seals.check_segments(now=later) == []
    before = ErasureProof.objects.filter(rule__in=WORDS).count()
    sweeps.run(now=later)
    assert ErasureProof.objects.filter(rule__in=WORDS).count() == before, "nothing goes twice"


def test_a_change_by_another_hand_to_what_was_emptied_is_found(ended):
    sweeps.run(now=timezone.now() + YEARS)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE credit_decision DISABLE TRIGGER USER")
        cursor.execute("UPDATE credit_decision SET as_of = as_of + 1 WHERE id = (SELECT min(id) FROM credit_decision)")
    assert [finding.what for finding in seals.check_segments(now=timezone.now() + YEARS)] == ["a row was changed"]


def test_a_declined_application_goes_after_half_a_year_and_the_loans_file_stays(ended):
    loan, declined = ended
    sweeps.run(now=timezone.now() + timedelta(days=200))
    assert all(value in NOTHING for value in words_of(of_credit.Decision, "loan_file", about=declined.reference))
    assert all(value not in NOTHING for value in words_of(of_credit.Decision, "loan_file", about=loan.file.application.reference))


def test_words_to_the_rights_desk_go_two_years_after_the_answer():
    now = timezone.now()
    asked = desk.receive(subject=alice().user.subject, kind="complain", message="It was late.", locale="en", now=now)
    desk.take(asked, handler=dan().user.subject, now=now)
    desk.answer(asked, text="You are right.", handler=dan().user.subject, now=now)
    sweeps.run(now=now + timedelta(days=729))
    assert words_of(RightsRequest, "support") == ["It was late.", "You are right."]
    sweeps.run(now=now + timedelta(days=731))
    assert words_of(RightsRequest, "support") == []


def test_what_was_written_with_money_goes_five_years_after_it_moved():
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    stories.pay_in(bob(), 1_000_000, now=now)
    line = BankLine.objects.get()
    sweeps.run(now=now + YEARS)
    assert words_of(BankLine, "ledger") == [emptying.GONE]
    assert bytes(BankLine.objects.get().reference_index) != bytes(line.reference_index)
    assert BankLine.objects.get().amount == line.amount


def test_what_a_decision_to_contact_was_asked_with_goes_with_its_affair():
    now = timezone.now()
    matter = subjects.open_matter(subject=alice().user.subject, jurisdictions=["CN"], now=now)
    assert matter.emptied_at is None
    subjects.close_matter(matter, now=now)
    sweeps.run(now=now + YEARS)
    assert Matter.objects.get(pk=matter.pk).emptied_at == now + YEARS
