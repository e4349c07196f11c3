"""The borrower's page about their circle: nobody needed, no number typed, accepted or not and nothing more."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from loans import affairs
from loans import application as applications
from privacy import circle, consents
from privacy.models import ContactLink
from tests import stories
from tests.cast import alice, client_of, eve
from tests.privacy.circle_world import Reader
from tests.worlds import world

pytestmark = pytest.mark.django_db
VOLATILE = re.compile(r'value="[\w-]{20,}"|/i/[\w-]+/|CI-\w+|\d+:\d\d [ap]\.m\.')


@world
def borrower():
    return alice()


@world
def application(borrower):
    return stories.draft(borrower, amount=4_800_000, term_months=6, now=timezone.now())


def address(application, tail=""):
    return f"/applications/{application.reference}/circle/{tail}"


def name_somebody(browser, application, **given):
    key = re.search(r'name="idempotency_key" value="([^"]+)"', browser.get(address(application)).content.decode())[1]
    return browser.post(address(application), {"idempotency_key": key, "relationship": "friend", "scopes": ["reference"], **given})


def link_on(page):
    found = re.search(r"/circle/i/([\w-]+)/", page.content.decode())
    return found[1] if found else None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_alice_names_a_friend_and_sees_accepted_and_never_more(borrower, application, language):
    browser = client_of(borrower, language=language)
    assert name_somebody(browser, application).status_code == 302
    page = browser.get(address(application))
    token = link_on(page)
    assert token
    hana = Reader()
    assert "林悦" in hana.get("invitation", token).content.decode()
    hana.accept(token, name="花子")
    html = browser.get(address(application)).content.decode()
    assert {"en": "Accepted", "zh-hans": "已接受"}[language] in html
    assert not re.search(r"花子|138\D?1234\D?5678", html)
    assert link_on(browser.get(address(application))) is None


def test_there_is_no_field_for_a_number(borrower, application):
    html = client_of(borrower).get(address(application)).content.decode()
    names = set(re.findall(r'<(?:input|select|textarea)[^>]*name="(\w+)"', html))
    assert names <= {"csrfmiddlewaretoken", "idempotency_key", "relationship", "scopes"}
    assert 'type="file"' not in html
    assert "checked" not in html


def test_a_no_reads_like_silence(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    token = link_on(browser.get(address(application)))
    before = browser.get(address(application)).content.decode()
    Reader().post("decline", token)
    after = browser.get(address(application)).content.decode()
    assert VOLATILE.sub("", before) == VOLATILE.sub("", after)


def test_a_no_reads_like_silence_at_the_limit_and_when_taken_back_too(borrower, application):
    """The same steps with five silent people, and with five of whom the first said no: the same answers, to the letter."""
    told = []
    for says_no in (False, True):
        browser = client_of(borrower)
        with transaction.atomic():
            for _name in range(5):
                name_somebody(browser, application)
            first, last = ContactLink.objects.order_by("pk")[0], ContactLink.objects.order_by("-pk")[0]
            if says_no:
                circle.decline(first, now=timezone.now())
                circle.decline(last, now=timezone.now())
            story = [name_somebody(browser, application)]
            story.append(browser.post(address(application, f"{first.reference}/take-back/")))
            story.append(browser.get(address(application)))
            story.append(name_somebody(browser, application))
            ContactLink.objects.filter(pk=last.pk).update(created_at=last.created_at - timedelta(days=8), expires_at=last.expires_at - timedelta(days=8))
            story.append(browser.post(address(application, f"{last.reference}/take-back/")))
            story.append(browser.get(address(application)))
            told.append([(page.status_code, VOLATILE.sub("", page.content.decode())) for page in story])
            transaction.set_rollback(True)
    assert told[0] == told[1]
    assert [status for status, _html in told[0]] == [422, 302, 200, 302, 302, 200]


def test_naming_nobody_chosen_is_told_at_the_field(borrower, application):
    page = name_somebody(client_of(borrower), application, scopes=[], relationship="")
    assert page.status_code == 422
    assert page.content.decode().count('class="err"') == 2


def test_without_an_own_number_nobody_is_named(borrower):
    bare = applications.start(party=borrower.party, by=borrower.user, language="en", now=timezone.now())
    page = name_somebody(client_of(borrower), bare)
    assert page.status_code == 422
    assert "your own phone number" in page.content.decode()
    assert not ContactLink.objects.exists()


def test_alice_cannot_answer_with_her_own_number(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    herself = Reader("138 0013 8000")
    herself.fill_in(link_on(browser.get(address(application))))
    assert herself.confirm().url == "/circle/done/self/"


def test_nor_with_a_number_she_calls_her_own_only_afterwards_or_elsewhere(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    token = link_on(browser.get(address(application)))
    applications.save_answers(application, section="finances", answers={"phone": "13711112222"}, now=timezone.now())
    other = stories.draft(borrower, amount=1_000_000, term_months=6, now=timezone.now())
    applications.save_answers(other, section="finances", answers={"phone": "13733334444"}, now=timezone.now())
    for number in ("13711112222", "13733334444"):
        herself = Reader(number)
        herself.fill_in(token)
        assert herself.confirm().url == "/circle/done/self/"
    name_somebody(browser, other)
    assert len(ContactLink.objects.get(matter=other.file.matter).barred) == 2, "of the first application too"


def test_a_stranger_finds_no_page(borrower, application):
    stranger = client_of(eve())
    assert stranger.get(address(application)).status_code == 404
    assert stranger.post(address(application, "CI-00000000/take-back/")).status_code == 404


def test_alice_takes_somebody_back(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    link = ContactLink.objects.get()
    assert browser.post(address(application, "CI-00000000/take-back/")).status_code == 404
    assert browser.post(address(application, f"{link.reference}/take-back/")).status_code == 302
    link.refresh_from_db()
    assert link.state == "taken_back"
    assert link_on(browser.get(address(application))) is None


def test_withdrawing_a_use_is_one_click_on_the_privacy_page(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    matter = application.file.matter
    html = browser.get("/privacy/").content.decode()
    assert "/privacy/consents/circle_reference/withdraw/" in html
    assert f"/privacy/consents/circle_reference/?matter={matter.pk}" not in html
    browser.post("/privacy/consents/circle_reference/withdraw/", {"matter": str(matter.pk), "idempotency_key": "withdraw-1"})
    assert not consents.is_given(subject=application.file.subject, purpose="circle_reference", matter=matter, now=timezone.now())
    assert browser.get(f"/privacy/consents/circle_reference/?matter={matter.pk}").status_code == 404


def test_when_the_application_has_ended_nobody_is_named_any_more(borrower, application):
    browser = client_of(borrower)
    name_somebody(browser, application)
    assert affairs.close_ended(now=timezone.now()) == 0
    applications.withdraw(application, by=borrower.user, now=timezone.now())
    assert affairs.close_ended(now=timezone.now()) == 1
    assert affairs.close_ended(now=timezone.now()) == 0
    token = link_on(browser.get(address(application)))
    assert Reader().get("invitation", token).status_code == 410
    page = name_somebody(browser, application)
    assert page.status_code == 422
    assert "This affair is closed" in page.content.decode()
