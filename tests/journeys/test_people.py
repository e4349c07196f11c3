"""The people around a loan, in real browsers and both languages: Alice borrows with nobody named and everything optional refused; and Bob sees three
different files before he pledges, after the payout and in arrears, Alice sees each look, and when she takes her consent back his next request finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts import roles
from core import business_day, outbox
from ledger.checks import check_books
from loans import application as applications
from loans.models import Application, Loan
from marketplace.models import Listing
from privacy.models import Consent, Contact, ContactDecision, ContactLink, OutboundMessage
from tests import cast, stories
from tests.cast import alice, bob, dan, fay
from tests.config.site import CHECKOUT
from tests.config.test_look import axe
from tests.loans.trouble import skip_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
PICTURES = CHECKOUT / "artifacts" / "people"
WORDS = {
    "en": {"parts": "Your part of each installment", "late": "days late", "kept": "Schedule", "mine": "As an investor sees me"},
    "zh-hans": {"parts": "每期中属于您的部分", "late": "逾期", "kept": "还款计划", "mine": "投资人看到的我"},
}
OPTIONAL = ("credit_source", "bank_source", "named_recipient")
Window = Callable[..., Any]


@pytest.fixture
def window(browser: Any, live_server: Any) -> Iterator[Window]:
    """A browser of somebody's own, signed in and freshly proven."""
    opened: list[Any] = []

    def sit_down(member: cast.Member, code: str, *, width: int = 1280) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        session = cast.prove(cast.client_of(member, language=code), member).cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: code}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        opened.append(context)
        return context.new_page()

    call_command("publish_notices", verbosity=0)
    roles.ensure()
    business_day.advance(to=timezone.localdate(), now=timezone.now())
    yield sit_down
    for context in opened:
        context.close()


def looks(page: Any, name: str, code: str) -> None:
    """Kept as a picture, no wider than the screen, and without a barrier."""
    (PICTURES / code).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / code / f"{name}.jpg", type="jpeg", quality=80, full_page=True)
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def press(page: Any, action: str) -> None:
    page.locator(f"main form[action$='{action}'] button").first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("code", ["en", "zh-hans"])
def test_a_loan_with_nobody_named_and_everything_optional_refused(window: Window, code: str) -> None:
    draft, hers = stories.draft(alice(), amount=1_000_000, term_months=6, now=timezone.now()), window(alice(), code, width=360)
    for name in (*applications.REQUIRED_CONSENTS, *OPTIONAL):
        hers.goto(f"/applications/{draft.reference}/privacy/{name}/")
        assert hers.locator("main :checked").count() == 0
        hers.locator(f"main [name={name}][value^='{'no' if name in OPTIONAL else 'yes'}']").check(force=True)
        hers.locator("main form .btn.go").first.click()
        hers.wait_for_load_state()
    hers.goto(f"/applications/{draft.reference}/privacy/")
    looks(hers, "refusals", code)
    hers.locator("main .btn.go").first.click()
    hers.wait_for_url("**/check/")
    press(hers, "/submit/")
    application = Application.objects.get(pk=draft.pk)
    applications.claim(application, by=dan().user, now=timezone.now())
    applications.approve(application, by=dan().user, reason="Sound.", now=timezone.now())
    hers.goto(f"/offers/{application.offers.get().reference}/")
    press(hers, "/sign/")
    assert re.search(r"/loans/LN-\w+/", hers.url)
    outbox.drain(now=timezone.now())
    loan = funded(Loan.objects.get())
    stories.pay_in(alice(), 1_000_000, now=timezone.now())
    hers.goto(f"/loans/{loan.reference}/")
    hers.fill("main form[action$='/repay/'] [name=amount]", "1000")
    press(hers, "/repay/")
    assert loan.repayments.get().amount == 100_000
    assert set(Consent.objects.filter(purpose__in=OPTIONAL).values_list("decision", flat=True)) == {"refused"}
    assert not any(model.objects.exists() for model in (Contact, ContactLink))
    assert not OutboundMessage.objects.exclude(decision__role="borrower").exists()
    assert not ContactDecision.objects.exclude(contact=None).exists()
    assert check_books().is_clean


def funded(loan: Loan) -> Loan:
    """Bob takes all of it, and it is paid out."""
    stories.pay_in(bob(), 1_000_000, now=timezone.now())
    stories.pledge(Listing.objects.get(loan=loan), bob(), 1_000_000, now=timezone.now())
    outbox.drain(now=timezone.now())
    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=fay(), approver=dan(), now=timezone.now())
    return Loan.objects.get(pk=loan.pk)


@pytest.mark.parametrize("code", ["en", "zh-hans"])
def test_an_investor_sees_three_files_the_borrower_each_look_and_a_withdrawal_ends_it(window: Window, code: str) -> None:
    words = WORDS[code]
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=timezone.now())
    address = f"/market/{Listing.objects.get(loan=loan).reference}/"
    bob()
    his, hers = window(bob(), code), window(alice(), code, width=360)
    files = [read(his, address, "before", code)]
    assert words["parts"] not in files[0]
    loan = funded(loan)
    files.append(read(his, address, "after", code))
    assert words["parts"] in files[1]
    skip_to(loan.installments.order_by("number").first().due_on + timedelta(days=12))
    files.append(read(his, address, "late", code))
    assert words["late"] in files[2]
    assert len(set(files)) == 3
    hers.goto(f"/market/seen/{loan.agreement.offer.application.reference}/?at=late")
    assert words["mine"] in hers.content()
    looks(hers, "seen", code)
    hers.goto("/privacy/looks/")
    assert hers.content().count(bob().user.pseudonym) >= 3
    looks(hers, "looks", code)
    hers.goto("/privacy/")
    hers.locator(f"form[action$='/listing_disclosure/withdraw/']:has([name=matter][value='{loan.file.matter_id}']) button").click()
    hers.wait_for_load_state()
    assert his.goto(address).status == 404
    assert check_books().is_clean


def read(page: Any, address: str, name: str, code: str) -> str:
    """What the page says, opened and kept."""
    assert page.goto(address).status == 200
    for each in page.locator("main details summary").all():
        each.click()
    looks(page, name, code)
    return str(page.locator("main").inner_text())
