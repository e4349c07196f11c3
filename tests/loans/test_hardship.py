"""A borrower who cannot pay: the request, the desk, a plan both sides see before it holds, and the holders' vote where it costs them interest."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import override_settings

from accounts.models import Membership
from core import business_day, outbox
from ledger.checks import check_books
from loans import repayment
from loans.day import collect, prove
from loans.hardship import plan as plans
from loans.hardship import request as requests
from loans.hardship import terms, vote
from loans.hardship.request import UnableToHelp
from loans.hardship.terms import Wanted
from loans.models import HardshipRequest, Loan, Plan
from loans.schedule.dates import add_months
from marketplace import portfolio
from notifications.models import Message
from privacy import consents
from privacy.models import AccessLog
from tests.cast import alice, bob, carol, client_of, eve, grace, opened
from tests.cast import prove as proven
from tests.loans.book import assert_stored_is_replayed, rolled_back
from tests.loans.test_api import picture
from tests.loans.trouble import START, live_until, living_loan, noon, servicer, skip_to

pytestmark = pytest.mark.django_db
DAY1 = START.date()  # 15 January 2026; due on the 15th of each month


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """One loan and one servicer for all tests, each of which is rolled back to here."""
    configured.SANDBOX_BANK_ALIAS = "default"
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")), transaction.atomic():
        yield living_loan(), servicer()
        transaction.set_rollback(True)


@pytest.fixture
def loan(world) -> Loan:
    return Loan.objects.get(pk=world[0].pk)


@pytest.fixture
def sal(world):
    return world[1]


def ask(loan, **changes) -> HardshipRequest:
    found = Loan.objects.get(pk=loan.pk)
    wish = {"wish": "longer", "by": alice().user, "as_of": business_day.current(), "now": noon(business_day.current())}
    return requests.ask(found, **(wish | changes))


def claimed(loan, sal) -> HardshipRequest:
    made = ask(loan)
    requests.claim(made, by=sal.user, now=noon(business_day.current()))
    return made


def propose(made, sal, **wanted) -> Plan:
    today = business_day.current()
    return plans.propose(made, Wanted(**wanted), by=sal.user, as_of=today, now=noon(today))


def accept(plan) -> Plan:
    today = business_day.current()
    seen = plans.compare(plan.loan, terms.of(plan), as_of=today).fingerprint
    return plans.accept(plan, seen=seen, by=alice().user, as_of=today, now=noon(today))


def sound(loan) -> Loan:
    loan = Loan.objects.get(pk=loan.pk)
    assert_stored_is_replayed(loan)
    assert prove.prove(as_of=business_day.current()) == []
    assert check_books().is_clean
    return loan


def templates(member) -> list[str]:
    return list(Message.objects.filter(party=member.party).order_by("pk").values_list("template", flat=True))


def test_while_a_request_is_open_nobody_presses_and_nothing_grows(loan):
    skip_to(date(2026, 2, 16))  # one night late, within the days of grace
    made = ask(loan)
    outbox.drain(now=noon(business_day.current()))
    assert templates(alice())[-1] == "hardship.open"
    skip_to(date(2026, 2, 28))
    loan.refresh_from_db()
    assert (made.cools_until, loan.days_late, loan.charges.count(), loan.state) == (date(2026, 3, 1), 1, 0, "active")
    skip_to(date(2026, 3, 6))  # the pause is over, the request is not: late, but nobody says so
    loan.refresh_from_db()
    assert (loan.state, "loan.late" in templates(alice())) == ("late", False)
    assert "holding.late" in templates(bob())
    with pytest.raises(UnableToHelp) as caught:
        ask(loan)
    assert caught.value.code == "already_open"
    requests.withdraw(made, by=alice().user, now=noon(business_day.current()))
    assert ask(loan).cools_until is None  # once in half a year


def test_a_longer_term_under_the_mandate_holds_as_soon_as_the_borrower_agrees(loan, sal):
    skip_to(date(2026, 4, 20))  # February, March and April unpaid: 64 days late
    loan.refresh_from_db()
    assert (loan.state, loan.days_late) == ("late", 64)
    plan = propose(claimed(loan, sal), sal, kind="re_age", more=4, waive_charges=True)
    assert (plan.basis, plan.first_due_on, plan.periods) == ("mandate", date(2026, 5, 15), 13)
    owed = repayment.owed(loan, as_of=business_day.current())
    seen = plans.shown(plan)
    assert (seen.old_total, len(seen.old), len(seen.new)) == (owed.all, 12, 13)
    assert sum(row.principal for row in seen.new) == loan.principal
    assert sum(row.charges for row in seen.new) == 0 < sum(row.charges for row in seen.old)
    loan.refresh_from_db()
    assert loan.events.exclude(kind="pause").count() == 0  # nothing yet
    done = accept(plan)
    assert done.state == "in_force"
    loan = sound(loan)
    assert (loan.state, loan.days_late, loan.events.last().kind) == ("active", 0, "reschedule")
    rows = loan.installments.filter(paid_on=None).order_by("due_on")
    assert [(row.due_on, row.principal, row.interest) for row in rows] == [(row.due_on, row.principal, row.interest) for row in seen.new]
    assert loan.hardships.get().state == "agreed"
    outbox.drain(now=noon(business_day.current()))
    assert [name for name in templates(alice()) if name.startswith("plan.")] == ["plan.proposed", "plan.in_force"]


def test_a_payment_holiday_and_a_spread(loan, sal):
    skip_to(date(2026, 3, 1))
    made = claimed(loan, sal)
    today = business_day.current()
    found = Loan.objects.get(pk=loan.pk)
    holiday = terms.work_out(found, Wanted("moratorium", pause_months=2), as_of=today)
    assert (holiday.first_due_on, holiday.periods) == (date(2026, 5, 15), 11)
    assert terms.months_past_contract(found, holiday) == 2
    spread = terms.work_out(found, Wanted("re_amortize"), as_of=today)
    assert (spread.first_due_on, spread.periods, terms.months_past_contract(found, spread)) == (date(2026, 3, 15), 11, 0)
    first = plans.compare(found, holiday, as_of=today).new[0]
    assert first.interest > plans.compare(found, spread, as_of=today).new[0].interest  # the months without a payment bear interest
    accept(propose(made, sal, kind="moratorium", pause_months=2))
    owed, asked = repayment.owed(sound(loan), as_of=today), plans.shown(Plan.objects.get()).new
    assert (owed.due, owed.next_amount, owed.all) == (0, asked[0].total, sum(row.total for row in asked))
    assert 0 < asked[0].charges < sum(row.charges for row in asked)  # late charges wait for their installments
    bobs = portfolio.schedule_of(sound(loan).participations.get(party=bob().party))
    assert [(due.due_on, due.paid_on) for due in bobs] == [(row.due_on, None) for row in asked]  # what was moved unpaid is not told as paid
    skip_to(date(2026, 5, 15))
    assert (sound(loan).days_late, sound(loan).charges.filter(charged_on__gt=today).count()) == (0, 0)
    Loan.objects.filter(pk=loan.pk).update(autopay=True)
    with connection.cursor() as cursor:
        cursor.execute(collect.DUE, {"today": date(2026, 5, 15)})
        assert cursor.fetchall() == [(loan.pk, loan.party_id, "CNY", asked[0].total)]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("moratorium"), "pause_months"),
        (Wanted("moratorium", pause_months=4), "beyond_mandate"),
        (Wanted("re_age"), "more"),
        (Wanted("re_age", more=13), "beyond_mandate"),
        (Wanted("re_age", more=1, pause_months=1), "pause_months"),
        (Wanted("re_amortize", more=2), "more"),
        (Wanted("re_age", more=2, annual_rate=Decimal("0.01")), "annual_rate"),
        (Wanted("restructure", annual_rate=Decimal("0.9")), "annual_rate"),
        (Wanted("restructure", more=-1), "numbers"),
        (Wanted("moratorium", pause_months=-1), "numbers"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(loan, wanted, code):
    with pytest.raises(UnableToHelp) as caught:
        terms.work_out(loan, wanted, as_of=date(2026, 2, 1))
    assert caught.value.code == code


def test_after_the_last_due_date_only_a_longer_term_is_left(loan):
    skip_to(add_months(DAY1, 12) + timedelta(days=5))
    loan.refresh_from_db()
    with pytest.raises(UnableToHelp, match="nothing_ahead"):
        terms.work_out(loan, Wanted("re_amortize"), as_of=business_day.current())
    longer = terms.work_out(loan, Wanted("re_age", more=6), as_of=business_day.current())
    assert (longer.first_due_on, longer.periods, longer.basis) == (date(2027, 2, 15), 6, "mandate")


def voted(loan, sal) -> Plan:
    """New terms at a third of the rate, agreed by the borrower, before the holders."""
    skip_to(date(2026, 4, 1))
    plan = accept(propose(claimed(loan, sal), sal, kind="restructure", more=6, annual_rate=Decimal("0.03")))
    assert (plan.state, plan.votes_until) == ("voting", date(2026, 4, 8))
    return plan


def cast(plan, member, in_favor) -> None:
    today = business_day.current()
    vote.cast(plan, party=member.party, in_favor=in_favor, by=member.user, as_of=today, now=noon(today))


def test_new_terms_wait_for_the_holders_and_hold_when_more_than_half_say_yes(loan, sal):
    plan = voted(loan, sal)
    cast(plan, bob(), in_favor=True)  # exactly a half: not yet
    plan.refresh_from_db()
    assert plan.state == "voting"
    with pytest.raises(UnableToHelp) as caught:
        cast(plan, bob(), in_favor=False)
    assert caught.value.code == "voted"
    with pytest.raises(UnableToHelp):
        cast(plan, grace(now=START), in_favor=True)  # holds nothing
    cast(plan, eve(), in_favor=True)
    plan.refresh_from_db()
    assert plan.state == "in_force"
    loan = sound(loan)
    assert terms.current_rate(loan) == Decimal("0.03")
    assert loan.installments.filter(paid_on=None).count() == 9 + 6
    again = terms.work_out(loan, Wanted("re_age", more=1), as_of=business_day.current())
    assert again.annual_rate == Decimal("0.03")  # a later plan does not bring the old rate back


def test_terms_leave_time_for_an_answer_and_a_vote_on_their_last_days(loan, sal):
    """Proposed on the 31st of March, agreed on the last day, voted on to the last day: counted on the 15th of April, a due date that is too soon."""
    skip_to(date(2026, 3, 31))
    plan = propose(claimed(loan, sal), sal, kind="restructure", more=6)
    assert (plan.answer_by, plan.first_due_on) == (date(2026, 4, 7), date(2026, 5, 15))
    skip_to(plan.answer_by)
    plan = accept(plan)
    cast(plan, carol(), in_favor=True)
    cast(plan, eve(), in_favor=True)
    skip_to(date(2026, 4, 15))
    vote.close_due(as_of=date(2026, 4, 15), now=noon(date(2026, 4, 15)))
    plan.refresh_from_db()
    assert plan.state == "in_force"


def test_half_against_ends_it_and_the_request_is_with_staff_again(loan, sal):
    plan = voted(loan, sal)
    cast(plan, bob(), in_favor=False)
    plan.refresh_from_db()
    assert (plan.state, plan.request.state) == ("outvoted", "claimed")
    assert loan.events.filter(kind="reschedule").count() == 0


@pytest.mark.parametrize(("voters", "outcome"), [(["carol"], "outvoted"), (["carol", "eve"], "in_force"), ([], "outvoted")])
def test_at_the_deadline_the_quorum_counts(loan, sal, voters, outcome):
    """A third alone is no quorum; a third and a sixth together are a half, and enough. Silence is no yes."""
    plan = voted(loan, sal)
    for voter in voters:
        cast(plan, {"carol": carol, "eve": eve}[voter](), in_favor=True)
    skip_to(date(2026, 4, 9))
    assert vote.close_due(as_of=date(2026, 4, 9), now=noon(date(2026, 4, 9))) == 1
    plan.refresh_from_db()
    assert plan.state == outcome
    sound(loan)


def test_a_plan_nobody_answers_runs_out_and_one_that_changed_is_not_agreed_to_unseen(loan, sal):
    skip_to(date(2026, 3, 3))
    made = claimed(loan, sal)
    plan = propose(made, sal, kind="re_age", more=3)
    stale = plans.shown(plan).fingerprint
    live_until(date(2026, 3, 5))
    with pytest.raises(UnableToHelp) as caught:
        plans.accept(plan, seen=stale, by=alice().user, as_of=business_day.current(), now=noon(business_day.current()))
    assert caught.value.code == "plan_changed"
    live_until(plan.answer_by + timedelta(days=1))
    plan.refresh_from_db()
    made.refresh_from_db()
    assert (plan.answer_by, plan.state, made.state) == (date(2026, 3, 10), "lapsed", "claimed")
    with pytest.raises(UnableToHelp):
        accept(plan)
    sound(loan)


def test_what_the_database_refuses(loan, sal):
    made = claimed(loan, sal)
    plan = propose(made, sal, kind="re_age", more=1)
    for statement in (
        "UPDATE loans_plan SET state = 'in_force' WHERE id = %s",
        "UPDATE loans_plan SET state = 'voting' WHERE id = %s",
        "UPDATE loans_plan SET periods = 0 WHERE id = %s",
        "UPDATE loans_plan SET state = 'declined' WHERE id = %s",
        "INSERT INTO loans_plan SELECT * FROM loans_plan WHERE id = %s",
    ):
        with rolled_back(), pytest.raises(Exception, match=r"violates|illegal"), connection.cursor() as cursor:
            cursor.execute(statement, [plan.pk])


# --- Pages


def fields(**changes) -> dict:
    return {"wish": "holiday", "affordable": "800", "reason": "", "idempotency_key": uuid4().hex} | changes


def answer(client, page: str, said: str) -> None:
    """Whether we may read a reason, asked by itself before the request."""
    shown = client.get(f"{page}?ask=1").content.decode()
    assert 'name="hardship"' in shown
    assert 'name="reason"' not in shown
    assert client.post(page, {"hardship": said, "idempotency_key": uuid4().hex}).status_code == 302


def ask_in_the_browser(loan) -> None:
    page, alices = f"/loans/{loan.reference}/help/", client_of(alice())
    answer(alices, page, "yes")
    alices.post(page, fields(reason="The oven broke."))


def test_the_borrower_asks_in_the_browser_and_the_reason_is_sealed(loan, sal):
    page = f"/loans/{loan.reference}/help/"
    alices = client_of(alice())
    answer(alices, page, "no")
    assert b'name="reason"' not in alices.get(page).content
    refused = alices.post(page, fields(reason="I am ill"))  # a page that stood open since a yes
    assert (refused.status_code, HardshipRequest.objects.count()) == (422, 0)
    assert b"I am ill" in refused.content  # nothing typed is lost
    answer(alices, page, "yes")
    paper = SimpleUploadedFile("letter.png", picture(), "image/png")
    assert alices.post(page, fields(reason="The oven broke.", paper=paper)).status_code == 302
    made = HardshipRequest.objects.get()
    assert (made.wish, made.affordable, made.evidence.count()) == ("holiday", 80_000, 1)
    assert consents.state(subject=loan.file.subject, purpose="hardship", matter=loan.file.matter, now=START).given
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM loans_hardshiprequest")
        assert b"oven" not in bytes(cursor.fetchone()[0])
    assert b"The oven broke." in alices.get(page).content
    assert client_of(bob()).get(page).status_code in (302, 404)
    assert client_of(grace(now=START)).get(page).status_code == 404
    assert alices.get(f"/evidence/{made.evidence.get().reference}/")["Content-Disposition"].startswith("attachment")


def test_the_desk_claims_reads_compares_and_proposes_and_the_borrower_sees_it(loan, sal):
    skip_to(date(2026, 3, 1))
    ask_in_the_browser(loan)
    made = HardshipRequest.objects.get()
    desk = client_of(sal)
    assert made.reference in desk.get("/admin/loans/hardshiprequest/").content.decode()
    change, act = f"/admin/loans/hardshiprequest/{made.pk}/change/", f"/admin/loans/hardshiprequest/{made.pk}/act/"
    assert desk.get(f"/admin/loans/hardshiprequest/{made.pk}/file/").status_code == 403  # not claimed
    desk.post(act, {"act": "claim"})
    looks = AccessLog.objects.count()
    assert b"The oven broke." not in desk.get(f"/admin/loans/hardshiprequest/{made.pk}/file/").content, "not before the reason is given"
    assert b"The oven broke." in opened(desk, f"/admin/loans/hardshiprequest/{made.pk}/file/").content
    assert (AccessLog.objects.count(), AccessLog.objects.latest("pk").why) == (looks + 1, "deciding")
    assert b"The oven broke." not in desk.get(change).content
    wrong = desk.post(act, {"act": "look", "kind": "re_age"})
    assert (wrong.status_code, Plan.objects.count()) == (422, 0)
    seen = desk.post(act, {"act": "look", "kind": "re_age", "more": "3"})
    assert seen.status_code == 200
    assert b"15 June 2026" in seen.content
    assert desk.post(act, {"act": "propose", "kind": "re_age", "more": "3"}).status_code == 302
    plan = Plan.objects.get()
    browser = proven(client_of(alice()), alice())
    page = browser.get(f"/plans/{plan.reference}/").content.decode()
    fingerprint = plans.compare(plan.loan, terms.of(plan), as_of=business_day.current()).fingerprint
    assert fingerprint in page
    answer = {"seen": "x", "idempotency_key": uuid4().hex}
    assert browser.post(f"/plans/{plan.reference}/accept/", answer).status_code == 409
    answer = {"seen": fingerprint, "idempotency_key": uuid4().hex}
    assert client_of(grace(now=START)).post(f"/plans/{plan.reference}/accept/", answer).status_code in (302, 404)
    assert browser.post(f"/plans/{plan.reference}/accept/", answer)["Location"] == f"/loans/{loan.reference}/"
    plan.refresh_from_db()
    assert plan.state == "in_force"
    assert browser.get(f"/plans/{plan.reference}/").status_code == 200


@pytest.mark.parametrize("whose", [alice, bob])
def test_who_is_bound_by_the_loan_or_holds_a_part_of_it_answers_nothing(loan, sal, whose):
    """Sal claims it, then joins the borrower's (or a holder's) party: giving it back is all that is left."""
    today, made = business_day.current(), claimed(loan, sal)
    joined = {"user": sal.user, "party": whose().party, "role": "view", "created_at": noon(today)}
    Membership.objects.create(**joined)
    acts = (
        lambda: propose(made, sal, kind="re_age", more=3, waive_charges=True),
        lambda: requests.refuse(made, by=sal.user, answer="No.", now=noon(today)),
        lambda: requests.release(made, by=sal.user, now=noon(today)),
        lambda: requests.claim(made, by=sal.user, now=noon(today)),
    )
    said = []
    for act in acts:
        try:
            said.append(str(act()))
        except UnableToHelp as error:
            said.append(error.code)
    assert said == ["own_loan", "own_loan", "None", "own_loan"]


def test_a_refusal_needs_words_and_the_borrower_reads_them(loan, sal):
    made = ask(loan)
    desk = client_of(sal)
    act = f"/admin/loans/hardshiprequest/{made.pk}/act/"
    desk.post(act, {"act": "claim"})
    desk.post(act, {"act": "refuse", "answer": " "})
    made.refresh_from_db()
    assert made.state == "claimed"
    desk.post(act, {"act": "refuse", "answer": "Your income covers the installment."})
    made.refresh_from_db()
    assert made.state == "refused"
    assert b"Your income covers the installment." in client_of(alice()).get(f"/loans/{loan.reference}/help/").content
    outbox.drain(now=noon(business_day.current()))
    assert templates(alice())[-1] == "hardship.refused"


def test_words_taken_back_are_not_opened_again(loan, sal):
    ask_in_the_browser(loan)
    made = HardshipRequest.objects.get()
    requests.claim(made, by=sal.user, now=START)
    consents.withdraw(subject=loan.file.subject, purpose="hardship", matter=loan.file.matter, locale="en", now=START + timedelta(minutes=1))
    assert client_of(sal).get(f"/admin/loans/hardshiprequest/{made.pk}/file/").status_code == 403


# --- Holders


def test_a_holder_compares_and_votes_in_the_browser_and_reads_no_reason(loan, sal):
    ask_in_the_browser(loan)
    made = HardshipRequest.objects.get()
    requests.claim(made, by=sal.user, now=START)
    plan = propose(made, sal, kind="restructure", more=6, annual_rate=Decimal("0.03"))
    bobs, page = client_of(bob()), f"/portfolio/plans/{plan.reference}/"
    assert bobs.get(page).status_code == 404  # the borrower answers first
    accept(plan)
    outbox.drain(now=noon(business_day.current()))
    assert [templates(who())[-1] for who in (bob, carol, eve)] == ["holding.vote"] * 3
    text = bobs.get(page).content.decode()
    for withheld in ("broke", made.reference, alice().party.reference, "HS-"):
        assert withheld not in text
    assert client_of(grace(now=START)).get(page).status_code in (302, 404)
    assert bobs.post(f"{page}vote/", {"answer": "maybe", "idempotency_key": uuid4().hex}).status_code == 302
    assert plan.votes.count() == 0
    for answer in ("yes", "no"):
        bobs.post(f"{page}vote/", {"answer": answer, "idempotency_key": uuid4().hex})
    assert [(given.weight, given.in_favor) for given in plan.votes.all()] == [(2_400_000, True)]
    assert b"You voted in favor." in bobs.get(page).content
    cast(plan, carol(), in_favor=True)
    outbox.drain(now=noon(business_day.current()))
    assert templates(bob())[-1] == "holding.plan"
    assert b'data-state="in_force"' in bobs.get(page).content
