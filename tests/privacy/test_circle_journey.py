"""In real browsers: Alice names Hana, Hana agrees in another browser, is asked, stops; the next attempt is refused, and both read it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts import roles
from core import outbox
from loans import ladder
from privacy import texts
from tests import cast, stories
from tests.config.test_look import axe

from .circle_world import HANA, index

WORDS = {
    "en": {
        "accepted": "Accepted",
        "allowed": "Allowed and sent",
        "refused": "Refused by rule",
        "why": "You said stop",
        "stop": "Stop: never contact",
        "yes": "Yes",
        "asked": "Ask the rules, and send",
        "nobody": "Nobody is needed",
    },
    "zh-hans": {
        "accepted": "已接受",
        "allowed": "已允许并发出",
        "refused": "被规则拒绝",
        "why": "您要求停止",
        "stop": "停止：不再联系",
        "yes": "是",
        "asked": "先问规则，允许才发送",
        "nobody": "谁都不需要",
    },
}


@pytest.fixture
def half_past_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Tuesday in Shanghai, half past ten: at night nobody would be asked, whenever the tests run."""
    started, begin = datetime.now(UTC), datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: begin + (datetime.now(UTC) - started))


def window(browser: Any, site: str, language: str, *, member: Any = None, width: int = 1280) -> Any:
    """A browser of somebody's own; signed in when it is a member's."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    cookies = [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": site}]
    if member is not None:
        cookies.append({"name": settings.SESSION_COOKIE_NAME, "value": cast.client_of(member).cookies[settings.SESSION_COOKIE_NAME].value, "url": site})
    context.add_cookies(cookies)
    return context.new_page()


def climb(application: Any, dan: Any, fay: Any) -> Any:
    """Everything else was tried, and Fay agreed that a reference is needed."""
    case = ladder.open_case(application, question="work", by=dan.user, now=timezone.now())
    for level in range(4):
        ladder.record(case, level=level, outcome="not_enough", note="Tried.", by=dan.user, now=timezone.now())
    need = ladder.request_necessity(case, level=4, why="Nothing else answers it.", by=dan.user, now=timezone.now())
    ladder.approve(need, by=fay.user, now=timezone.now())
    return case


def ask_at_the_desk(staff: Any, site: str, case: Any, words: dict[str, str]) -> None:
    staff.goto(f"{site}/admin/loans/laddercase/desk/{case.reference}/")
    staff.click(f'input[type=submit][value^="{words["asked"]}"]')
    staff.wait_for_load_state()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_alice_names_hana_who_agrees_is_asked_stops_and_is_left_alone(browser: Any, live_server: Any, half_past_ten: None, language: str) -> None:
    site, words = live_server.url, WORDS[language]
    call_command("publish_notices", verbosity=0)
    roles.ensure()
    alice, dan, fay = cast.alice(), cast.dan(), cast.fay()
    application = stories.draft(alice, amount=4_800_000, term_months=6, now=timezone.now())
    circle = f"{site}/applications/{application.reference}/circle/"

    hers = window(browser, site, language, member=alice)
    hers.goto(circle)
    assert words["nobody"] in hers.content()
    assert axe(hers) == []
    hers.select_option("#id_relationship", "friend")
    hers.check("input[name=scopes][value=reference]")
    hers.click("main form .btn.go")
    link = re.search(r"/circle/i/[\w-]+/", hers.content())
    assert link

    hana = window(browser, site, language, width=360)
    hana.goto(site + link[0])
    assert axe(hana) == []
    assert hana.evaluate("document.documentElement.scrollWidth") <= 360
    hana.check("input[name=scopes][value=reference]")
    hana.fill("#id_name", "花子")
    hana.check("input[name=adult][value=yes]")
    hana.fill("#id_number", HANA)
    hana.click("main section form .btn.go")
    hana.wait_for_url("**/circle/code/")
    outbox.drain(now=timezone.now())
    (text,) = texts.inbox(index(HANA), now=timezone.now())
    hana.fill("#id_code", re.search(r"\d{6}", text.body)[0])
    hana.click("main .btn.go")
    hana.wait_for_url("**/circle/me/")
    assert axe(hana) == []

    hers.goto(circle)
    assert words["accepted"] in hers.content()

    case = climb(application, dan, fay)
    desk = window(browser, site, language, member=dan)
    ask_at_the_desk(desk, site, case, words)
    hana.goto(site + "/circle/me/")
    assert words["allowed"] in hana.content()
    hana.click(f'button[name=answer]:has-text("{words["yes"]}")')
    hana.wait_for_load_state()
    assert "林悦" in hana.content()

    hana.click(f'button:has-text("{words["stop"]}")')
    hana.wait_for_load_state()
    # The contact is no longer offered at the desk; an agent who had the page open asks all the same.
    contact = application.file.matter.contacts.get()
    desk.goto(f"{site}/admin/loans/laddercase/desk/{case.reference}/")
    assert contact.reference not in desk.locator("#content").inner_text()
    from loans import outreach

    outreach.ask_contact(case, contact, purpose="verify_reference", channel="sms", by=dan.user, now=timezone.now())
    hana.goto(site + "/circle/me/")
    assert words["refused"] in hana.content()
    assert words["why"] in hana.content()
    hers.goto(circle)
    assert words["refused"] in hers.content()
    assert words["allowed"] in hers.content()
    assert words["why"] not in hers.content()
    for page in (hers, desk):
        assert "花子" not in page.content()
        assert "13812345678" not in page.content()
    public = window(browser, site, language)
    public.goto(site + "/circle/")
    assert public.locator("dl.figs dd").nth(1).inner_text().startswith("1")
    for page in (hers, hana, desk, public):
        page.context.close()
