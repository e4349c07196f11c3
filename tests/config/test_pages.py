"""Pages anybody may read, sign-in pages and error pages: both languages, no inline style or script, one first heading, safe switches."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from config import books, errors, figures
from core.templatetags import charts

OPEN_PAGES = [
    "/",
    "/how/",
    "/help/",
    "/circle/",
    "/circle/find/",
    "/circle/never/",
    "/privacy/rules/",
    "/definitions/",
    "/calculator/",
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
]
ERROR_PAGES = ["400.html", "403.html", "403_csrf.html", "404.html", "409.html", "413.html", "429.html", "500.html"]
LANGUAGES = [("en", "en"), ("zh-hans", "zh-Hans")]
EXECUTED = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE)
HAN = re.compile(r"[\u4e00-\u9fff]")


def visit(path: str, code: str) -> str:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = code
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def assert_clean(html: str) -> None:
    assert " style=" not in html
    assert "<style" not in html
    assert not EXECUTED.search(html)
    assert not re.search(r"\son\w+=", html)
    assert html.count("<h1") == 1
    assert "{%" not in html
    assert "{{" not in html


@pytest.mark.django_db
@pytest.mark.parametrize("path", OPEN_PAGES)
@pytest.mark.parametrize(("code", "lang"), LANGUAGES)
def test_open_pages_in_both_languages(path: str, code: str, lang: str) -> None:
    html = visit(path, code)
    assert f'<html lang="{lang}">' in html
    assert_clean(html)
    title = re.search(r"<title>(.*?)</title>", html, re.DOTALL).group(1)
    assert bool(HAN.search(title)) == (code == "zh-hans")


@pytest.mark.django_db
def test_the_front_page_says_nothing_about_single_loans() -> None:
    cache.delete(figures.KEY)
    read = figures.read(now=timezone.now(), as_of=timezone.localdate())
    assert read.outstanding == 0
    assert read.on_time is None
    assert read.grades == ()
    assert "shown from five loans on" in visit("/", "en")


@pytest.mark.parametrize("template", ERROR_PAGES)
@pytest.mark.parametrize(("code", "lang"), LANGUAGES)
def test_error_pages_need_nothing(template: str, code: str, lang: str) -> None:
    """No request, no context processor, no database: what a page must do with when everything else failed."""
    with translation.override(code):
        html = render_to_string(template, {"reference": "ER12345678"})
    assert f'<html lang="{lang}">' in html
    assert "ER12345678" in html
    assert_clean(html)


@pytest.mark.django_db
def test_errors_are_answered_with_their_status() -> None:
    request = RequestFactory().get("/x/")
    request.reference = "REF0000001"
    answers = {
        400: errors.bad_request(request, Exception()),
        403: errors.forbidden(request, Exception()),
        404: errors.not_found(request, Exception()),
        413: errors.bad_request(request, RequestDataTooBig()),
        429: errors.too_many(request),
        500: errors.server_error(request),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert b"REF0000001" in answer.content


def test_the_last_resort_needs_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> str:
        raise OSError

    monkeypatch.setattr(errors, "render_to_string", broken)
    answer = errors.server_error(HttpRequest())
    assert answer.status_code == 500
    assert "系统出错".encode() in answer.content


@pytest.mark.django_db
def test_an_error_page_does_not_repeat_the_exception() -> None:
    answer = errors.forbidden(RequestFactory().get("/"), Exception("Alice 110101199003070038"))
    assert b"1101011990" not in answer.content


@pytest.mark.django_db
def test_a_stale_form_is_told_so() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.post("/accounts/login/", {"login": "a@example.com"})
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "words"), [("en", "Sign in"), ("zh-hans", "登录")])
def test_switching_the_language_lasts(code: str, words: str) -> None:
    client = Client()
    answer = client.get(f"/language/{code}/?next=/help/%3Fq%3D1")
    assert answer.status_code == 302
    assert answer["Location"] == "/help/?q=1"
    assert words in client.get("/help/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "\\\\evil.example"])
def test_switching_the_language_never_leads_away(target: str) -> None:
    assert Client().get("/language/en/", {"next": target})["Location"] == "/"


@pytest.mark.django_db
def test_an_unknown_language_is_not_a_page() -> None:
    assert Client().get("/language/xx/").status_code == 404


@pytest.mark.django_db
def test_the_language_stays_with_the_account() -> None:
    """Alice switches to English on one device; on another one, with nothing remembered, she reads English."""
    from accounts import onboarding

    alice = onboarding.register(email="alice.lang@example.com", password=None, language="zh-hans", now=timezone.now(), answers=[])
    first, second = Client(), Client(HTTP_ACCEPT_LANGUAGE="zh-CN")
    first.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    first.get("/language/en/")
    second.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert '<html lang="en">' in second.get("/help/").content.decode()
    alice.refresh_from_db()
    assert alice.language == "en"


@pytest.mark.django_db
def test_a_failed_form_says_so_first() -> None:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    html = client.post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    assert "<title>Error: Sign in" in html
    assert html.index('class="errsum') < html.index("<h1")
    for field in ("id_login", "id_password"):
        assert f'href="#{field}"' in html
        assert f'id="{field}_error"' in html
    assert 'aria-invalid="true"' in html
    assert_clean(html)


@pytest.mark.django_db
def test_the_strip_tells_when_the_books_balanced() -> None:
    cache.delete(books.KEY)
    assert "Ledger balanced" not in visit("/help/", "en")
    state = books.prove(now=timezone.now(), as_of=timezone.localdate())
    assert state.balanced
    assert "Ledger balanced at" in visit("/help/", "en")
    assert "核平" in visit("/help/", "zh-hans")


@pytest.mark.django_db
def test_broken_books_are_said_with_the_first_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    cache.delete(books.KEY)
    monkeypatch.setattr(books.checks, "check_books", lambda *, as_of: SimpleNamespace(is_clean=False))
    first = books.prove(now=timezone.now(), as_of=timezone.localdate())
    later = books.prove(now=timezone.now(), as_of=timezone.localdate())
    assert later.at == first.at
    assert "Ledger out of balance" in visit("/help/", "en")


def test_the_worked_example_adds_up() -> None:
    example = figures.worked_example()
    assert example["paid_out"] + example["fee"] == example["example"]["principal"]
    assert example["total"] == example["example"]["principal"] + example["interest"]
    assert sum(sum(row["values"].values()) for row in example["chart_rows"]) == example["total"]
    assert example["apr"] > example["example"]["annual_rate"]
    assert abs(example["share_interest"] - example["share_fee"] - example["share_net"]) <= 1


def test_no_template_of_ours_carries_style_or_script() -> None:
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert " style=" not in text, path
        assert not EXECUTED.search(text), path
        assert not re.search(r"https?://(?!www\.w3\.org)", text), f"{path}: nothing comes from elsewhere"


CHART = {
    "title": "Cash by month",
    "summary": "Out, then in.",
    "currency": "CNY",
    "series": [{"key": "in", "label": "In", "fill": "b1"}, {"key": "out", "label": "Out", "fill": "b3"}],
    "rows": [{"label": "Jan", "values": {"in": 100_00, "out": -40_00}}, {"label": "Feb", "values": {"in": 0}}],
}


def test_a_chart_is_also_words_and_a_table() -> None:
    with translation.override("en"):
        html = render_to_string("components/chart_bars.html", charts.bar_geometry(CHART))
    assert "Jan: In ¥100.00, Out −¥40.00" in html
    assert html.count("<tr>") == 3
    assert html.count("<rect") == 2 + 2, "a bar each way for January, none for February, two keys"
    assert_no_numbers_below_zero(html)


def assert_no_numbers_below_zero(html: str) -> None:
    assert not re.findall(r'(?:height|width)="-', html)


@pytest.mark.parametrize(("value", "target"), [(0, 100), (100, 100), (150, 100), (1, 3), (0, 0)])
def test_a_meter_never_leaves_its_track(value: int, target: int) -> None:
    drawn = charts.meter(value=value, target=target, considering=50)
    assert 0 <= float(drawn["w"]) <= 100
    assert float(drawn["w"]) + float(drawn["more"] or 0) <= 100.001
