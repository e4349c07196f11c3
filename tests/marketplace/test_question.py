"""A question about a listing: without names from end to end, read by staff twice, answered by the borrower alone."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from core import business_day, outbox
from core.states import IllegalMove
from marketplace import question as asking
from marketplace.models import Listing, Question
from notifications.models import Message
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing():
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    bob(now=now), carol(now=now), eve(now=now)
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=1_000_000, term_months=6, now=now)
    return Listing.objects.get(loan=loan)


def send(member, address, text, **more):
    data = {"text": text, "idempotency_key": uuid.uuid4().hex} | more
    return client_of(member).post(address, data)


def page(member, listing, **more):
    return client_of(member, **more).get(f"/market/{listing.reference}/").content.decode()


def desk(question, what):
    """Dan reads it at the desk, then decides."""
    client = client_of(dan())
    shown = client.get(reverse("admin:marketplace_question_change", args=[question.pk])).content.decode()
    assert client.post(reverse("admin:marketplace_question_act", args=[question.pk]), {"act": what}).status_code == 302
    return shown


def test_from_a_question_to_its_public_answer(listing):
    ask = f"/market/{listing.reference}/ask/"
    assert send(bob(), ask, "How many ovens does the bakery have now?").status_code == 302
    question = Question.objects.get()
    assert "How many ovens" not in page(carol(), listing), "nobody reads it before staff do"
    assert "How many ovens" not in client_of(alice()).get("/questions/").content.decode()
    assert "How many ovens" in desk(question, "let_through")
    outbox.drain(now=timezone.now())
    assert Message.objects.filter(template="question.open").exists()
    assert "How many ovens" in client_of(alice()).get("/questions/").content.decode()
    answer = f"/questions/{question.reference}/answer/"
    assert send(carol(), answer, "", **{f"{question.reference}-text": "Two."}).status_code in (302, 404), "it is not theirs to answer"
    assert send(alice(), answer, "", **{f"{question.reference}-text": "One, and it is full by ten."}).status_code == 302
    assert "full by ten" not in page(carol(), listing)
    question.refresh_from_db()
    assert "full by ten" in desk(question, "let_through")
    shown = page(carol(), listing)
    assert "How many ovens" in shown
    assert "full by ten" in shown
    for who in (bob(), alice()):
        assert who.user.pseudonym not in shown
        assert who.party.reference not in shown
    assert "问与答" in page(carol(), listing, language="zh-hans")


@pytest.mark.parametrize("text", ["Call me on 13912345678", "write to bob@example.com", "Is this 林悦?", "13800138000?"])
def test_what_would_tell_who_somebody_is_stays_out(listing, text):
    answer = send(bob(), f"/market/{listing.reference}/ask/", text)
    assert answer.status_code == 422
    assert "may tell who somebody is" in answer.content.decode()
    assert not Question.objects.exists()


def test_held_back_and_asked_too_often(listing):
    now = timezone.now()
    made = [asking.ask(listing, party=bob().party, by=bob().user, text=f"Is it open {word}?", language="en", now=now) for word in ("early", "late", "today")]
    with pytest.raises(asking.UnableToAsk) as error:
        asking.ask(listing, party=bob().party, by=bob().user, text="And tomorrow?", language="en", now=now)
    assert error.value.code == "too_many"
    asking.hold_back(made[0], by=dan().user, now=now)
    with pytest.raises(IllegalMove):
        asking.let_through(made[0], by=dan().user, now=now)
    asking.let_through(made[1], by=dan().user, now=now)
    made[1].refresh_from_db()
    asking.answer(made[1], by=alice().user, text="From six.", language="en", now=now)
    made[1].refresh_from_db()
    asking.hold_back(made[1], by=dan().user, now=now)
    made[1].refresh_from_db()
    assert made[1].state == "open", "the borrower may write another"
    assert "From six" not in page(carol(), listing)
