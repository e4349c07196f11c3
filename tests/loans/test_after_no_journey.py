"""After a no, in a real browser and both languages: a wrong answer set right and approved; another person asked for and the decision overturned."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from core import business_day
from loans import application as applications
from loans.models import Application, SecondLook
from tests import stories
from tests.cast import Member, alice, client_of, dan, fay
from tests.config.site import CHECKOUT
from tests.config.test_look import axe

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
PICTURES = CHECKOUT / "artifacts" / "after-no"
DEBTS = {"debt_other_platforms": "20000000", "debt_total": "40000000", "overdue_count_6m": "2"}


class Reader:
    """One of the cast at a browser, reading one language."""

    def __init__(self, browser: Any, server: Any, member: Member, language: str) -> None:
        os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        self.server, self.language = server.url, language
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        cookies = client_of(member, language=language).cookies
        self.context.add_cookies([{"name": name, "value": morsel.value, "url": server.url} for name, morsel in cookies.items()])
        self.page = self.context.new_page()

    def opens(self, path: str) -> Any:
        self.page.goto(self.server + path)
        return self.page

    def looks(self, name: str) -> None:
        """Keeps the page at both widths; nothing wider than the screen, no barrier axe can find."""
        folder = Path(PICTURES / self.language)
        folder.mkdir(parents=True, exist_ok=True)
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=folder / f"{name}-{width}.jpg", type="jpeg", quality=80, full_page=True)
            assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        assert axe(self.page) == [], name
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def sends(self, form: str, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"{form} [name={name}]", value)
        self.page.locator(f"{form} button").first.click()
        self.page.wait_for_load_state()

    def acts(self, act: str, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"#content [name={name}]", value)
        self.page.click(f"#content button[name=act][value={act}]")
        self.page.wait_for_load_state()


def declined(**answers: str) -> Application:
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    if answers:
        applications.save_answers(draft, section="finances", answers=answers, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    applications.claim(draft, by=dan().user, now=now)
    applications.decline(draft, by=dan().user, reason="Debts too high.", now=now)
    return Application.objects.select_related("decision").get(pk=draft.pk)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_declined_sets_a_wrong_answer_right_and_is_approved(browser: Any, live_server: Any, language: str) -> None:
    application = declined(**DEBTS)
    assert application.decision is not None
    assert application.decision.outcome == "decline", "the scorecard's own no"
    reader, person = Reader(browser, live_server, alice(), language), Reader(browser, live_server, dan(), language)
    path = f"/applications/{application.reference}/"
    page = reader.opens(path)
    assert page.locator("[aria-labelledby=rs] li").count() == 4
    assert "¥" in page.locator("[aria-labelledby=rs] .sub b").first.inner_text(timeout=3000), "what would have been approved, scored again"
    reader.looks("1-declined")
    reader.sends(f"main form[action='{path}correct/']")
    reader.looks("2-correcting")
    reader.opens(f"{path}finances/")
    reader.sends("main form", debt_monthly="0", debt_total="0", debt_other_platforms="0", overdue_count_6m="0")
    reader.sends(f"main form[action='{path}corrected/']", words="The debts were my firm's. 这是公司的债务。")
    assert page.locator("#so, #tl").count()
    person.opens(f"/admin/loans/application/{application.pk}/change/")
    person.acts("claim")
    person.acts("approve", reason="The error is plain.")
    reader.opens(path)
    reader.looks("3-offered")
    assert page.locator("main a[href^='/offers/']").count() == 1
    application.refresh_from_db()
    assert application.state == "offered"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_declined_asks_for_a_person_and_is_overturned(browser: Any, live_server: Any, language: str) -> None:
    application = declined()
    reader, person = Reader(browser, live_server, alice(), language), Reader(browser, live_server, fay(), language)
    path = f"/applications/{application.reference}/"
    page = reader.opens(path)
    reader.sends(f"main form[action='{path}second-look/']", words="Please look again. 请再看一次。")
    reader.looks("4-asked")
    look = SecondLook.objects.get()
    person.opens(f"/admin/loans/secondlook/{look.pk}/change/")
    person.acts("claim")
    assert person.page.locator("#g-h").count() == 0, "inputs before the grade"
    person.looks("5-inputs")
    person.acts("read", text="Income carries this easily.")
    assert person.page.locator("#g-h").count() == 1
    person.looks("6-grade")
    person.acts("overturn", text="Your income carries it. 您的收入足以承担。")
    reader.opens(path)
    reader.looks("7-overturned")
    assert "您的收入足以承担" in page.content()
    assert page.locator("main a[href^='/offers/']").count() == 1
