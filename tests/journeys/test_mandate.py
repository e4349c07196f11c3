"""From a mandate to its proof, in a real browser and both languages: set it, look ahead, start it; a loan opens and is filled by mandates and by hand;
the proof is downloaded and the command line confirms it."""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.cast import Member
from config.recompute import run_command
from core import business_day, outbox
from ledger.checks import check_books
from marketplace import run as runs
from marketplace.models import Listing, Mandate, MatchRun, Pledge
from tests import cast, stories
from tests.cast import bob, carol, client_of
from tests.config.test_look import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = {
    "en": {"start": "Start it", "pledge": "Review this pledge", "holds": "holds", "input": "Download my input", "certificate": "Download my certificate"},
    "zh-hans": {"start": "启动", "pledge": "确认前核对", "holds": "成立", "input": "下载我的输入", "certificate": "下载我的证明"},
}


@pytest.fixture
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


class Reader:
    """One of the cast at a browser, who meets no barrier and no page wider than the screen."""

    def __init__(self, browser: Any, live_server: Any, member: Member, *, code: str, width: int) -> None:
        self.width, self.url = width, live_server.url
        self.context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        session = client_of(member, language=code).cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: code}
        self.context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        self.page = self.context.new_page()

    def open(self, path: str) -> Any:
        self.page.goto(self.url + path)
        return self.look()

    def look(self) -> Any:
        assert axe(self.page) == [], self.page.url
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, self.page.url
        return self.page

    def download(self, words: str, folder: Path) -> Path:
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=words).click()
        target = folder / waiting.value.suggested_filename
        waiting.value.save_as(target)
        return target


@pytest.fixture
def readers(browser: Any, live_server: Any) -> Iterator[Any]:
    opened: list[Reader] = []

    def sit_down(member: Member, *, code: str, width: int) -> Reader:
        opened.append(Reader(browser, live_server, member, code=code, width=width))
        return opened[-1]

    yield sit_down
    for one in opened:
        one.context.close()


@pytest.mark.parametrize(("code", "width"), [("zh-hans", 360), ("en", 1280)])
def test_from_a_mandate_to_its_proof(readers: Any, now: datetime, tmp_path: Path, code: str, width: int) -> None:
    words = WORDS[code]
    for member in (bob(now=now), carol(now=now)):
        stories.pay_in(member, 3_000_000, now=now)
    reader = readers(bob(), code=code, width=width)
    set_a_mandate(reader, words)

    loan = stories.accepted_loan(cast.alice(now=now), reviewer=cast.dan(now=now), amount=2_000_000, term_months=6, now=timezone.now())
    listing = Listing.objects.get(loan=loan)
    assert listing.mandate_reserve == 1_000_000
    by_hand(readers(carol(), code=code, width=width), listing, words)

    coming = runs.announce(currency="CNY", now=timezone.now())
    assert coming.commitment in reader.open("/runs/").content()
    MatchRun.objects.filter(pk=coming.pk).update(due_at=timezone.now())
    runs.tick(now=timezone.now())
    outbox.drain(now=timezone.now())
    listing.refresh_from_db()
    assert listing.state == "filled"
    assert dict(Pledge.objects.values_list("party", "amount")) == {bob().party.pk: 1_000_000, carol().party.pk: 1_000_000}

    reader.open(f"/runs/{coming.reference}/")
    reader.open("/runs/rule/")
    page = reader.open(f"/runs/{coming.reference}/mine/")
    assert page.locator(".ticks .end").all_inner_texts() == [words["holds"]] * 7
    paths = [reader.download(words[name], tmp_path) for name in ("input", "certificate")]
    assert confirmed(*paths) == {"valid": True, "scope": "own", "failures": []}
    assert check_books().is_clean


def set_a_mandate(reader: Reader, words: dict[str, str]) -> None:
    page = reader.open("/mandates/new/")
    page.locator("#id_per_loan").fill("50")
    page.wait_for_selector("#ahead p.soft:only-child")  # the preview says that this contradicts itself
    page.locator("#id_per_loan").fill("20000")
    page.wait_for_selector("#ahead .huge")
    for box in page.locator("input[name=grades]:checked").all():
        box.uncheck()
    page.locator("#id_risk").check()
    page.locator("#mandate-form button.go").click()
    page.wait_for_url("**/mandates/MD-*/")
    reader.look()
    page.get_by_role("button", name=words["start"], exact=True).click()
    page.wait_for_load_state()
    reader.look()
    assert Mandate.objects.get().state == "running"


def by_hand(reader: Reader, listing: Listing, words: dict[str, str]) -> None:
    page = reader.open(f"/market/{listing.reference}/")
    page.locator("#id_amount").fill("15000")
    page.locator("#id_risk").check()
    page.locator("aside form button.go").click()
    page.wait_for_selector(".errsum")  # half of it is kept for mandates, and it says so
    page.locator("#id_amount").fill("10000")
    page.locator("aside form button.go").click()
    page.wait_for_selector("input[name=confirmed]", state="attached")
    reader.look()
    page.locator("aside form button.go").click()
    page.wait_for_url("**/pledges/PL-*/")


def confirmed(source: Path, certificate: Path) -> Any:
    out = io.StringIO()
    code = run_command(["match", str(source), "--check", str(certificate)], stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    assert code == 0
    return json.loads(out.getvalue())
