"""People with browsers: what they see is kept as pictures, searched by axe, and must not trouble the console."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.cast import PASSWORD, TOTP_SECRET
from tests.config.site import CHECKOUT

PICTURES = CHECKOUT / "artifacts" / "journey"
WIDTHS = (1280, 360)
AXE_WIDTHS = {"en": 1280, "zh-hans": 360}
AXE = Axe()
AXE_OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Person:
    """One of the cast at a browser of their own."""

    def __init__(self, browser: Any, site: str, name: str) -> None:
        self.site, self.name = site, name
        self.context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900})
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        self.console: list[str] = []
        self.violations: list[str] = []
        self.language, self.listening = "en", True
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.console.append(f"{self.page.url}: {error}"))

    def _heard(self, message: Any) -> None:
        if self.listening and message.type == "error" and "status of 4" not in message.text:
            self.console.append(f"{self.page.url}: {message.text}")

    def reads(self, language: str) -> None:
        """From now on in that language; people who are signed in keep it with their account."""
        self.language = language
        self.page.goto(f"{self.site}/language/{language}/")

    def signs_in(self, *, staff: bool = False) -> None:
        self.page.goto(f"{self.site}/accounts/login/")
        self.page.fill("#id_login", f"{self.name}@xinqiao.example")
        self.page.fill("#id_password", PASSWORD)
        self.page.click("main form:has(#id_password) button.go")
        if staff:
            self.page.fill("[name=code]", _code())
            self.page.click("main form:has([name=code]) .go")
            self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def opens(self, path: str, look_at: str = "") -> None:
        self.page.goto(path if path.startswith("http") else self.site + path)
        if look_at:
            self.looks(look_at)

    def fills(self, **fields: str) -> None:
        """By field name: texts are typed, lists chosen, boxes and choices ticked."""
        for name, value in fields.items():
            first = self.page.locator(f"main [name={name}]").first
            kind = first.evaluate("field => field.tagName === 'INPUT' ? field.type : field.tagName")
            if kind == "SELECT":
                first.select_option(value)
            elif kind == "checkbox":
                first.check()
            elif kind == "radio":
                self.page.locator(f"main [name={name}][value^='{value}']").check(force=True)  # its label covers it
            else:
                first.fill(value)

    def sends(self, button: str = "main button.go") -> None:
        self.page.locator(button).first.click()
        self.page.wait_for_load_state()

    def proves_it_is_them(self) -> None:
        if "reauthenticate" in self.page.url:
            self.page.fill("#id_password", PASSWORD)
            self.page.click("main form:has(#id_password) button.go")
            self.page.wait_for_load_state()

    def waits_until(self, seen: Callable[[Any], bool], *, path: str, what: str, seconds: float = 60) -> None:
        """Looks at a page again until a worker has done what it has to."""
        deadline = time.monotonic() + seconds
        while True:
            self.opens(path)
            if seen(self.page):
                return
            assert time.monotonic() < deadline, f"{self.name} waited {seconds} s for: {what}"
            time.sleep(0.3)

    def looks(self, name: str) -> None:
        """Keeps the page at both widths and asks axe about it, at one width in one language and at the other in the other."""
        folder = PICTURES / self.language
        folder.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_load_state()
        assert self.page.locator("h1").count() == 1, self.page.url
        self.page.evaluate(AXE.axe_script)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=folder / f"{name}-{width}.jpg", type="jpeg", quality=80, full_page=True)
            wider = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{name} is {wider} px wider than {width}"
            found = self._asks_axe() if width == AXE_WIDTHS[self.language] else []
            self.violations += [f"{name} {width}: {each['id']} {node['target']}" for each in found for node in each["nodes"]]
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def _asks_axe(self) -> list[dict[str, Any]]:
        """axe itself measures with inline styles, which the page's policy refuses; what the console says meanwhile is about axe."""
        self.listening = False
        try:
            return self.page.evaluate("options => axe.run(document, options).then(found => found.violations)", AXE_OPTIONS)
        finally:
            self.listening = True

    def amount(self, selector: str) -> int:
        """The first amount in that place, in cents."""
        return cents(self.page.locator(selector).first.inner_text())


def cents(text: str) -> int:
    found = re.search(r"¥([\d,]+)\.(\d\d)", text)
    assert found, text
    return int(found[1].replace(",", "") + found[2])


def _code() -> str:
    """The authenticator's code, read in time: one that is about to end is not typed."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    counter, passed = divmod(time.time(), 30)
    if passed > 25:
        time.sleep(30.5 - passed)
        counter += 1
    return format_hotp_value(hotp_value(TOTP_SECRET, int(counter)))


def clear_pictures() -> Path:
    """An empty folder for this run's pictures."""
    for old in PICTURES.rglob("*.jpg") if PICTURES.exists() else ():
        old.unlink()
    return PICTURES
