"""From a mandate to a share that is sold, in a real browser and both languages: set it, look ahead, start it; a loan opens and is filled by mandates and
by hand; the proof is downloaded and the command line confirms it; the share is sold, and its file goes with it."""

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
from loans.models import Loan
from marketplace import run as runs
from marketplace.models import Listing, Mandate, MatchRun, Pledge, Sale
from tests import cast, stories
from tests.cast import bob, carol, client_of, eve
from tests.config.test_look import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
NARROW = 360
WORDS = {
    "en": {
        "start": "Start it",
        "holds": "holds",
        "input": "Download my input",
        "certificate": "Download my certificate",
        "result": "This portfolio has",
        "offered": "Shares you offer",
        "bought": "You bought a share for",
    },
    "zh-hans": {
        "start": "启动",
        "holds": "成立",
        "input": "下载我的输入",
        "certificate": "下载我的证明",
        "result": "这个组合目前",
        "offered": "您出售的份额",
        "bought": "买入份额",
    },
}


@pytest.fixture
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


class Reader:
    """One of the cast at a browser, who meets no page wider than the screen, and no barrier (looked for on the narrow one, where everything folds)."""

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
        assert self.width > NARROW or axe(self.page) == [], self.page.url
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


@pytest.mark.parametrize(("code", "width"), [("zh-hans", NARROW), ("en", 1280)])
def test_from_a_mandate_to_a_share_that_is_sold(readers: Any, now: datetime, tmp_path: Path, code: str, width: int) -> None:
    words = WORDS[code]
    for member in (bob(now=now), carol(now=now), eve(now=now)):
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

    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=cast.fay(now=now), approver=cast.dan(), now=timezone.now())
    sell(reader, listing, words)
    buy(readers(eve(), code=code, width=width), listing, words)
    assert reader.page.goto(f"{reader.url}/market/{listing.reference}/").status == 404  # the seller's file has closed
    assert listing.reference not in reader.open("/portfolio/").inner_text("main")
    assert listing.reference in reader.open(f"/portfolio/tax/{now.year}/").inner_text("main")
    assert check_books().is_clean


def set_a_mandate(reader: Reader, words: dict[str, str]) -> None:
    page = reader.open("/mandates/new/")
    page.locator("#id_per_loan").fill("50")
    page.wait_for_selector("#ahead p.soft:only-child")  # the preview says that this contradicts itself
    page.locator("#id_per_loan").fill("20000")
    page.wait_for_selector("#ahead .huge")
    while (box := page.locator("input[name=grades]:checked").first).is_visible():
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


def sell(reader: Reader, listing: Listing, words: dict[str, str]) -> None:
    page = reader.open("/portfolio/")
    assert words["result"] in page.inner_text("main")
    assert page.goto(f"{reader.url}/market/{listing.reference}/").status == 200
    page = reader.open(f"/portfolio/{listing.reference}/sell/")
    page.fill("#id_percent", "98")
    page.click("main button.go")
    assert words["offered"] in page.inner_text("main")


def buy(reader: Reader, listing: Listing, words: dict[str, str]) -> None:
    page = reader.open("/shares/")
    page.click(f'a[href="/shares/{Sale.objects.get().reference}/"]')
    reader.look()
    page.check("#id_risk")
    page.click("main button.go")
    assert words["bought"] in page.inner_text("main")
    reader.look()
    page.click("main a.btn")
    assert listing.reference in page.inner_text("main")


def confirmed(source: Path, certificate: Path) -> Any:
    out = io.StringIO()
    code = run_command(["match", str(source), "--check", str(certificate)], stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    assert code == 0
    return json.loads(out.getvalue())
