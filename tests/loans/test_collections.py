"""When a payment is missing: stages by days late, promises kept and broken at the close of a day, write-off by two people, recoveries with their costs."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from django.test import override_settings

from core import business_day, outbox, states
from core.models import Job
from core.refusals import Conflict
from ledger.chart import AccountCode
from ledger.checks import check_books
from loans import event as events
from loans import ladder, outreach, repayment
from loans.collections import case as cases
from loans.collections import promise as promises
from loans.collections import recovery, two
from loans.collections import write_off as write_offs
from loans.collections.case import UnableToCollect
from loans.day import prove
from loans.event import Entry
from loans.hardship import request as hardship
from loans.ladder import UnableToClimb
from loans.models import CollectionsCase, DebtSale, Loan, Promise, Recovery, WriteOff
from loans.replay import Kind
from marketplace.models import Listing
from notifications.models import Message
from payments import deposit
from privacy.models import ContactDecision
from tests.cast import alice, bob, carol, client_of, eve, fay
from tests.loans.book import assert_stored_is_replayed, cash, lend, platform, rolled_back
from tests.loans.test_hardship import ask
from tests.loans.trouble import START, live_until, living_loan, noon, servicer, skip_to
from tests.stories import pay_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
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


def close(to: date) -> None:
    """The loan as of that morning, and what the end of the day before does to cases and promises."""
    skip_to(to)
    on = to - timedelta(days=1)
    cases.follow(on=on, now=noon(to))
    promises.judge(on=on, now=noon(to))
    outbox.drain(now=noon(to))


def today() -> date:
    return business_day.current()


def templates(member) -> list[str]:
    return list(Message.objects.filter(party=member.party).order_by("pk").values_list("template", flat=True))


def pay(loan, amount) -> None:
    pay_in(alice(), amount, now=noon(today()))
    loan = Loan.objects.get(pk=loan.pk)
    repayment.pay(loan=loan, amount=amount, by=alice().user, key=uuid4().hex, as_of=today(), now=noon(today()))


def promise(loan, amount, days) -> Promise:
    found = Loan.objects.get(pk=loan.pk)
    return promises.make(found, amount=amount, due_on=today() + timedelta(days=days), by=alice().user, as_of=today(), now=noon(today()))


def found_late(number) -> None:
    """The installment was paid on its day after all; it is entered now."""
    row = Loan.objects.get().installments.get(number=number)
    pay_in(alice(), row.principal + row.interest, now=noon(today()))
    entry = Entry(Kind.PAYMENT, row.due_on, row.principal + row.interest)
    events.enter(Loan.objects.get(), entry, by=None, key=uuid4().hex, as_of=today(), now=noon(today()))


def defaulted(loan) -> CollectionsCase:
    close(date(2026, 5, 20))  # 94 days after 15 February
    return CollectionsCase.objects.get()


def sound(loan) -> Loan:
    loan = Loan.objects.get(pk=loan.pk)
    assert_stored_is_replayed(loan)
    assert prove.prove(as_of=today()) == []
    assert check_books().is_clean
    return loan


def test_a_case_goes_from_stage_to_stage_by_days_late_and_each_reminder_asked_the_policy(loan):
    close(date(2026, 2, 18))  # within the days of grace
    assert not CollectionsCase.objects.exists()
    seen = []
    for day in (date(2026, 2, 19), date(2026, 3, 17), date(2026, 3, 18), date(2026, 4, 17), date(2026, 5, 17)):
        close(day)
        case = CollectionsCase.objects.get()
        seen.append((Loan.objects.get().days_late, case.stage))
    assert seen == [(4, "reminded"), (30, "reminded"), (31, "talking"), (61, "last_notice"), (91, "in_default")]
    assert (case.defaulted_on, case.owed_at_default) == (date(2026, 5, 16), loan.principal)
    assert [(change.state, change.why, change.at.date()) for change in states.history(case)][1:] == [
        ("talking", "days_late", date(2026, 3, 18)),
        ("last_notice", "days_late", date(2026, 4, 17)),
        ("in_default", "days_late", date(2026, 5, 17)),
    ]
    said = [name for name in templates(alice()) if name.startswith(("case.", "loan.late", "loan.defaulted"))]
    assert said == ["loan.late", "case.talking", "case.last_notice", "loan.defaulted"]
    decisions = ContactDecision.objects.filter(message__isnull=False)
    assert decisions.count() == len(said)  # no reminder without one yes
    assert set(decisions.values_list("contact", flat=True)) == {None}


def test_following_twice_changes_nothing_and_paying_closes_the_case(loan):
    close(date(2026, 3, 1))
    assert cases.follow(on=date(2026, 2, 28), now=noon(today())) == {"opened": 0, "moved": 0, "closed": 0}
    pay(loan, repayment.owed(Loan.objects.get(), as_of=today()).due)
    assert cases.follow(on=today(), now=noon(today())) == {"opened": 0, "moved": 0, "closed": 1}
    case = CollectionsCase.objects.get()
    assert (case.stage, case.outcome, case.closed_on) == ("closed", "caught_up", today())
    close(date(2026, 3, 25))
    assert CollectionsCase.objects.filter(closed_on=None).get().stage == "reminded"  # a second time is a second case


def test_the_end_of_a_real_day_opens_cases_and_judges_promises(loan):
    skip_to(date(2026, 2, 18))
    live_until(date(2026, 2, 19))
    assert CollectionsCase.objects.get().stage == "reminded"
    promise(loan, 100_000, 1)
    live_until(date(2026, 2, 21))
    assert Promise.objects.get().state == "broken"


def test_a_promise_is_kept_by_what_comes_after_it_and_nobody_reminds_meanwhile(loan, sal):
    close(date(2026, 3, 10))
    pay(loan, 50_000)
    made = promise(loan, 200_000, 9)
    with pytest.raises(UnableToClimb):
        outreach.call_borrower(loan.agreement.offer.application, by=sal.user, now=noon(today()))
    close(date(2026, 3, 18))  # 31 days late, but a promise runs
    assert CollectionsCase.objects.get().stage == "talking"
    assert "case.talking" not in templates(alice())
    pay(loan, 150_000)
    close(date(2026, 3, 19))
    assert Promise.objects.get(pk=made.pk).state == "open"  # what came before it does not count
    pay(loan, 50_000)
    close(date(2026, 3, 20))
    made.refresh_from_db()
    assert (made.state, made.judged_on) == ("kept", date(2026, 3, 19))
    assert templates(alice())[-1] == "promise.kept"
    again = promise(loan, 100_000, 2)
    other = promise(loan, 100_000, 3)
    assert Promise.objects.get(pk=again.pk).state == "replaced"
    close(date(2026, 3, 23))
    assert Promise.objects.get(pk=other.pk).state == "open"  # its day is not closed yet
    close(date(2026, 3, 24))
    assert Promise.objects.get(pk=other.pk).state == "broken"
    assert templates(alice())[-1] == "promise.broken"


def test_what_was_undone_keeps_no_promise(loan):
    close(date(2026, 3, 10))
    made = promise(loan, 100_000, 5)
    pay(loan, 100_000)
    events.undo(Loan.objects.get(), loan.events.last(), by=None, why="returned", as_of=today(), now=noon(today()))
    close(date(2026, 3, 16))
    assert Promise.objects.get(pk=made.pk).state == "broken"


def test_whatever_a_loan_does_in_a_day_its_case_follows(loan, sal):
    case = defaulted(loan)
    cases.to_court(case, by=sal.user, as_of=today(), now=noon(today()))
    found_late(1)  # so it was never in default: 66 days late since 15 March
    close(date(2026, 5, 21))
    case.refresh_from_db()
    assert (Loan.objects.get().state, case.stage) == ("late", "last_notice")
    with pytest.raises(UnableToCollect):
        cases.to_court(case, by=sal.user, as_of=today(), now=noon(today()))
    skip_to(date(2026, 6, 20))  # in default again, and written off before any night has seen it
    made = write_offs.propose(Loan.objects.get(), reason="nothing", note="No income.", by=sal.user, now=noon(today()))
    write_offs.approve(made, by=fay().user, as_of=today(), now=noon(today()))
    case.refresh_from_db()
    last = states.history(case)[-1]
    assert (case.stage, case.stage_since, last.why, last.by) == ("written_off", today(), "written_off", fay().user.pk)
    made.refresh_from_db()
    events.undo(Loan.objects.get(), made.event, by=None, why="mistake", as_of=today(), now=noon(today()))
    found_late(2)
    close(date(2026, 6, 21))
    case.refresh_from_db()
    assert (Loan.objects.get().state, case.stage) == ("late", "last_notice")
    sound(loan)


def test_a_case_that_cannot_move_stops_no_other(loan):
    with rolled_back():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE loans_collectionscase ADD CONSTRAINT stuck CHECK (loan_id = %s OR stage = 'reminded')", [loan.pk])
        other = lend(alice().party, {bob().party: 100_000}, disbursed_on=date(2026, 1, 15))
        close(date(2026, 3, 10))
        assert CollectionsCase.objects.filter(stage="reminded").count() == 2
        close(date(2026, 3, 18))
        assert dict(CollectionsCase.objects.values_list("loan", "stage")) == {loan.pk: "talking", other.pk: "reminded"}
        (stuck,) = Job.objects.filter(name="case.follow").exclude(state="done")
        assert (stuck.payload["loan"], "IntegrityError" in stuck.last_error) == (other.pk, True)


@pytest.mark.parametrize(
    ("amount", "days", "code"), [(0, 3, "not_positive"), (-5, 3, "not_positive"), (10**9, 3, "more_than_owed"), (5, -1, "due_on"), (5, 15, "due_on")]
)
def test_what_is_no_promise(loan, amount, days, code):
    close(date(2026, 2, 20))
    with pytest.raises(UnableToCollect) as caught:
        promise(loan, amount, days)
    assert caught.value.code == code


def written_off(loan, sal) -> CollectionsCase:
    case = defaulted(loan)
    made = write_offs.propose(Loan.objects.get(), reason="nothing", note="Three talks, no income.", by=sal.user, now=noon(today()))
    with pytest.raises(UnableToCollect) as caught:
        write_offs.approve(made, by=sal.user, as_of=today(), now=noon(today()))
    assert caught.value.code == "own_proposal"
    assert Loan.objects.get().state == "defaulted"
    write_offs.approve(made, by=fay().user, as_of=today(), now=noon(today()))
    cases.follow(on=today(), now=noon(today()))
    case.refresh_from_db()
    return case


def test_only_after_a_default_holders_read_what_was_tried_with_the_borrower(loan, sal):
    case = ladder.open_case(loan.agreement.offer.application, question="reachable", by=sal.user, now=START)
    for level in range(4):
        ladder.record(case, level=level, outcome="not_enough", note="Tried.", by=sal.user, now=START)
    page = f"/portfolio/holdings/{Listing.objects.get(loan=loan).reference}/"
    assert "R0 What we already hold" not in client_of(bob()).get(page).content.decode()
    defaulted(loan)
    read = client_of(bob()).get(page).content.decode()
    assert [f"R{level} " in read for level in range(6)] == [True] * 4 + [False] * 2
    assert "Tried." not in read, "what staff noted is theirs"


def test_a_write_off_takes_two_people_and_recoveries_reach_every_holder_after_their_costs(loan, sal):
    case = written_off(loan, sal)
    assert (Loan.objects.get().state, case.stage) == ("written_off", "written_off")
    pay_in(alice(), 600_000, now=noon(today()))
    before = [cash(who().party) for who in (bob, carol, eve)]
    with pytest.raises(UnableToCollect, match="costs"):
        recovery.propose(Loan.objects.get(), gross=600_000, costs=180_001, source="court", by=sal.user, now=noon(today()))
    made = recovered(sal, 600_000, 60_000)
    # 540,000 to principal: a half, a third, a sixth; 60,000 to the operator; nothing left in the wallet.
    assert [cash(who().party) - was for who, was in zip((bob, carol, eve), before, strict=True)] == [270_000, 180_000, 90_000]
    assert (platform(AccountCode.OPERATOR_FUNDS), cash(alice().party)) == (60_000, 0)
    flow = recovery.waterfall(loan)
    assert (flow.owed_at_default, flow.gross, flow.costs, flow.principal, flow.to_holders) == (4_800_000, 600_000, 60_000, 540_000, 540_000)
    sound(loan)
    # Undone, all of it is as before: the holders', the operator's and the borrower's money, and the waterfall.
    events.undo(Loan.objects.get(), made.event, by=None, why="returned", as_of=today(), now=noon(today()))
    assert [cash(who().party) for who in (bob, carol, eve)] == before
    assert (platform(AccountCode.OPERATOR_FUNDS), cash(alice().party)) == (0, 600_000)
    flow = recovery.waterfall(loan)
    assert (flow.gross, flow.costs, flow.to_holders) == (0, 0, 0)
    sound(loan)


def recovered(sal, gross, costs) -> Recovery:
    """Proposed by one, approved by another, who alone may."""
    made = recovery.propose(Loan.objects.get(), gross=gross, costs=costs, source="court", by=sal.user, now=noon(today()))
    for who, code in ((sal.user, "own_proposal"), (bob().user, "own_loan")):
        with pytest.raises(UnableToCollect, match=code):
            recovery.approve(made, by=who, as_of=today(), now=noon(today()))
    return recovery.approve(made, by=fay().user, as_of=today(), now=noon(today()))


def paid_by_buyer(amount) -> str:
    """What the buyer sent quotes nobody we know."""
    line = {"rail": "sandbox", "line_id": uuid4().hex, "amount": amount, "currency": "CNY", "reference": "Purchase of a claim", "booked_on": today()}
    return deposit.receive(**line, now=noon(today())).reference


def test_the_price_of_a_sold_claim_reaches_every_holder_and_nothing_more_is_taken_for_it(loan, sal):
    case = written_off(loan, sal)
    pay_in(alice(), 300_000, now=noon(today()))
    terms = {"buyer": "Licensed Asset Management", "license": "A-17", "price": 900_000, "by": sal.user, "as_of": today(), "now": noon(today())}
    with pytest.raises(UnableToCollect, match="receipt"):
        write_offs.propose_sale(Loan.objects.get(), **terms)
    receipt = paid_by_buyer(900_000)
    made = write_offs.propose_sale(Loan.objects.get(), **terms, receipt=receipt)
    recovery.pay(Loan.objects.get(), amount=100_000, by=alice().user, key="own", as_of=today(), now=noon(today()))
    before, owed = [cash(who().party) for who in (bob, carol, eve)], write_offs.claim_of(loan)
    assert made.claim == owed + 100_000
    write_offs.approve_sale(made, by=fay().user, as_of=today(), now=noon(today()))
    outbox.drain(now=noon(today()))
    case.refresh_from_db()
    made.refresh_from_db()
    assert (made.claim, made.event.data) == (owed, {"what": "sold", "price": 900_000, "claim": owed})
    assert [cash(who().party) - was for who, was in zip((bob, carol, eve), before, strict=True)] == [450_000, 300_000, 150_000]
    assert (case.stage, templates(alice())[-1], cash(alice().party)) == ("sold", "claim.sold", 200_000)
    page, alices = f"/loans/{loan.reference}/", client_of(alice())
    shown = alices.get(page).content.decode()
    assert "Licensed Asset Management" in shown
    assert "9,000.00" not in shown  # what the buyer paid is not what the borrower paid
    assert "Repayment schedule" not in shown
    assert repayment.owed(Loan.objects.get(), as_of=today()) == repayment.Owed(0, 0, None, 0)
    assert alices.post(f"{page}repay/", {"amount": "600", "idempotency_key": uuid4().hex}).status_code == 422
    for act in (
        lambda: recovery.pay(Loan.objects.get(), amount=1_000, by=alice().user, key="late", as_of=today(), now=noon(today())),
        lambda: recovery.recover(Loan.objects.get(), gross=1_000, source="court", by=sal.user, key="late", as_of=today(), now=noon(today())),
        lambda: events.undo(Loan.objects.get(), WriteOff.objects.get().event, by=None, why="mistake", as_of=today(), now=noon(today())),
    ):
        with pytest.raises(Conflict, match="sold"):
            act()
    with pytest.raises(UnableToCollect, match="not_written_off"):
        write_offs.propose_sale(Loan.objects.get(), **terms)
    flow = recovery.waterfall(loan)
    assert (flow.gross, flow.to_holders, cash(alice().party)) == (1_000_000, 1_000_000, 200_000)
    sound(loan)


def test_what_is_not_written_off_or_sold(loan, sal):
    with pytest.raises(UnableToCollect, match="not_defaulted"):
        write_offs.propose(loan, reason="nothing", note="x", by=sal.user, now=noon(today()))
    with pytest.raises(UnableToCollect, match="not_written_off"):
        write_offs.propose_sale(loan, buyer="B", license="L", price=1, by=sal.user, as_of=today(), now=noon(today()))
    defaulted(loan)
    ask(loan)
    with pytest.raises(UnableToCollect, match="hardship_open"):
        write_offs.propose(Loan.objects.get(), reason="nothing", note="x", by=sal.user, now=noon(today()))


def test_a_write_off_is_approved_while_the_loan_is_lost_or_lapses(loan, sal):
    defaulted(loan)
    made = write_offs.propose(Loan.objects.get(), reason="nothing", note="x", by=sal.user, now=noon(today()))
    asked = ask(loan)
    with pytest.raises(UnableToCollect, match="hardship_open"):
        write_offs.approve(made, by=fay().user, as_of=today(), now=noon(today()))
    hardship.withdraw(asked, by=alice().user, now=noon(today()))
    found_late(1)
    with pytest.raises(UnableToCollect, match="not_defaulted"):
        write_offs.approve(made, by=fay().user, as_of=today(), now=noon(today()))
    outbox.drain(now=noon(today()))
    made.refresh_from_db()
    assert (made.state, made.decided_by, Loan.objects.get().state) == ("lapsed", None, "late")


def test_nobody_decides_about_a_loan_of_their_own_or_one_they_hold(loan, sal):
    case = defaulted(loan)
    for who in (alice, bob):
        with pytest.raises(UnableToCollect, match="own_loan"):
            write_offs.propose(Loan.objects.get(), reason="nothing", note="x", by=who().user, now=noon(today()))
        with pytest.raises(UnableToCollect, match="own_loan"):
            cases.to_court(case, by=who().user, as_of=today(), now=noon(today()))
    made = write_offs.propose(Loan.objects.get(), reason="nothing", note="x", by=sal.user, now=noon(today()))
    with pytest.raises(UnableToCollect, match="own_loan"):
        write_offs.approve(made, by=bob().user, as_of=today(), now=noon(today()))
    with pytest.raises(UnableToCollect, match="own_loan"):
        two.turn_down(made, by=bob().user, now=noon(today()))
    assert (Loan.objects.get().state, WriteOff.objects.get().state) == ("defaulted", "proposed")


def test_what_the_database_refuses(loan, sal):
    case = written_off(loan, sal)
    proposal = WriteOff.objects.get()
    for statement, pk in (
        ("UPDATE loans_writeoff SET decided_by_id = proposed_by_id WHERE id = %s", proposal.pk),
        ("UPDATE loans_writeoff SET state = 'proposed' WHERE id = %s", proposal.pk),
        ("UPDATE loans_writeoff SET state = 'lapsed' WHERE id = %s", proposal.pk),
        ("UPDATE loans_collectionscase SET stage = 'elsewhere' WHERE id = %s", case.pk),
        ("UPDATE loans_collectionscase SET stage = 'closed' WHERE id = %s", case.pk),
    ):
        with rolled_back(), pytest.raises(Exception, match=r"violates|illegal"), connection.cursor() as cursor:
            cursor.execute(statement, [pk])


# --- Pages


def test_the_borrower_promises_quotes_and_pays_in_the_browser(loan):
    close(date(2026, 2, 20))
    alices, page = client_of(alice()), f"/loans/{loan.reference}/"
    day = (today() + timedelta(days=5)).isoformat()
    assert alices.post(f"{page}promise/", {"amount": "0", "due_on": day, "idempotency_key": uuid4().hex}).status_code == 422
    assert alices.post(f"{page}promise/", {"amount": "1000", "due_on": day, "idempotency_key": uuid4().hex}).status_code == 302
    assert b"25 February 2026" in alices.get(page).content
    assert "待履行" in client_of(alice(), language="zh-hans").get(page).content.decode()  # not the word for a listing that is open
    assert alices.post(f"{page}payoff/", {"idempotency_key": uuid4().hex}).status_code == 302
    quote = Loan.objects.get().payoff_quotes.get()
    assert quote.reference.encode() in alices.get(f"{page}payoff/").content
    pay_in(alice(), 5_000_000, now=noon(today()))
    skip_to(today() + timedelta(days=2))
    total = quote.days[today().isoformat()]["total"]
    assert alices.post(f"{page}settle/", {"expected": str(total), "idempotency_key": uuid4().hex}).status_code == 302
    assert Loan.objects.get().state == "repaid"


def test_the_desk_takes_two_people_and_a_written_off_loan_is_paid_by_the_borrower(loan, sal):
    case = defaulted(loan)
    desk, second, act = client_of(sal), client_of(fay()), f"/admin/loans/collectionscase/{case.pk}/act/"
    assert desk.post(act, {"act": "write_off", "reason": "nothing", "note": ""}).status_code == 422
    assert desk.post(act, {"act": "write_off", "reason": "nothing", "note": "Nothing left."}).status_code == 302
    assert desk.post(act, {"act": "approve_write_off"}).status_code == 403
    second.post(act, {"act": "approve_write_off"})
    assert (WriteOff.objects.get().state, Loan.objects.get().state) == ("approved", "written_off")
    pay_in(alice(), 100_000, now=noon(today()))
    page = f"/loans/{loan.reference}/"
    assert client_of(alice()).get(page).status_code == 200
    assert client_of(alice()).post(f"{page}repay/", {"amount": "600", "idempotency_key": uuid4().hex}).status_code == 302
    assert Recovery.objects.get().net == 60_000
    recover = {"act": "recover", "source": "court", "gross": "400"}
    assert desk.post(act, recover).status_code == 422  # a form without its key
    assert desk.post(act, recover | {"costs": "50", "idempotency_key": uuid4().hex}).status_code == 302
    assert Recovery.objects.count() == 1
    assert b"400.00" in second.get(f"/admin/loans/collectionscase/{case.pk}/change/").content
    second.post(act, {"act": "approve_recovery"})
    desk.post(act, {"act": "to_court"})
    case.refresh_from_db()
    assert (Recovery.objects.count(), case.stage) == (2, "in_court")
    sell = {"act": "sell", "buyer": "Buyer", "license": "L", "price": "10"}
    assert desk.post(act, sell).status_code == 422
    assert desk.post(act, sell | {"receipt": paid_by_buyer(1_000)}).status_code == 302
    assert DebtSale.objects.get().state == "proposed"
    assert desk.get(f"/admin/loans/collectionscase/{case.pk}/change/").status_code == 200
