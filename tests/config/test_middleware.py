"""Every answer has a reference; private pages are stored nowhere."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.middleware import OwnErrorPages, PrivatePages, ReadToTheEnd, RequestReference
from tests.cast import alice, client_of, dan


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


@pytest.mark.django_db
def test_head_is_answered_where_get_is_with_the_same_headers_and_nothing_after_them() -> None:
    client = client_of(alice())
    for address in ("/applications/", "/help/", "/loans/calculator/schedule.csv?amount=5000&term_months=12"):
        whole, head = client.get(address), client.head(address)
        assert (head.status_code, head["Content-Type"]) == (whole.status_code, whole["Content-Type"])
        assert head.content == b""


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "only takes what a form sends"), ("zh-hans", "只接收表单")])
def test_an_address_that_only_takes_forms_says_so(language: str, words: str) -> None:
    answer = client_of(alice(), language=language).get("/account/switch/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert words in answer.content.decode()


@pytest.mark.django_db
def test_who_signs_in_to_send_a_form_comes_back_to_the_page_it_was_on(client: Client) -> None:
    answer = client.post("/account/switch/", {}, headers={"Referer": "http://testserver/wallet/?page=2"})
    assert answer["Location"] == "/accounts/login/?next=/wallet/%3Fpage%3D2"
    assert client.post("/account/switch/", {}, headers={"Referer": "http://elsewhere.example/"})["Location"].endswith("next=/account/switch/")


def test_what_is_refused_as_too_much_is_read_to_its_end() -> None:
    request = RequestFactory().post("/", b"x" * 3_000_000, content_type="application/json")
    ReadToTheEnd(lambda _request: HttpResponse(status=413))(request)
    assert request.read() == b""


@pytest.mark.django_db
def test_an_admin_address_that_names_no_field_is_a_bad_request() -> None:
    assert client_of(dan()).get("/admin/loans/loan/1/change/?_to_field=").status_code == 400
