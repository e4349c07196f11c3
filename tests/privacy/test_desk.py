"""The rights desk: each right makes its round, with a clock, an answer and an appeal; an erasure is done or refused with reasons."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from privacy import clocks, desk, disclosure, rights, subjects
from privacy.models import DataSubject, RightsRequest
from tests import cast

pytestmark = pytest.mark.usefixtures("notices")
WORDS = ["access", "correct", "explain", "human_review", "complain"]


def ask(subject, kind, *, now, message="Please.", **values):
    return desk.receive(subject=subject, kind=kind, message=message, locale="en", now=now, **values)


def words_of(asked, now):
    actor = disclosure.Actor(kind="user", subject_id=asked.subject_id, role="self")
    return disclosure.reveal(asked, ["message", "answer"], actor=actor, purpose="rights", page="test", now=now)


@pytest.mark.parametrize("kind", WORDS)
def test_a_request_is_taken_answered_and_read(kind, alice, dan, now):
    asked = ask(alice, kind, now=now)
    assert (asked.state, asked.due_at) == ("received", now + timedelta(days=15))
    assert list(desk.queue()) == [asked]
    desk.take(asked, handler=dan, now=now)
    desk.answer(asked, text="Here is why.", handler=dan, now=now)
    assert asked.state == "answered"
    assert words_of(asked, now) == {"message": "Please.", "answer": "Here is why."}
    assert not desk.queue().exists()


def test_the_clock_is_the_shortest_of_the_places_a_person_has_affairs_in(alice, now):
    subjects.open_matter(subject=alice, jurisdictions=["CN", "KE"], now=now)
    assert ask(alice, "access", now=now).due_at == now + timedelta(days=7)
    assert clocks.answer_due([], received_at=now) == clocks.answer_due(["XX"], received_at=now)


def test_an_appeal_runs_by_the_strictest_of_those_places_too(alice, dan, now):
    """The place that comes first by its letters is not the one that is owed an answer first."""
    subjects.open_matter(subject=alice, jurisdictions=["CN", "KE"], now=now)
    asked = ask(alice, "correct", now=now)
    desk.refuse(asked, text="The register says so.", reasons=["other"], handler=dan, now=now)
    desk.appeal(asked, now=now)
    assert asked.due_at == now + timedelta(days=7)


def test_a_refusal_names_reasons_and_can_be_appealed_once_to_somebody_else(alice, dan, bob, now):
    asked = ask(alice, "correct", now=now)
    with pytest.raises(desk.UnableToAsk) as caught:
        desk.refuse(asked, text="No.", reasons=[], handler=dan, now=now)
    assert caught.value.code == "no_reason"
    desk.refuse(asked, text="The register says so.", reasons=["other"], handler=dan, now=now)
    assert asked.reasons == ["other"]
    later = now + timedelta(days=3)
    desk.appeal(asked, now=later)
    assert (asked.state, asked.answered_at, asked.due_at) == ("in_progress", None, later + timedelta(days=15))
    with pytest.raises(desk.UnableToAsk) as caught:
        desk.answer(asked, text="Still no.", handler=dan, now=later)
    assert caught.value.code == "same_handler"
    desk.answer(asked, text="You were right.", handler=bob, now=later)
    with pytest.raises(desk.UnableToAsk) as caught:
        desk.appeal(asked, now=later)
    assert caught.value.code == "no_appeal"


def test_nobody_answers_their_own_and_nothing_is_asked_twice(alice, now):
    asked = ask(alice, "complain", now=now)
    with pytest.raises(desk.UnableToAsk):
        desk.answer(asked, text="I am right.", handler=alice, now=now)
    with pytest.raises(desk.UnableToAsk) as caught:
        ask(alice, "complain", now=now)
    assert caught.value.code == "already_open"
    desk.withdraw(asked, now=now)
    assert ask(alice, "complain", now=now).state == "received"


def test_a_copy_is_answered_at_once(alice, now):
    assert ask(alice, "copy", now=now, message="").state == "answered"


def test_an_erasure_nothing_holds_is_done_at_once(alice, now):
    asked = ask(alice, "erase", now=now, message="")
    assert asked.state == "answered"
    assert DataSubject.objects.get(pk=alice.pk).erased_at == now
    with pytest.raises(desk.UnableToAsk):
        ask(alice, "access", now=now)


def test_an_erasure_that_something_holds_is_refused_in_words(alice, now, monkeypatch):
    monkeypatch.setitem(rights._holdings, "loans", rights.Holding(export=dict, erase=lambda **_: None, holds=lambda **_: ["open_loan", "unheard_of"]))
    asked = ask(alice, "erase", now=now, message="")
    assert (asked.state, asked.reasons) == ("refused", ["open_loan", "unheard_of"])
    with translation.override("en"):
        first, second = desk.hold_words(asked.reasons)
    assert "loan" in first
    assert "unheard_of" not in second
    assert DataSubject.objects.get(pk=alice.pk).erased_at is None


def test_money_in_the_wallet_holds_an_erasure_back(db, now):
    from tests import stories

    bob = cast.bob()
    assert rights.holds(bob.user.subject) == []
    stories.pay_in(bob, 5_000_00, now=now)
    assert "wallet_not_empty" in rights.holds(bob.user.subject)


def test_the_database_wants_reasons_and_moments(alice, now):
    asked = ask(alice, "access", now=now)
    for change in ({"state": "refused", "answered_at": now}, {"answered_at": now}, {"due_at": now}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RightsRequest.objects.filter(pk=asked.pk).update(**change)


@pytest.fixture
def member(db):
    return cast.alice()


@pytest.mark.parametrize(("language", "title"), [("en", "Your rights"), ("zh-hans", "您的权利")])
def test_the_pages_make_the_round(member, language, title):
    browser = cast.client_of(member, language=language)
    assert title in browser.get(reverse("privacy:requests")).content.decode()
    page = browser.get(reverse("privacy:ask", args=["correct"]))
    key = page.content.decode().split('name="idempotency_key" value="')[1].split('"')[0]
    empty = browser.post(reverse("privacy:ask", args=["correct"]), {"idempotency_key": key})
    assert empty.status_code == 422
    sent = browser.post(reverse("privacy:ask", args=["correct"]), {"idempotency_key": key, "message": "My street changed <b>"})
    asked = RightsRequest.objects.get()
    assert sent.url == reverse("privacy:request", args=[asked.reference])
    shown = browser.get(sent.url).content.decode()
    assert "My street changed &lt;b&gt;" in shown
    assert asked.reference in browser.get(reverse("privacy:requests")).content.decode()


def test_a_strangers_request_is_not_there(member, alice, now):
    asked = ask(alice, "access", now=now)
    browser = cast.client_of(member)
    assert browser.get(reverse("privacy:request", args=[asked.reference])).status_code == 404
    for name in ("appeal", "take_back"):
        assert browser.post(reverse(f"privacy:{name}", args=[asked.reference]), {"idempotency_key": "k" * 12}).status_code == 404
    assert browser.get(reverse("privacy:ask", args=["nothing"])).status_code == 404


def test_erasing_oneself_asks_who_is_there_and_closes_the_account(member, django_capture_on_commit_callbacks):
    browser = cast.client_of(member)
    address = reverse("privacy:ask_erase")
    assert browser.get(address).status_code == 302  # to the page that asks again
    cast.prove(browser, member)
    sure = {"idempotency_key": "erase-me-please", "sure": "on"}
    assert browser.post(address, {"idempotency_key": "erase-me-please"}).status_code == 422
    assert browser.post(address, sure).status_code == 302
    member.user.refresh_from_db()
    assert not member.user.is_active
    assert browser.get(reverse("privacy:requests")).status_code == 302


def test_staff_see_the_words_and_the_person_sees_that(member, now):
    dan = cast.dan()
    dan.user.is_superuser = True
    dan.user.save(update_fields=["is_superuser"])
    asked = ask(member.user.subject, "explain", now=timezone.now(), message="Why grade C?")
    browser = cast.client_of(dan)
    address = reverse("admin:privacy_rightsrequest_desk", args=[asked.reference])
    assert "Why grade C?" in browser.get(address).content.decode()
    assert any(look.page == "admin.privacy.desk" for look in disclosure.who_looked(member.user.subject))
    done = browser.post(address, {"idempotency_key": "answer-0001", "verdict": "answer", "text": "Because of the debts."})
    assert done.status_code == 302, done.content.decode()[:2000]
    asked.refresh_from_db()
    assert asked.state == "answered"
    assert asked.handler == dan.user.subject


def test_what_a_request_is_about_is_sealed_as_well(alice, now):
    asked = ask(alice, "explain", about="王小明的申请 13800138000", now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM privacy_rightsrequest r")
        (row,) = cursor.fetchone()
    assert "13800138000" not in row
    assert RightsRequest.objects.get().about == asked.about
    with pytest.raises(desk.UnableToAsk):
        ask(alice, "explain", about=asked.about, now=now)
    assert ask(alice, "explain", about="AP-2", now=now)
