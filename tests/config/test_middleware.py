"""Every answer has a reference; private pages are stored nowhere."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.middleware import OwnErrorPages, PrivatePages, RequestReference


def test_a_proxys_reference_is_kept_and_a_hostile_one_replaced(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abcd-1234-efgh"})["X-Request-ID"] == "abcd-1234-efgh"
    replaced = client.get("/healthz", headers={"X-Request-ID": "a b\tc<script>"})["X-Request-ID"]
    assert len(replaced) == 12
    assert replaced.isalnum()


def test_two_requests_have_two_references() -> None:
    seen: list[str] = []
    middleware = RequestReference(lambda request: seen.append(request.reference) or HttpResponse())
    answers = [middleware(RequestFactory().get("/")) for _ in range(2)]
    assert [answer["X-Request-ID"] for answer in answers] == seen
    assert len(set(seen)) == 2


@pytest.mark.parametrize(("signed_in", "stored"), [(True, False), (False, True)])
def test_pages_of_somebody_signed_in_are_not_stored(signed_in: bool, stored: bool) -> None:
    request = RequestFactory().get("/")
    request.user = type("Somebody", (), {"is_authenticated": True})() if signed_in else AnonymousUser()
    answer = PrivatePages(lambda _request: HttpResponse())(request)
    assert ("no-store" in answer.get("Cache-Control", "")) is not stored
    for feature in ("camera", "microphone", "geolocation", "accelerometer"):
        assert f"{feature}=()" in answer["Permissions-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [404, 500])
def test_development_shows_the_error_pages_of_everybody(settings, status: int) -> None:
    settings.DEBUG, settings.TECHNICAL_ERRORS = True, False
    django_says = HttpResponse("Using the URLconf defined in", status=status)
    request = RequestFactory().get("/no-such-page/")
    request.user = AnonymousUser()
    answer = OwnErrorPages(lambda _request: django_says)(request)
    assert answer.status_code == status
    assert b"URLconf" not in answer.content
    settings.TECHNICAL_ERRORS = True
    assert OwnErrorPages(lambda _request: django_says)(request) is django_says


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("accepts", ["text/html", "application/json"])
def test_what_is_too_much_is_said_in_our_words_everywhere(client: Client, settings, debug: bool, accepts: str) -> None:
    """Ten megabytes typed into a form, in development too, where Django would draw a traceback with what was typed in it."""
    settings.DEBUG = debug
    client.cookies["django_language"] = "en"
    answer = client.post("/accounts/login/", {"login": "x" * 10_000_000}, headers={"Accept": accepts})
    assert answer.status_code == 413
    assert b"That was too much at once" in answer.content
    assert b"Traceback" not in answer.content
    assert b"xxxx" not in answer.content


@pytest.mark.django_db
def test_a_fault_is_told_without_a_traceback_to_whoever_asks_for_no_page_too(client: Client, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    client.raise_request_exception = False
    monkeypatch.setattr("config.pages.render", lambda *_args, **_kwargs: 1 / 0)
    answer = client.get("/how/", headers={"Accept": "application/json"})
    assert answer.status_code == 500
    assert b"ZeroDivisionError" not in answer.content
