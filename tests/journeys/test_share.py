"""In real browsers: Bob looks at his portfolio and offers his share; Eve finds it, buys it and sees the loan; its file closes to Bob."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from core import business_day, outbox
from loans.models import Loan
from marketplace.models import Listing, Sale
from tests import cast, stories
from tests.config.test_look import axe

WORDS = {
    "en": {"result": "This portfolio has", "sell": "Offer this share", "offered": "Shares you offer", "buy": "Buy for", "bought": "You bought a share for"},
    "zh-hans": {"result": "这个组合目前", "sell": "挂出这份额", "offered": "您出售的份额", "buy": "买入", "bought": "买入份额"},
}


def window(browser: Any, site: str, language: str, member: cast.Member, width: int) -> Any:
    User.objects.filter(pk=member.user.pk).update(language=language)
    context = browser.new_context(viewport={"width": width, "height": 900})
    session = cast.client_of(member).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": site},
            {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site},
        ]
    )
    return context.new_page()


def lent() -> Listing:
    """Bob holds all of a running loan; Eve has money."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    for member in (cast.bob(), cast.eve()):
        stories.pay_in(member, 2_000_000, now=now)
    loan = stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    stories.pledge(listing, cast.bob(), 1_000_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=cast.fay(), approver=cast.dan(), now=now)
    return listing


def sound(page: Any, width: int) -> None:
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-hans", 360)])
def test_a_share_is_sold_and_its_file_goes_with_it(browser: Any, live_server: Any, language: str, width: int, tmp_path: Any) -> None:
    listing, words, site = lent(), WORDS[language], live_server.url
    bob = window(browser, site, language, cast.bob(), width)
    bob.goto(f"{site}/portfolio/")
    assert words["result"] in bob.inner_text("main")
    sound(bob, width)
    bob.screenshot(path=str(tmp_path / "portfolio.png"), full_page=True)
    assert bob.goto(f"{site}/market/{listing.reference}/").status == 200
    bob.goto(f"{site}/portfolio/{listing.reference}/sell/")
    sound(bob, width)
    bob.screenshot(path=str(tmp_path / "sell.png"), full_page=True)
    bob.fill("#id_percent", "98")
    bob.click("main button.go")
    assert words["offered"] in bob.inner_text("main")

    eve, offer = window(browser, site, language, cast.eve(), width), Sale.objects.get()
    eve.goto(f"{site}/shares/")
    sound(eve, width)
    eve.screenshot(path=str(tmp_path / "shares.png"), full_page=True)
    eve.click(f'a[href="/shares/{offer.reference}/"]')
    sound(eve, width)
    eve.screenshot(path=str(tmp_path / "share.png"), full_page=True)
    eve.check("#id_risk")
    eve.click("main button.go")
    assert words["bought"] in eve.inner_text("main")
    sound(eve, width)
    eve.click("main a.btn")
    assert listing.reference in eve.inner_text("main")

    assert bob.goto(f"{site}/market/{listing.reference}/").status == 404
    bob.goto(f"{site}/portfolio/")
    assert listing.reference not in bob.inner_text("main")
    for page in (bob, eve):
        page.context.close()
