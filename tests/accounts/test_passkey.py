"""A passkey, in a real browser with an authenticator of its own: set up once, then the only thing needed to come in."""

from typing import Any

import pytest
from django.urls import reverse

from tests import cast

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def console(page: Any) -> list[str]:
    """What the browser complains about, the content policy above all."""
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines


@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_set_up_and_opens_the_door_alone(page: Any, live_server: Any, console: list[str]) -> None:
    alice = cast.alice()
    site = live_server.url
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])

    page.goto(site + reverse("account_login"))
    page.fill("#id_login", alice.email)
    page.fill("#id_password", cast.PASSWORD)
    page.click("main form:has(#id_password) button")
    page.goto(site + reverse("mfa_add_webauthn"))
    page.fill("#id_password", cast.PASSWORD)
    page.click("main form:has(#id_password) button")
    page.wait_for_selector("#mfa_webauthn_add")
    page.fill("#id_name", "My laptop")
    page.check("#id_passwordless")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/**")

    page.context.clear_cookies(name="sessionid")
    page.goto(site + reverse("account_login"))
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(site + reverse("accounts:settings"))
    assert alice.email in page.content()
    assert console == []
