"""A question about a listing: without names from end to end, read by staff twice, answered by the borrower alone."""

import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from core import business_day, outbox
from marketplace import personal_data
from marketplace import question as asking
from marketplace.models import Listing, Question
from notifications.models import Message
from privacy.shown import FORMAT
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
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


SEEN = re.compile(r'name="seen" value="([0-9a-f]{20})"')


def desk(question, what):
    """Dan reads it at the desk, then decides."""
    client, shown = client_of(dan()), opened(question)
    data = {"act": what, "seen": SEEN.search(shown)[1]}
    assert client.post(reverse("admin:marketplace_question_act", args=[question.pk]), data).status_code == 302
    return shown


def opened(question, member=None):
    return client_of(member or dan()).get(reverse("admin:marketplace_question_change", args=[question.pk])).content.decode()


def decided(act, question):
    """Read by Dan and decided at once."""
    question.refresh_from_db()
    act(question, seen=asking.read(question, by=dan().user, page="admin:question", now=timezone.now()).seen, by=dan().user, now=timezone.now())
    question.refresh_from_db()


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
    assert 'href="/questions/"' in client_of(alice()).get("/applications/").content.decode(), "where its reader looks"
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
    mine, hers = (personal_data.export(subject=who.user.subject, now=timezone.now()) for who in (bob(), alice()))
    assert [one["text"] for one in mine["questions"]] == ["How many ovens does the bakery have now?"]
    assert [one["answer"] for one in hers["questions_answered"]] == ["One, and it is full by ten."]
    assert Question.objects.get().__dict__["shown_answer"].ciphertext[:1] == FORMAT, "sealed where it lies"


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
    decided(asking.hold_back, made[0])
    with pytest.raises(asking.ChangedMeanwhile):
        decided(asking.let_through, made[0])
    decided(asking.let_through, made[1])
    asking.answer(made[1], by=alice().user, text="From six.", language="en", now=now)
    decided(asking.hold_back, made[1])
    assert made[1].state == "open", "the borrower may write another"
    assert "From six" not in page(carol(), listing)


def test_an_asker_learns_nothing_from_a_refusal(listing):
    """A guessed name is kept like any other words, and the desk is told that it is one; the borrower's own words may not say it either."""
    guess = "Is the baker 林 悦 by any chance?"
    asked = [asking.ask(listing, party=bob().party, by=bob().user, text=text, language="en", now=timezone.now()) for text in (guess, guess.replace("林", "李"))]
    marks = ["of those bound by the loan" in opened(one) for one in asked]
    assert marks == [True, False]
    decided(asking.let_through, asked[1])
    with pytest.raises(asking.UnableToAsk) as error:
        asking.answer(asked[1], by=alice().user, text="No, 林 悦.", language="en", now=timezone.now())
    assert error.value.code == "personal"


def test_only_words_that_were_read_are_let_through(listing):
    """Dan's page is old: the first answer was held back meanwhile and another written. He is shown that one, and nothing is public."""
    question = asking.ask(listing, party=bob().party, by=bob().user, text="Is it open late?", language="en", now=timezone.now())
    decided(asking.let_through, question)
    asking.answer(question, by=alice().user, text="From six.", language="en", now=timezone.now())
    old = SEEN.search(opened(question))[1]
    decided(asking.hold_back, question)
    asking.answer(question, by=alice().user, text="From seven.", language="en", now=timezone.now())
    act = reverse("admin:marketplace_question_act", args=[question.pk])
    again = client_of(dan()).post(act, {"act": "let_through", "seen": old})
    assert (again.status_code, "From seven." in again.content.decode()) == (409, True)
    question.refresh_from_db()
    assert question.state == "answered"
    assert client_of(dan()).post(act, {"act": "let_through", "seen": SEEN.search(again.content.decode())[1]}).status_code == 302


@pytest.mark.parametrize("side", ["asks", "answers"])
def test_whoever_belongs_to_a_side_does_not_moderate(listing, side):
    question = asking.ask(listing, party=bob().party, by=bob().user, text="Is it open late?", language="en", now=timezone.now())
    seen = asking.read(question, by=dan().user, page="admin:question", now=timezone.now()).seen
    party = bob().party if side == "asks" else alice().party
    Membership.objects.create(user=dan().user, party=party, role="view", created_at=timezone.now())
    assert "Is it open late?" not in opened(question)
    act = reverse("admin:marketplace_question_act", args=[question.pk])
    refused = client_of(dan()).post(act, {"act": "let_through", "seen": seen})
    assert (refused.status_code, "Somebody else has to read it" in refused.content.decode()) == (409, True)
    question.refresh_from_db()
    assert question.state == "asked"


@pytest.mark.parametrize("named", ["none", "0", "9" * 30, "%C2%B2"])
def test_no_such_question(db, named):
    dan(now=timezone.now())
    assert client_of(dan()).post(f"/admin/marketplace/question/{named}/act/", {"act": "let_through"}).status_code == 404
