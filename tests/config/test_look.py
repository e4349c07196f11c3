"""Pages anybody may read, in a real browser: no barrier axe can find, nothing blocked, nothing wider than the screen."""

from typing import Any

import pytest
from django.conf import settings

PATHS = ["/", "/how/", "/help/", "/circle/", "/circle/find/", "/privacy/rules/", "/definitions/", "/calculator/", "/accounts/login/"]
PATHS += ["/models/", "/models/lendingclub_2018/", "/models/taiwan_cards_2005/", "/evidence/", "/outcomes/"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("code", "width", "scheme"), [("en", 1280, "dark"), ("zh-hans", 360, "light")])
def test_open_pages_have_no_barriers(browser: Any, live_server: Any, code: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": code, "url": live_server.url}])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    for path in PATHS:
        page.goto(live_server.url + path)
        assert axe(page) == [], path
        for wide in (360, 1280, width):
            page.set_viewport_size({"width": wide, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= wide, f"{path} at {wide}"
    assert said == []
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_focus_goes_to_the_summary_of_errors(browser: Any, live_server: Any) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(live_server.url + "/accounts/login/")
    page.locator("main button.go").click()
    page.wait_for_selector(".errsum")
    assert page.evaluate("document.activeElement.classList.contains('errsum')")
    page.locator(".errsum a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_login"
    assert axe(page) == []
    context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_pages_work_without_script(browser: Any, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(live_server.url + "/")
    page.locator("header a[hreflang=en]").click()
    assert page.locator("html").get_attribute("lang") == "en"
    context.close()
