"""Reaching somebody: a fresh yes for each message, limits that hold, the person's own clock, and records nobody can change."""

import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pgtrigger
import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, InternalError, ProgrammingError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import roles
from config.recompute import printed, run_command
from core import outbox
from privacy import asking, circle, consents, decisions, local_time, outreach, outreach_texts, passport, restriction, seals, subjects, texts, vault
from privacy.disclosure import Actor
from privacy.models import Contact, ContactDecision, OutboundMessage
from privacy.outreach import Errand, Facts, Recipient
from tests import cast
from tests.counts import cases

from .circle_world import HANA, Reader, index, invite

# A Tuesday in Shanghai, half past ten, no holiday.
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
FACTS = Facts(dpd=20, necessity_recorded=True, borrower_unreachable=True, guarantee_signed=False, flags=())
REMINDER = Errand(purpose="payment_reminder", channel="sms", template="sign_in_please", params={"link": "https://x.example/"})


@pytest.fixture
def matter(notices, alice):
    return subjects.open_matter(subject=alice, jurisdictions=["CN"], now=NOW, reference="AP-ALICE")


@pytest.fixture
def hana(matter):
    return Reader().accept(invite(matter).token, scopes=["reference", "locate", "relay"])


@pytest.fixture
def agent(dan):
    return Actor("user", dan.pk, "servicer")


def ask(contact, purpose="verify_reference", *, now=NOW, channel="sms", facts=FACTS, agent=None, actor="servicing_agent"):
    fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    return asking.ask(fresh, purpose=purpose, channel=channel, facts=facts, actor=actor, asked_by=agent, now=now)


def borrower(subject, **changes):
    plain = Recipient(subject=subject, role="borrower", relationship="self", jurisdictions=("CN",), zones=("Asia/Shanghai",), region="CN", locale="en")
    return replace(plain, **changes)


def remind(subject, *, now=NOW, **changes):
    return outreach.reach(to=borrower(subject, **changes), errand=REMINDER, facts=replace(FACTS, minor=False), matter=None, now=now)


def test_a_reference_is_asked_and_answers(hana, agent, dan):
    outcome = ask(hana, agent=agent)
    assert outcome.decision.reason == "A_REFERENCE_OPTED_IN"
    assert (outcome.decision.asked_by, outcome.message.result) == (dan, "sent")
    assert [text for text in texts.inbox(index(HANA), now=NOW) if "林悦" in text.body]
    reader = Reader()
    reader.open_own_page()
    html = reader.own_page()
    assert dan.pseudonym in html
    assert "Do you know 林悦?" in html
    reader.post("answer", hana.reference, outcome.message.reference, answer="yes")
    outcome.message.refresh_from_db()
    assert outcome.message.result == "answered"
    assert vault.open_sealed(outcome.message, ("answer",), engine="test", purpose="circle", now=NOW)["answer"] == {"yes": True}
    reader.post("answer", hana.reference, outcome.message.reference, answer="no")
    assert vault.open_sealed(outcome.message, ("answer",), engine="test", purpose="circle", now=NOW)["answer"] == {"yes": True}


def test_after_a_stop_the_next_attempt_is_refused_and_shown(hana, agent):
    reader = Reader()
    reader.open_own_page()
    reader.post("stop")
    outcome = ask(hana, agent=agent)
    assert (outcome.decision.reason, outcome.message) == ("D_DO_NOT_CONTACT", None)
    assert "Refused by rule" in reader.own_page()


def test_invariant_7_after_opt_out_or_erasure_never_again_across_all_loans(matter, bob, hana):
    other = subjects.open_matter(subject=bob, jurisdictions=["CN"], now=NOW)
    second = Reader().accept(invite(other).token, scopes=["reference"])
    assert ask(second).allowed
    circle.stop_number(index(HANA), reason="stopped", now=NOW)
    for contact in (hana, second):
        assert ask(contact, now=NOW + timedelta(days=8)).decision.reason == "D_DO_NOT_CONTACT"
    circle.erase_number(index(HANA), now=NOW)
    for contact in (hana, second):
        with pytest.raises(vault.Erased):
            ask(contact, now=NOW + timedelta(days=8))
    assert OutboundMessage.objects.filter(decision__contact__isnull=False).count() == 1


def test_invariant_8_after_a_withdrawal_no_decision_relies_on_the_consent(hana, alice, matter):
    assert ask(hana).allowed
    consents.withdraw(subject=alice, purpose="circle_reference", matter=matter, locale="en", now=NOW)
    assert ask(hana, now=NOW + timedelta(days=8)).decision.reason == "D_BORROWER_CONSENT_WITHDRAWN"
    invite(matter, scopes=["reference"])
    assert consents.is_given(subject=alice, purpose="circle_reference", matter=matter, now=NOW)
    assert ask(hana, now=NOW + timedelta(days=8)).decision.reason == "D_BORROWER_CONSENT_WITHDRAWN", "a yes for somebody else is none for Hana"
    circle.allow(hana, [], locale="en", now=NOW)
    assert ask(hana, "locate_borrower", now=NOW + timedelta(days=8)).decision.reason == "D_NOT_OPTED_IN"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FACTS, necessity_recorded=None), "D_NECESSITY_MISSING"),
        (replace(FACTS, borrower_unreachable=None), "D_BORROWER_REACHABLE"),
        (replace(FACTS, dpd=None), "D_TOO_EARLY"),
        (replace(FACTS, flags=None), "D_ATTORNEY"),
        (replace(FACTS, guarantee_signed=None), "D_NOT_A_GUARANTOR"),
        (replace(FACTS, dpd=14), "D_TOO_EARLY"),
        (replace(FACTS, flags=("attorney",)), "D_ATTORNEY"),
    ],
)
def test_what_the_app_above_does_not_know_is_a_no(hana, facts, reason):
    outcome = ask(hana, "locate_borrower", facts=facts)
    assert (outcome.decision.reason, outcome.message) == (reason, None)


def test_an_open_complaint_stops_everything(hana, matter, bob):
    theirs, else_where = Reader(number="13700001111"), subjects.open_matter(subject=bob, jurisdictions=["CN"], now=NOW)
    of_bob, beside = Reader().accept(invite(else_where).token, scopes=["reference"]), theirs.accept(invite(else_where).token, scopes=["reference"])
    circle.complain(hana, text="Enough", now=NOW)
    assert ask(hana).decision.reason == "D_COMPLAINT_PENDING"
    assert ask(of_bob).decision.reason == "D_COMPLAINT_PENDING", "the same person, in another affair"
    assert ask(beside).allowed, "somebody else there did not complain"


def test_neither_agency_nor_investor_reaches_a_contact(hana):
    assert ask(hana, actor="external_agency").decision.reason == "D_ACTOR_FORBIDDEN"
    assert ask(hana, actor="investor").decision.reason == "D_ACTOR_FORBIDDEN"


def test_two_attempts_in_seven_days_and_one_conversation(hana):
    assert ask(hana).allowed
    assert ask(hana, "relay_message", now=NOW + timedelta(days=1)).allowed
    assert ask(hana, "locate_borrower", now=NOW + timedelta(days=2)).decision.reason == "D_FREQUENCY_CAP"
    circle.answer(OutboundMessage.objects.filter(purpose="verify_reference").get(), answer={"yes": True}, now=NOW)
    assert ask(hana, now=NOW + timedelta(days=9)).decision.reason == "D_FREQUENCY_CAP"
    later = replace(FACTS, episode_since=NOW + timedelta(days=8))
    assert ask(hana, facts=later, now=NOW + timedelta(days=9)).allowed


def test_a_call_under_way_is_a_conversation_until_it_is_none(hana):
    call = ask(hana, channel="voice")
    assert call.message.result == "under_way"
    assert ask(hana, "relay_message", now=NOW + timedelta(minutes=5)).decision.reason == "D_FREQUENCY_CAP"
    outreach.ended(call.message, connected=False, now=NOW + timedelta(minutes=6))
    assert ask(hana, "relay_message", now=NOW + timedelta(minutes=7)).allowed
    outreach.ended(call.message, connected=True, now=NOW)
    assert OutboundMessage.objects.get(pk=call.message.pk).result == "no_answer"


def test_one_message_a_day_in_the_borrowers_own_day(alice):
    assert remind(alice, now=NOW).allowed
    assert remind(alice, now=NOW + timedelta(hours=6)).decision.reason == "D_FREQUENCY_CAP"
    assert remind(alice, now=NOW + timedelta(days=1)).allowed


def test_the_contacts_own_hours_narrow_the_houses(hana):
    circle.set_hours(hana, hours_from=14 * 60, hours_until=16 * 60, time_zone="")
    assert ask(hana).decision.reason == "D_QUIET_HOURS"
    assert ask(hana, now=NOW.replace(hour=6)).allowed


@pytest.mark.parametrize(
    ("day", "reason"), [(datetime(2026, 10, 1, 4, 0, tzinfo=UTC), "D_HOLIDAY"), (datetime(2026, 11, 23, 16, 30, tzinfo=UTC), "D_QUIET_HOURS")]
)
def test_holidays_and_nights_are_those_of_the_contact(hana, day, reason):
    assert ask(hana, now=day).decision.reason == reason


def test_every_plausible_zone_must_allow(alice):
    """Eleven in New York is eight in Los Angeles; ten is seven."""
    coasts = {"zones": ("America/New_York", "America/Los_Angeles"), "jurisdictions": ("US",), "region": "US"}
    assert remind(alice, now=datetime(2026, 11, 24, 16, 0, tzinfo=UTC), **coasts).allowed
    assert remind(alice, now=datetime(2026, 11, 25, 15, 0, tzinfo=UTC), **coasts).decision.reason == "D_QUIET_HOURS"


@pytest.mark.parametrize("zones", [(), ("Mars/Olympus",), ("Asia/Shanghai", "Mars/Olympus")])
def test_an_unknown_zone_is_a_no(alice, zones):
    assert remind(alice, zones=zones).decision.reason == "D_LOCAL_TIME_UNKNOWN"


@pytest.mark.soak
@settings(max_examples=cases(60, soak=2_000), deadline=None)
@given(
    st.sampled_from(["America/New_York", "Europe/Berlin", "Europe/London", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)),
)
def test_invariant_9_nothing_leaves_in_the_night_across_changes_of_the_clock(zone, moment):
    """At any instant of a year, changes of the clock included: what is allowed is by day where the person is."""
    now = moment.replace(tzinfo=UTC)
    (local,) = local_time.plausible(zones=[zone], region="CN", now=now)
    there = now.astimezone(ZoneInfo(zone))
    assert local.clock == there.strftime("%H:%M")
    request = decisions.as_request(CONTACT_REQUEST | {"local_time": local.clock})
    if decisions.decide_all([request], own_hours=None, on=now.replace(month=11, day=24)).decision.allowed:
        assert 9 <= there.hour < 19


CONTACT_REQUEST = {
    "jurisdictions": ["CN"],
    "role": "contact",
    "relationship": "friend",
    "purpose": "verify_reference",
    "channel": "sms",
    "actor": "system",
    "borrower_consent": "given",
    "contact_state": "opted_in",
    "dpd": 0,
    "necessity_recorded": True,
    "borrower_unreachable": False,
    "minor": False,
    "holiday": False,
    "guarantee_signed": False,
    "reveals": [],
    "flags": [],
    "attempts": {
        "connected_day": 0,
        "attempts_day": 0,
        "attempts_7d": 0,
        "conversations_episode": 0,
        "conversations_lifetime": 0,
        "messages_day": 0,
        "messages_7d": 0,
        "days_since_conversation": None,
    },
}


@pytest.mark.parametrize(
    ("instant", "allowed"),
    [
        ("2026-03-08T12:59:00+00:00", False),  # New York has just gone to summer time: 08:59
        ("2026-03-08T13:00:00+00:00", True),  # 09:00
        ("2026-03-07T13:30:00+00:00", False),  # the day before, still winter: 08:30
        ("2026-11-01T13:30:00+00:00", False),  # back to winter time: 08:30
        ("2026-11-01T14:00:00+00:00", True),  # 09:00
    ],
)
def test_the_clock_changes_and_the_hours_follow(instant, allowed):
    now = datetime.fromisoformat(instant)
    (local,) = local_time.plausible(zones=["America/New_York"], region="US", now=now)
    request = decisions.as_request(CONTACT_REQUEST | {"jurisdictions": ["US"], "local_time": local.clock})
    assert decisions.decide_all([request], own_hours=None, on=now).decision.allowed == allowed


# No message without exactly one fresh yes (invariant 3), held by the database itself.


def yes(subject, **changes):
    return outreach.ask(to=borrower(subject, **changes), errand=REMINDER, facts=replace(FACTS, minor=False), matter=None, now=NOW)


def message_on(decision, **changes):
    values = {"purpose": "payment_reminder", "channel": "sms", "template": "sign_in_please", "subject": decision.subject, "at": NOW} | changes
    with transaction.atomic():
        return OutboundMessage.objects.create(decision=decision, template_version=1, locale="en", params={}, result="sent", **values)


def test_invariant_3_a_message_stands_on_one_fresh_yes(alice, bob):
    decision = yes(alice)
    for wrong in (
        {"at": NOW + timedelta(seconds=61)},
        {"at": NOW - timedelta(seconds=1)},
        {"purpose": "collect_payment"},
        {"channel": "voice"},
        {"template": "payment_reminder"},
        {"subject": bob},
    ):
        with pytest.raises((IntegrityError, InternalError), match="fresh yes"):
            message_on(decision, **wrong)
    message_on(decision)
    with pytest.raises(IntegrityError):
        message_on(decision)


def test_invariant_3_a_no_carries_no_message(alice):
    refused = yes(alice, contact_state="do_not_contact")
    with pytest.raises((IntegrityError, InternalError), match="fresh yes"):
        message_on(refused)
    with pytest.raises(IntegrityError):
        OutboundMessage.objects.create(
            decision=None, subject=alice, purpose="x", channel="sms", template="x", template_version=1, locale="en", params={}, result="sent", at=NOW
        )


def test_invariant_3_a_message_cannot_be_moved_to_another_yes(alice):
    first, second = yes(alice), yes(alice, contact_state="do_not_contact")
    message = message_on(first)
    with pytest.raises((IntegrityError, InternalError), match="fresh yes"), transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk).update(decision=second)


def test_a_yes_that_grew_old_is_not_used(alice):
    decision = yes(alice)
    with pytest.raises(outreach.TooOld):
        outreach.use(decision, errand=REMINDER, locale="en", now=NOW + timedelta(seconds=61))


def test_a_yes_not_yet_used_is_nobody_elses(alice):
    assert yes(alice).decision == "allow"
    assert yes(alice).reason == "D_FREQUENCY_CAP"


@pytest.mark.django_db(transaction=True)
def test_invariant_10_of_two_agents_in_the_same_second_one_is_allowed(django_db_blocker):
    alice = subjects.create("person", now=NOW)
    ready, verdicts = threading.Barrier(4), []

    def agent():
        ready.wait()
        try:
            verdicts.append(remind(alice).decision.reason)
        finally:
            connections.close_all()

    agents = [threading.Thread(target=agent) for _each in range(4)]
    for each in agents:
        each.start()
    for each in agents:
        each.join()
    assert sorted(verdicts) == ["A_SELF", "D_FREQUENCY_CAP", "D_FREQUENCY_CAP", "D_FREQUENCY_CAP"]
    assert OutboundMessage.objects.count() == 1


ROADS_OUT = {
    "stop": lambda contact: circle.stop_number(bytes(contact.number_index), reason="stopped", now=NOW),
    "ticked no more": lambda contact: circle.allow(contact, [], locale="en", now=NOW),
    "complaint": lambda contact: circle.complain(contact, text="Leave me alone.", now=NOW),
    "taken back": lambda contact: circle.take_back(contact.link, now=NOW),
    "withdrawn": lambda contact: consents.withdraw(subject=contact.matter.subject, purpose="circle_reference", matter=contact.matter, locale="en", now=NOW),
    "locked": lambda contact: restriction.restrict(subject=contact.matter.subject, ground="disputed", why="So it is.", by=None, now=NOW),
}


@pytest.mark.django_db(transaction=True)
def test_invariant_8_nothing_leaves_on_a_yes_that_ended_while_it_was_asked(monkeypatch):
    """Each road out, taken in the middle of an ask: either the ask is refused, or the road ends after the text has gone."""
    call_command("publish_notices", verbosity=0)
    asked = _contacts(ROADS_OUT)
    reach, order = outreach.reach, []
    half_way, out = threading.Event(), threading.Event()

    def slowly(**values):
        half_way.set()
        out.wait(0.4)
        outcome = reach(**values)
        order.append("sent" if outcome.allowed else "refused")
        return outcome

    def leave(road, contact):
        half_way.wait()
        try:
            ROADS_OUT[road](contact)
            order.append("out")
            out.set()
        finally:
            connections.close_all()

    monkeypatch.setattr(outreach, "reach", slowly)
    found = {}
    for road, contact in asked.items():
        for each in (order, half_way, out):
            each.clear()
        leaver = threading.Thread(target=leave, args=(road, contact))
        leaver.start()
        ask(contact)
        leaver.join()
        found[road] = list(order)
    assert found == {road: ["sent", "out"] for road in ROADS_OUT}


def _contacts(roads):
    """One borrower and one contact for each road."""
    made = {}
    for serial, road in enumerate(roads):
        matter = subjects.open_matter(subject=subjects.create("person", now=NOW), jurisdictions=["CN"], now=NOW)
        made[road] = Reader(f"1390000{7000 + serial}").accept(invite(matter).token, scopes=["reference"])
    return made


# What was decided stays, and can be decided again.


def test_a_decision_is_never_changed(alice):
    decision = yes(alice)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        ContactDecision.objects.filter(pk=decision.pk).update(decision="deny")
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        decision.delete()


def test_invariant_12_one_flipped_byte_in_a_decision_is_found(alice):
    yes(alice)
    seals.seal_segments(now=NOW)
    assert seals.check_segments(now=NOW) == []
    with pgtrigger.ignore("privacy.ContactDecision:decision_append_only"), connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_contactdecision SET asked = set_byte(asked, 40, get_byte(asked, 40) # 1)")
    assert [(finding.stream, finding.what) for finding in seals.check_segments(now=NOW)] == [("decision", "a row was changed")]


@pytest.mark.parametrize("changes", [{}, {"contact_state": "do_not_contact"}, {"zones": ("Asia/Shanghai", "America/New_York")}])
def test_a_kept_decision_is_printed_again_byte_for_byte(alice, changes):
    decision = yes(alice, **changes)
    names = ("decision", "reason", "basis", "citation", "pack", "secondary")
    kept = printed({name: getattr(decision, name) or (None if name == "pack" else getattr(decision, name)) for name in names})
    out, err = io.StringIO(), io.StringIO()
    assert run_command(["contact", "--stored", decision.reference], stdin=io.StringIO(), stdout=out, stderr=err) == 0
    assert out.getvalue() == kept
    vault.erase(alice, now=NOW)
    out = io.StringIO()
    run_command(["contact", "--stored", decision.reference], stdin=io.StringIO(), stdout=out, stderr=err)
    assert json.loads(out.getvalue()) == {"erased": "2026-11-24"}


def test_no_such_decision(db):
    err = io.StringIO()
    assert run_command(["contact", "--stored", "DN-00000000"], stdin=io.StringIO(), stdout=io.StringIO(), stderr=err) == 2
    assert "no contact decision" in err.getvalue()


def test_own_hours_are_part_of_what_is_kept(hana):
    circle.set_hours(hana, hours_from=14 * 60, hours_until=16 * 60, time_zone="")
    refused = ask(hana).decision
    assert decisions.again(refused.reference, now=NOW)["reason"] == "D_QUIET_HOURS"


# The fixed texts.


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "Please ask {name} about the loan."),
        ("en", "{name} is OVERDUE."),
        ("zh-hans", "请转告{name}尽快还款。"),
        ("zh-hans", "{name}欠我们。"),
        ("en", "Tell {name} to pay, please."),
    ],
)
def test_a_text_with_a_debt_word_towards_a_contact_is_refused(locale, text):
    body = {"version": 1, "roles": ["contact"], "purposes": ["relay_message"], "channels": ["sms"], "reveals": [], "zh-hans": "好", "en": "Fine."}
    outreach_texts.read("x", body)
    with pytest.raises(outreach_texts.TemplateRevealsDebt):
        outreach_texts.read("x", body | {locale: text})
    outreach_texts.read("x", body | {locale: text, "roles": ["borrower"], "purposes": ["payment_reminder"]})
    with pytest.raises(outreach_texts.TemplateRevealsDebt):
        outreach_texts.read("x", body | {"reveals": ["debt"]})


@pytest.mark.parametrize("change", [{"en": ""}, {"roles": ["neighbor"]}, {"channels": ["fax"]}, {"en": "Hello {iban}"}, {"extra": 1}, {"version": "1"}])
def test_a_text_that_is_not_whole_is_refused(change):
    body = {"version": 1, "roles": ["contact"], "purposes": ["relay_message"], "channels": ["sms"], "reveals": [], "zh-hans": "好", "en": "Fine."}
    with pytest.raises(outreach_texts.BrokenTemplate):
        outreach_texts.read("x", body | change)


def test_every_text_is_there_in_both_languages_and_fits_its_purpose():
    for template in outreach_texts.templates().values():
        assert set(template.texts) == {"zh-hans", "en"}
        assert template.version >= 1
    assert set(asking.TEXTS.values()) <= set(outreach_texts.templates())


def test_a_text_for_one_purpose_serves_no_other(alice):
    with pytest.raises(outreach.DoesNotFit):
        outreach.reach(to=borrower(alice), errand=replace(REMINDER, template="relay_request"), facts=FACTS, matter=None, now=NOW)


def test_nothing_about_a_contact_is_in_a_queue_or_open_in_a_table(hana, agent):
    ask(hana, agent=agent)
    outbox.drain(now=NOW)
    from core.models import Job

    for row in [*Job.objects.values(), *ContactDecision.objects.values(), *OutboundMessage.objects.values()]:
        assert not any(word in str(row) for word in ("13812345678", "林悦", "花"))


# Explained, to the person concerned and to staff.


@pytest.mark.parametrize(("language", "word"), [("en", "house rule"), ("zh-hans", "平台自身规则")])
def test_the_person_concerned_reads_why(language, word, db):
    member = cast.alice()
    decision = remind(member.user.subject, now=NOW.replace(hour=12, minute=30), contact_state="n/a").decision
    assert decision.reason == "A_SELF"
    refused = remind(member.user.subject, now=NOW.replace(hour=13, minute=30)).decision
    assert refused.reason == "D_QUIET_HOURS"
    browser = cast.client_of(member, language=language)
    listed = browser.get("/privacy/attempts/").content.decode()
    assert refused.reference in listed
    assert decision.reference in listed
    page = browser.get(f"/privacy/decisions/{refused.reference}/").content.decode()
    assert word in page
    assert f"recompute contact --stored {refused.reference}" in page


def test_a_stranger_finds_no_decision_and_staff_who_may_look_does(db):
    decision = remind(cast.alice().user.subject).decision
    address = f"/privacy/decisions/{decision.reference}/"
    assert cast.client_of(cast.eve()).get(address).status_code == 404
    assert Client().get(address).status_code == 404
    roles.ensure()
    servicer = cast.dan()
    servicer.user.groups.add(Group.objects.get(name=roles.SERVICER))
    assert cast.client_of(servicer).get(address).status_code == 200


def test_a_contact_reads_their_own_decision(hana):
    decision = ask(hana).decision
    reader = Reader()
    assert reader.client.get(f"/privacy/decisions/{decision.reference}/").status_code == 404
    reader.open_own_page()
    assert reader.client.get(f"/privacy/decisions/{decision.reference}/").status_code == 200


def test_staff_see_contacts_without_name_or_number_and_set_nothing(hana):
    roles.ensure()
    officer = cast.dan()
    officer.user.groups.set(Group.objects.filter(name=roles.PRIVACY))
    desk = cast.client_of(officer)
    made = circle.complain(hana, text="Enough questions", now=NOW)
    ask(hana)
    for page in ("contact/", f"contact/{hana.pk}/change/", "contactlink/", "contactdecision/", "outboundmessage/", "complaint/"):
        html = desk.get(f"/admin/privacy/{page}").content.decode()
        assert not any(word in html for word in ("13812345678", "花", "林悦", "Enough questions"))
    assert desk.post(f"/admin/privacy/contact/{hana.pk}/change/", {"state": "opted_in"}).status_code == 403
    assert desk.get("/admin/privacy/contact/add/").status_code == 403
    assert desk.get("/admin/privacy/suppression/").status_code == 404
    complaint = f"/admin/privacy/complaint/desk/{made.reference}/"
    assert "Enough questions" in desk.get(complaint).content.decode()
    assert desk.post(complaint, {"answer": " "}).status_code == 422, "a person replies"
    assert circle.open_complaints(hana)
    desk.post(complaint, {"answer": "You are asked no more."})
    assert not circle.open_complaints(hana)
    assert "You are asked no more." in desk.get(complaint).content.decode()
    (told,) = passport.affair(hana, now=NOW).answered
    assert (told.reference, told.answer) == (made.reference, "You are asked no more.")
    assert passport.export(hana, now=NOW)["complaints"][0]["answer"] == "You are asked no more."


@pytest.mark.parametrize(("end", "reason"), [("erased", "D_BORROWER_CONSENT_WITHDRAWN"), ("locked", "D_DO_NOT_CONTACT")])
def test_a_contact_keeps_page_and_rights_when_the_borrowers_data_is_gone(end, reason, hana, alice, dan):
    """The name is no longer shown, the refused attempt is, and the buttons stay; another affair of the same number is not touched."""
    if end == "erased":
        vault.erase(alice, now=NOW)
    else:
        restriction.restrict(subject=alice, ground=restriction.LEGAL_HOLD, why="Order.", by=dan, now=NOW)
    assert ask(hana).decision.reason == reason
    browser = Reader()
    browser.open_own_page()
    page = browser.get("passport")
    assert (page.status_code, "Somebody who named you" in page.content.decode()) == (200, True)
    assert reverse("circle:stop") in page.content.decode()
