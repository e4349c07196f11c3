"""Do you contact my circle? The public answer, with the count as it stands."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from config import circle_figures
from privacy import asking, circle, subjects
from privacy.outreach import Facts
from tests.privacy.circle_world import Reader, index, invite

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
FACTS = Facts(dpd=0, necessity_recorded=True, borrower_unreachable=False, guarantee_signed=False, flags=())


@pytest.fixture
def contact(db):
    from privacy import notices

    notices.publish_all(now=NOW)
    alice = subjects.create("person", now=NOW)
    matter = subjects.open_matter(subject=alice, jurisdictions=["CN"], now=NOW)
    return Reader().accept(invite(matter).token, scopes=["reference"])


def ask(contact, *, purpose="verify_reference", now=NOW):
    fresh = type(contact).objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    return asking.ask(fresh, purpose=purpose, channel="sms", facts=FACTS, actor="servicing_agent", asked_by=None, now=now)


@pytest.mark.parametrize(("language", "answer"), [("en", "No."), ("zh-hans", "不会。")])
def test_the_answer_stands_first_in_both_languages(language, answer):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    html = client.get("/circle/").content.decode()
    assert answer in html
    assert html.count("<h1") == 1


def test_the_numbers_are_those_of_the_record(contact):
    before = circle_figures.read(now=timezone.now())
    assert (before.asked, before.sent, before.refused, before.share_without) == (0, 0, 0, None)
    ask(contact)
    circle.stop_number(index("138 1234 5678"), reason="stopped", now=NOW)
    for _again in range(10):
        ask(contact)
    ask(contact, purpose="relay_message")
    found = circle_figures.read(now=timezone.now())
    assert (found.asked, found.sent, found.refused) == (12, 1, 11)
    assert [(row.code, row.count) for row in found.refusals] == [("D_DO_NOT_CONTACT", 11)]


def test_few_refusals_are_not_counted_out(contact):
    ask(contact, now=NOW.replace(hour=16))
    (row,) = circle_figures.read(now=timezone.now()).refusals
    assert (row.code, row.count) == ("D_QUIET_HOURS", None)
    assert "fewer than 10" in Client(headers={"accept-language": "en"}).get("/circle/").content.decode()


def test_codes_asked_for_by_the_person_are_no_attempts(contact):
    Reader().open_own_page()
    assert circle_figures.read(now=timezone.now()).asked == 0
