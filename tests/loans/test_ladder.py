"""The ladder: the people around a borrower are the last resort, and nobody gets there alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts import audit, roles
from core import outbox
from core.models import Job
from loans import circle as circle_of
from loans import ladder, ladder_figures, outreach
from loans.ladder import UnableToClimb
from loans.models import BorrowerFlag, LadderCase, Loan, Necessity, Obligor, Rung
from loans.notices.door import remind_obligors
from notifications import catalogue, preferences
from notifications.models import Message
from privacy import circle, explaining
from privacy import outreach as policy
from privacy.models import AccessLog, Contact, ContactDecision, OutboundMessage
from tests import cast, stories
from tests.privacy.circle_world import Reader
from tests.worlds import world

pytestmark = pytest.mark.django_db

# A Tuesday in Shanghai, half past ten in the morning.
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
REMINDER = {"template": "loan.late", "channel": "in_app", "params": {"reference": "LN-1", "amount": "1", "due_on": "2026-11-20"}}


@world
def borrower():
    return cast.alice(now=NOW)


@world
def staff():
    """Dan climbs; Fay and Gil agree."""
    roles.ensure()
    dan, fay = cast.dan(now=NOW), cast.fay(now=NOW)
    gil = cast.carol(now=NOW)
    gil.user.is_staff = True
    gil.user.save(update_fields=["is_staff"])
    gil.user.groups.add(Group.objects.get(name=roles.APPROVER))
    return dan, fay, gil


@world
def application(borrower):
    return stories.draft(borrower, amount=4_800_000, term_months=6, now=NOW)


@world
def case(application, staff):
    return ladder.open_case(application, question="reachable", by=staff[0].user, now=NOW)


def climb(case, staff, *, to):
    """Every rung up to (not including) `to` brought nothing."""
    for level in range(to):
        if level in ladder.SOCIAL:
            agree(case, staff, level=level)
        ladder.record(case, level=level, outcome="not_enough", note="Tried.", by=staff[0].user, now=NOW)


def agree(case, staff, *, level):
    dan, fay, gil = staff
    need = ladder.request_necessity(case, level=level, why="Silent for three weeks.", by=dan.user, now=NOW)
    ladder.approve(need, by=fay.user, now=NOW)
    if level == 5:
        ladder.approve(need, by=gil.user, now=NOW)
    return need


def accept(application, borrower, *, scopes=("reference", "locate", "relay")):
    made = circle_of.invite(application, relationship="friend", scopes=scopes, by=borrower.user, locale="en", now=timezone.now())
    return Reader().accept(made.token, scopes=list(scopes))


def test_a_rung_opens_when_the_one_below_has_an_outcome(case, staff):
    dan = staff[0].user
    assert ladder.next_level(case) == 0
    with pytest.raises(UnableToClimb):
        ladder.record(case, level=1, outcome="not_enough", note="x", by=dan, now=NOW)
    ladder.record(case, level=0, outcome="not_enough", note="An old address.", by=dan, now=NOW)
    assert ladder.next_level(case) == 1
    with pytest.raises(UnableToClimb):
        ladder.record(case, level=0, outcome="answered", note="x", by=dan, now=NOW)


def test_an_answer_ends_the_climb(case, staff):
    ladder.record(case, level=0, outcome="answered", note="On file.", by=staff[0].user, now=NOW)
    case.refresh_from_db()
    assert case.closed_at == NOW
    with pytest.raises(UnableToClimb):
        ladder.record(case, level=1, outcome="not_enough", note="x", by=staff[0].user, now=NOW)


def test_the_database_lets_nobody_skip(case, staff):
    for level in (1, 4, 5):
        with pytest.raises(IntegrityError, match="a rung opens"), transaction.atomic():
            Rung.objects.create(case=case, level=level, outcome="not_enough", note="x", by=staff[0].user, at=NOW)
    climb(case, staff, to=4)
    with pytest.raises(IntegrityError, match="a rung opens"), transaction.atomic():
        Rung.objects.create(case=case, level=4, outcome="not_enough", note="x", by=staff[0].user, at=NOW)


def test_invariant_24_the_last_rung_takes_every_other_and_two_different_approvers(case, staff):
    dan, fay, gil = (member.user for member in staff)
    climb(case, staff, to=4)
    with pytest.raises(UnableToClimb):
        ladder.record(case, level=4, outcome="not_enough", note="x", by=dan, now=NOW)
    agree(case, staff, level=4)
    ladder.record(case, level=4, outcome="not_possible", note="No reference.", by=dan, now=NOW)
    need = ladder.request_necessity(case, level=5, why="Still silent.", by=dan, now=NOW)
    assert not ladder.needed(case, 5)
    with pytest.raises(UnableToClimb, match="same_person"):
        ladder.approve(need, by=dan, now=NOW)
    ladder.approve(need, by=fay, now=NOW)
    assert not ladder.needed(case, 5)
    with pytest.raises(UnableToClimb, match="same_person"):
        ladder.approve(need, by=fay, now=NOW)
    with pytest.raises(UnableToClimb, match="not_approved"):
        ladder.record(case, level=5, outcome="answered", note="x", by=dan, now=NOW)
    ladder.approve(need, by=gil, now=NOW)
    assert ladder.needed(case, 5)
    ladder.record(case, level=5, outcome="answered", note="Called back.", by=dan, now=NOW)
    for wrong in ({"second_by": fay}, {"approved_by": dan}, {"second_by": dan}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Necessity.objects.filter(pk=need.pk).update(**wrong)


def test_nobody_asks_for_the_circle_before_the_rest_was_tried(case, staff):
    climb(case, staff, to=3)
    for level in (4, 5):
        with pytest.raises(UnableToClimb, match="not_open"):
            ladder.request_necessity(case, level=level, why="Because.", by=staff[0].user, now=NOW)
    climb_on = case
    ladder.record(climb_on, level=3, outcome="not_enough", note="x", by=staff[0].user, now=NOW)
    with pytest.raises(UnableToClimb, match="no_reason"):
        ladder.request_necessity(case, level=4, why="  ", by=staff[0].user, now=NOW)


def test_a_reference_is_asked_only_from_its_rung(case, staff, application, borrower):
    dan = staff[0].user
    contact = accept(application, borrower)

    def ask(purpose="verify_reference", now=NOW):
        fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
        return outreach.ask_contact(case, fresh, purpose=purpose, channel="sms", by=dan, now=now).decision.reason

    assert ask() == "D_NECESSITY_MISSING"
    climb(case, staff, to=4)
    assert ask() == "D_NECESSITY_MISSING"
    agree(case, staff, level=4)
    assert ask("locate_borrower") == "D_TOO_EARLY"
    assert ask() == "A_REFERENCE_OPTED_IN"
    assert ContactDecision.objects.filter(contact=contact).latest("pk").asked_by == dan.subject


def test_a_contact_of_another_affair_is_not_here(case, staff):
    grace = cast.grace(now=NOW)
    hers = stories.draft(grace, amount=4_800_000, term_months=6, now=NOW)
    contact = accept(hers, grace)
    with pytest.raises(UnableToClimb, match="not_here"):
        outreach.ask_contact(case, contact, purpose="verify_reference", channel="sms", by=staff[0].user, now=NOW)


@world
def late_loan(borrower, staff):
    loan = stories.accepted_loan(borrower, reviewer=staff[0], amount=4_800_000, term_months=6, now=NOW)
    Loan.objects.filter(pk=loan.pk).update(days_late=20)
    loan.refresh_from_db()
    return loan


def call(application, dan, *, at, connected=False):
    outcome = outreach.call_borrower(application, by=dan, now=at)
    assert outcome.allowed, outcome.decision.reason
    policy.ended(outcome.message, connected=connected, now=at)


def test_the_borrower_is_unreachable_after_three_calls_on_two_days_and_no_word(late_loan, staff):
    application, dan = late_loan.agreement.offer.application, staff[0].user
    for hours in (0, 1):
        call(application, dan, at=NOW + timedelta(hours=hours))
    assert not outreach.unreachable(application, now=NOW + timedelta(hours=2))
    call(application, dan, at=NOW + timedelta(days=1))
    later = NOW + timedelta(days=1, hours=1)
    assert outreach.unreachable(application, now=later)
    user = cast.alice().user
    with transaction.atomic():
        user.last_login = NOW + timedelta(hours=3)
        user.save(update_fields=["last_login"])
        assert not outreach.unreachable(application, now=later)
        transaction.set_rollback(True)
    assert outreach.unreachable(application, now=later)
    audit.record(actor=user, action="party.switch", target="x", now=NOW + timedelta(hours=3))
    assert not outreach.unreachable(application, now=later), "in a session opened long before, too"


def test_one_evening_is_one_day_wherever_the_platforms_midnight_falls(late_loan, staff):
    application, dan, user = late_loan.agreement.offer.application, staff[0].user, cast.alice().user
    type(user).objects.filter(pk=user.pk).update(time_zone="America/New_York")
    evening = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # five in the afternoon there; in UTC the third call is on the next day
    for minutes in (0, 60, 150):
        call(application, dan, at=evening + timedelta(minutes=minutes))
    assert not outreach.unreachable(application, now=evening + timedelta(hours=4))


def test_finding_the_borrower_end_to_end(late_loan, staff, borrower):
    application, dan = late_loan.agreement.offer.application, staff[0].user
    contact = accept(application, borrower)
    case = ladder.open_case(application, question="reachable", by=dan, now=NOW)
    for days, hours in ((0, 0), (0, 1), (1, 0)):
        call(application, dan, at=NOW + timedelta(days=days, hours=hours))
    climb(case, staff, to=5)
    agree(case, staff, level=5)
    fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    later = NOW + timedelta(days=1, hours=1)
    assert outreach.ask_contact(case, fresh, purpose="locate_borrower", channel="sms", by=dan, now=later).decision.reason == "A_LOCATE_OPTED_IN"
    assert ladder_figures.contacted_loans().get() == late_loan


def test_flags_stop_the_circle_and_are_lifted(case, staff, application, borrower):
    dan = staff[0].user
    contact = accept(application, borrower)
    climb(case, staff, to=4)
    agree(case, staff, level=4)
    ladder.set_flag(application, kind="attorney", by=dan, now=NOW)
    ladder.set_flag(application, kind="attorney", by=dan, now=NOW)
    assert BorrowerFlag.objects.count() == 1
    fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    assert outreach.ask_contact(case, fresh, purpose="verify_reference", channel="sms", by=dan, now=NOW).decision.reason == "D_ATTORNEY"
    assert outreach.call_borrower(application, by=dan, now=NOW).decision.reason == "D_ATTORNEY"
    with pytest.raises(UnableToClimb) as refusal:
        ladder.lift_flag(application, kind="attorney", by=dan, now=NOW)
    assert refusal.value.code == "same_person", "who asks is who was complained about"
    ladder.lift_flag(application, kind="attorney", by=staff[1].user, now=NOW)
    assert outreach.call_borrower(application, by=dan, now=NOW).allowed


def test_invariant_23_a_guarantor_is_one_by_their_own_signature_alone(late_loan):
    """A row somebody else wrote makes nobody a guarantor; the role is on no form of staff."""
    application, bob = late_loan.agreement.offer.application, cast.bob(now=NOW)
    Obligor.objects.create(application=application, party=bob.party, role="guarantor", state="bound", created_at=NOW)
    assert not outreach.signed_guarantee(application, bob.party)
    said = []
    outcome = outreach.remind(application, bob.party, **REMINDER, now=NOW, say=lambda: said.append(1))
    assert (outcome.decision.reason, outcome.decision.role, said) == ("D_NOT_A_GUARANTOR", "guarantor", [])
    assert "guarantor" not in Obligor.Role.values


def test_a_reminder_needs_a_yes_and_a_refused_one_says_nothing(late_loan):
    application, said = late_loan.agreement.offer.application, []
    assert outreach.remind(application, application.party, **REMINDER, now=NOW, say=lambda: said.append("day")).allowed
    night = NOW.replace(hour=15)
    late = outreach.remind(application, application.party, **REMINDER, now=night + timedelta(days=1), say=lambda: said.append("night"))
    assert late.decision.reason == "D_QUIET_HOURS"
    assert said == ["day"]


def test_a_reminder_at_night_waits_for_the_morning_and_is_said_once(late_loan):
    """The end of day runs after midnight; the person reads it after breakfast, each on a yes of its own."""
    application = late_loan.agreement.offer.application
    facts = {"reference": late_loan.reference, "amount": 1, "currency": "CNY", "due_on": "2026-11-20"}
    say = {"template": "loan.late", "key": "loan:late:1", "application": application, "context": facts}
    midnight = NOW.replace(hour=16, minute=10)
    later = remind_obligors(**say, now=midnight)
    assert later.seconds == (8 * 60 - 10) * 60
    assert not Message.objects.filter(template="loan.late").exists()
    morning = midnight + timedelta(seconds=later.seconds)
    assert remind_obligors(**say, now=morning) is None
    assert remind_obligors(**say, now=morning) is None
    assert Message.objects.filter(template="loan.late").count() == 1
    assert [row.decision for row in ContactDecision.objects.filter(purpose="payment_reminder").order_by("pk")] == ["allow"], "her own quiet hours come first"
    ladder.set_flag(application, kind="attorney", by=cast.dan().user, now=NOW)
    assert remind_obligors(**{**say, "key": "loan:late:2"}, now=morning + timedelta(days=1)) is None
    assert Message.objects.filter(template="loan.late").count() == 1


@pytest.mark.parametrize("template", ["loan.late", "loan.defaulted", "case.talking", "case.last_notice", "promise.broken"])
def test_what_a_decision_shows_is_what_was_said_and_its_mail_stands_on_the_same_yes(late_loan, template):
    """One reminder is one message in one transaction: the line in the app, the mail, the yes; and the yes names their very words."""
    application = late_loan.agreement.offer.application
    mail.outbox.clear()
    facts = {"reference": late_loan.reference, "amount": 1, "currency": "CNY", "due_on": "2026-11-20", "promised_amount": 1, "promised_on": "2026-11-20"}
    assert remind_obligors(template=template, key="told:1", application=application, context=facts, now=NOW) is None
    told, sent = Message.objects.get(template=template), OutboundMessage.objects.get()
    assert (sent.channel, sent.template, sent.at, sent.decision.channel, told.mail, told.mailed_at) == ("email", template, NOW, "email", "sent", NOW)
    assert [each.to for each in mail.outbox] == [[told.user.email]]
    assert told.reference in mail.outbox[0].body
    explained = explaining.Explained(sent.decision)
    for language in ("en", "zh-hans"):
        with translation.override(language):
            title = str(catalogue.get(template).title)
            assert explained.words.startswith(title)
            assert "{reference}" in explained.words
    assert not Job.objects.filter(name="mail.send", payload__message=told.pk).exists(), "no mail goes out later on this yes"


def test_a_mail_server_that_is_down_leaves_nothing_said_and_the_next_try_asks_again(late_loan, monkeypatch):
    application = late_loan.agreement.offer.application
    facts = {"reference": late_loan.reference, "amount": 1, "currency": "CNY", "due_on": "2026-11-20"}
    say = {"template": "loan.late", "key": "loan:late:1", "application": application, "context": facts}

    def down(*_args, **_options):
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(EmailMultiAlternatives, "send", down)
        assert remind_obligors(**say, now=NOW).seconds == 15 * 60
    assert not Message.objects.filter(template="loan.late").exists()
    assert not OutboundMessage.objects.exists()
    assert remind_obligors(**say, now=NOW + timedelta(minutes=15)) is None
    assert OutboundMessage.objects.get().decision.at == NOW + timedelta(minutes=15)
    assert Message.objects.get(template="loan.late").mail == "sent"


def test_who_wants_no_mail_is_reminded_in_the_app_alone(late_loan):
    application = late_loan.agreement.offer.application
    mail.outbox.clear()
    (user,) = [membership.user for membership in application.party.memberships.select_related("user")]
    preferences.choose(user=user, mail={"loan": False}, quiet=True, quiet_from=21, quiet_until=8)
    facts = {"reference": late_loan.reference, "amount": 1, "currency": "CNY", "due_on": "2026-11-20"}
    assert remind_obligors(template="loan.late", key="told:1", application=application, context=facts, now=NOW) is None
    assert (OutboundMessage.objects.get().channel, Message.objects.get(template="loan.late").mail, mail.outbox) == ("in_app", "none", [])


# The desk.


def desk_of(member):
    return cast.client_of(member)


def address(case):
    return f"/admin/loans/laddercase/desk/{case.reference}/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_dan_climbs_and_fay_agrees_at_the_desk(case, staff, application, borrower, language):
    dan, fay, _gil = staff
    contact = accept(application, borrower)
    desk = cast.client_of(dan, language=language)
    for level in range(4):
        assert desk.post(address(case), {"act": "record", "level": level, "outcome": "not_enough", "note": "Tried."}).status_code == 302
    desk.post(address(case), {"act": "request", "level": 4, "why": "Nothing else answers it."})
    need = case.necessities.get()
    assert desk.post(address(case), {"act": "approve", "necessity": need.reference}).status_code == 403
    assert "Nothing else answers it." in desk_of(fay).get(address(case)).content.decode()
    desk_of(fay).post(address(case), {"act": "approve", "necessity": need.reference})
    page = desk.get(address(case)).content.decode()
    assert contact.reference in page
    assert "13812345678" not in page
    answered = desk.post(address(case), {"act": "ask", "contact": contact.reference, "purpose": "verify_reference", "channel": "sms"}, follow=True)
    html = answered.content.decode()
    assert ContactDecision.objects.filter(contact=contact).latest("pk").reference in html
    assert AccessLog.objects.filter(page="admin:ladder", subject=application.file.subject).exists()

    fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    message = outreach.ask_contact(case, fresh, purpose="verify_reference", channel="sms", by=dan.user, now=NOW).message
    circle.answer(message, answer={"text": "She moved to her sister."}, now=NOW)
    read = {"act": "read", "message": message.reference}
    assert "her sister" not in desk.post(address(case), read).content.decode(), "not without a reason"
    assert "her sister" in desk.post(address(case), read | {"why": "checking"}).content.decode()
    assert AccessLog.objects.filter(subject=contact.subject, why="checking").exists(), "the contact sees it"
    assert desk_of(fay).post(address(case), read | {"why": "checking"}).status_code == 403, "by who climbs alone"
    assert "her sister" not in desk.get(address(case)).content.decode()


def test_the_desk_tells_what_is_missing(case, staff):
    page = desk_of(staff[0]).post(address(case), {"act": "record", "level": 0, "outcome": "answered", "note": " "}, follow=True)
    assert "write down what was tried" in page.content.decode()
    page = desk_of(staff[0]).post(address(case), {"act": "record", "level": 3, "outcome": "answered", "note": "x"}, follow=True)
    assert "not open" in page.content.decode()


def test_strangers_and_other_staff_stay_outside(case, staff):
    eve = cast.eve(now=NOW)
    assert desk_of(eve).get(address(case)).status_code == 302
    plain = staff[1]
    plain.user.groups.clear()
    assert desk_of(plain).get(address(case)).status_code == 403
    plain.user.user_permissions.add(Permission.objects.get(codename="view_laddercase"))
    assert desk_of(plain).post(address(case), {"act": "record", "level": 0, "outcome": "answered", "note": "x"}).status_code == 403


def test_a_case_is_opened_from_its_application(application, staff):
    desk = desk_of(staff[0])
    where = f"/admin/loans/laddercase/open/{application.reference}/"
    assert desk.get(where).status_code == 200
    assert desk.post(where, {"question": "address"}).status_code == 302
    assert LadderCase.objects.get().question == "address"


def test_the_figures_count_the_highest_rung_and_the_contacted(case, staff, late_loan):
    found = ladder_figures.read()
    assert (found.decided, found.loans, found.loans_with_contact, found.social_contact_rate) == (1, 1, 0, 0.0)
    assert [row.applications for row in found.rows] == [0, 1, 0, 0, 0, 0]
    own = ladder.open_case(late_loan.agreement.offer.application, question="work", by=staff[0].user, now=NOW)
    climb(own, staff, to=3)
    assert [row.applications for row in ladder_figures.read().rows] == [0, 0, 1, 0, 0, 0]
    assert desk_of(staff[0]).get("/admin/loans/laddercase/figures/").status_code == 200


def test_investors_learn_of_the_first_four_rungs_only(case, staff, application):
    climb(case, staff, to=5)
    assert [level for level, _outcome in ladder.steps_for_investors(application)] == [0, 1, 2, 3]


def test_nothing_is_left_in_a_queue(case, staff, application, borrower):
    accept(application, borrower)
    outbox.drain(now=timezone.now())
    assert not OutboundMessage.objects.filter(decision__contact__isnull=False).exists()
