"""The inbox in a real browser: no barrier axe can find, nothing blocked, nothing wider than the screen; read, marked, chosen."""

from typing import Any

import pytest
from django.utils import timezone

from notifications import message, preferences
from notifications.channels import inbox
from tests import cast
from tests.config.test_look import axe
from tests.notifications.conftest import LOST

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("code", "width", "scheme"), [("en", 360, "dark"), ("zh-hans", 1280, "light")])
def test_messages_have_no_barriers(browser: Any, live_server: Any, people: Any, code: str, width: int, scheme: str) -> None:
    alice, now = people("alice"), timezone.now()
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    client = cast.client_of(alice, language=code)
    context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()])
    page, said = context.new_page(), []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)

    def look(path: str = "") -> None:
        if path:
            page.goto(live_server.url + path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    look("/messages/")
    for number in range(25):
        message.say_alike(template="kite.lost", key=f"kite:{number}", parties=[alice.party.pk], context=LOST, link="/wallet/", now=now)
    look("/messages/")
    look("/messages/?page=2")
    page.locator("main h2 a").first.click()
    look()
    page.locator("main a.btn.go").click()
    assert page.url == live_server.url + "/wallet/"
    assert inbox.unread_count(alice.user) == 24
    look("/messages/?show=unread")
    page.locator("main form button").click()
    assert inbox.unread_count(alice.user) == 0
    look("/messages/preferences/")
    page.locator("label", has=page.locator("[name=mail_loan]")).or_(page.locator("[name=mail_loan]")).first.click()
    page.locator("main form button.go").click()
    look()
    assert not preferences.wants_mail(preferences.of(type(alice.user).objects.get(pk=alice.user.pk)), "loan")
    assert said == []
    context.close()
