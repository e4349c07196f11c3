"""The person's own page, as Alice uses it; strangers get nothing; notices are for everybody."""

import json
from html import escape
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from privacy import consents, disclosure, receipts, subjects
from privacy import notices as published
from privacy.disclosure import Actor
from privacy.models import AccessLog, Consent
from tests import cast

from .test_notices import changed

pytestmark = pytest.mark.usefixtures("notices")


@pytest.fixture
def member(db):
    return cast.alice()


@pytest.fixture
def subject(member):
    return member.user.subject


@pytest.fixture(params=["en", "zh-hans"])
def browser_of(request, member):
    return cast.client_of(member, language=request.param)


@pytest.fixture
def client(member):
    return cast.client_of(member)


@pytest.fixture
def matter(subject, now):
    return subjects.open_matter(subject=subject, jurisdictions=["CN"], now=now, reference="AP-7K3F9Q2M")


def key():
    return {"idempotency_key": uuid4().hex}


def answer(client, purpose, value, **data):
    return client.post(reverse("privacy:consent", args=[purpose]), {"answer": value, **key(), **data})


def test_the_page_shows_lines_looks_and_figures_in_both_languages(browser_of, subject, say, dan, now, matter):
    say(subject, "application", matter=matter)
    disclosure.note([subject.pk], kinds_seen=["name"], actor=Actor("user", dan.pk, "reviewer"), purpose="review", page="p", now=now)
    page = browser_of.get(reverse("privacy:centre"))
    assert page.status_code == 200
    html = page.content.decode()
    assert dan.pseudonym in html
    assert "AP-7K3F9Q2M" in html
    assert subject.pseudonym in html
    assert "no-store" in page["Cache-Control"]
    assert subject.consents.get(purpose="application").receipt_id in html


def test_giving_and_withdrawing_and_giving_again(client, subject):
    def given():
        return consents.is_given(subject=subject, purpose="marketing", now=timezone.now())

    assert answer(client, "marketing", "yes:1").status_code == 302
    assert given()
    assert client.post(reverse("privacy:withdraw", args=["marketing"]), key()).status_code == 302
    assert not given()
    answer(client, "marketing", "yes:1")
    assert given()
    answer(client, "marketing", "no:1")
    assert not given()


def test_the_screen_of_one_consent_has_nothing_chosen_and_wants_an_answer(browser_of, subject):
    before = Consent.objects.filter(subject=subject).count()
    page = browser_of.get(reverse("privacy:consent", args=["marketing"])).content.decode()
    assert page.count('type="radio"') == 2
    assert "checked" not in page
    again = answer(browser_of, "marketing", "")
    assert again.status_code == 200
    assert 'aria-invalid="true"' in again.content.decode() or "errsum" in again.content.decode()
    assert Consent.objects.filter(subject=subject).count() == before


def test_sending_a_form_twice_answers_once(client, subject):
    before = Consent.objects.filter(subject=subject).count()
    body = {"answer": "yes:1", **key()}
    for _ in range(2):
        assert client.post(reverse("privacy:consent", args=["marketing"]), body).status_code == 302
    assert Consent.objects.filter(subject=subject).count() == before + 1


def test_an_answer_to_a_page_that_has_changed_is_not_taken(client, subject, now):
    published.publish("marketing", texts=changed("marketing", impact_text="Rarely."), now=now)
    assert answer(client, "marketing", "yes:1").status_code == 200
    assert not consents.is_given(subject=subject, purpose="marketing", now=timezone.now())


def test_nothing_to_withdraw_is_said(client, subject):
    before = Consent.objects.filter(subject=subject).count()
    page = client.post(reverse("privacy:withdraw", args=["marketing"]), key(), follow=True)
    assert page.status_code == 200
    assert Consent.objects.filter(subject=subject).count() == before


def test_consents_of_an_affair_stay_in_it(client, subject, say, matter):
    say(subject, "application", matter=matter)
    assert client.post(reverse("privacy:withdraw", args=["application"]), {"matter": matter.pk, **key()}).status_code == 302
    assert not consents.is_given(subject=subject, purpose="application", matter=matter, now=timezone.now())


@pytest.mark.parametrize("purpose", ["account", "servicing", "gossip"])
def test_what_is_no_consent_is_not_answered_here(client, purpose):
    assert client.get(reverse("privacy:consent", args=[purpose])).status_code == 404
    assert client.post(reverse("privacy:withdraw", args=[purpose]), key()).status_code == 404


@pytest.mark.parametrize("matter_id", ["", "x", "00000000-0000-0000-0000-000000000001"])
def test_an_affair_that_is_not_yours_is_not_there(client, matter_id):
    assert client.get(reverse("privacy:consent", args=["application"]), {"matter": matter_id}).status_code == 404


def test_another_persons_affair_and_receipt_are_not_there(say, subject, matter):
    consent = say(subject, "marketing")
    eve = cast.client_of(cast.eve())
    assert eve.get(reverse("privacy:receipt", args=[consent.receipt_id])).status_code == 404
    assert eve.get(reverse("privacy:consent", args=["application"]), {"matter": matter.pk}).status_code == 404
    assert eve.post(reverse("privacy:withdraw", args=["application"]), {"matter": matter.pk, **key()}).status_code == 404


def test_a_receipt_downloads_and_verifies(client, say, subject):
    consent = say(subject, "marketing")
    reply = client.get(reverse("privacy:receipt", args=[consent.receipt_id]))
    assert reply["Content-Disposition"] == f'attachment; filename="{consent.receipt_id}.json"'
    assert receipts.verify(json.loads(reply.content))


def test_the_export_holds_the_person_and_is_logged(client, member, subject, say):
    say(subject, "marketing")
    before = AccessLog.objects.filter(subject=subject).count()
    copy = json.loads(client.get(reverse("privacy:export")).content)
    assert copy["pseudonym"] == subject.pseudonym
    assert copy["privacy"]["consents"]
    assert AccessLog.objects.filter(subject=subject).count() > before
    assert disclosure.who_looked(subject) == []


@pytest.mark.parametrize("name", ["centre", "looks", "export"])
def test_a_stranger_signs_in_first(name):
    reply = Client().get(reverse(f"privacy:{name}"))
    assert reply.status_code == 302
    assert "next=" in reply["Location"]


@pytest.mark.parametrize("name", ["centre", "looks", "export"])
def test_own_pages_are_read_only_by_get(client, name):
    assert client.post(reverse(f"privacy:{name}")).status_code == 405


def test_withdrawing_needs_the_token(member):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(reverse("privacy:withdraw", args=["marketing"]), key()).status_code == 403


@pytest.mark.parametrize("code", published.codes())
@pytest.mark.parametrize("locale", ["en", "zh-hans"])
def test_notices_are_public_in_both_languages_with_their_versions(code, locale, now):
    published.publish(code, texts=changed(code, impact_text="New words."), now=now)
    everybody = Client()
    newest = everybody.get(reverse("privacy:notice", args=[code]), {"locale": locale}).content.decode()
    oldest = everybody.get(reverse("privacy:notice", args=[code]), {"locale": locale, "version": 1}).content.decode()
    body = published.compiled(code)[locale]
    assert "New words." in newest
    assert "New words." not in oldest
    for name in ("title", "controller", "methods", "retention", "necessity_text"):
        assert escape(body[name]) in oldest


def test_the_list_of_notices_and_unknown_ones():
    everybody = Client()
    assert everybody.get(reverse("privacy:notices")).status_code == 200
    assert everybody.get(reverse("privacy:notice", args=["gossip"])).status_code == 404
    assert everybody.get(reverse("privacy:notice", args=["account"]), {"version": "9"}).status_code == 404
    assert everybody.get(reverse("privacy:notice", args=["account"]), {"version": "x' or 1"}).status_code == 404


def test_anybody_may_have_the_public_key():
    assert json.loads(Client().get(reverse("privacy:key")).content)["algorithm"] == "Ed25519"
