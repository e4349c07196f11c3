"""Hardship and early repayment in a real browser, in both languages: asked, claimed, compared, agreed; then repaid early, to the cent."""

from datetime import date
from typing import Any

import pytest

from core import business_day, outbox
from ledger.checks import check_books
from loans.models import HardshipRequest, Loan, Plan
from tests import cast, stories
from tests.cast import Member, alice, bob, carol, eve
from tests.journeys.people import Person
from tests.loans.book import cash
from tests.loans.trouble import living_loan, noon, servicer, skip_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
REASON = {"en": "The oven broke.", "zh-hans": "烤箱坏了。"}


def at_a_browser(browser: Any, site: str, name: str, member: Member, language: str) -> Person:
    """Signed in, reading that language."""
    person = Person(browser, site, name)
    person.language = language
    cookies = cast.client_of(member, language=language).cookies.items()
    person.context.add_cookies([{"name": key, "value": morsel.value, "url": site} for key, morsel in cookies])
    return person


def unpaid() -> int:
    return Loan.objects.get().installments.filter(paid_on=None).count()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_hardship_and_early_repayment(browser: Any, live_server: Any, language: str, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    loan, sal = living_loan(), servicer()
    skip_to(date(2026, 4, 1))  # February and March unpaid: 45 days late
    site, page = live_server.url, f"/loans/{loan.reference}/"
    hers, desk, his = (at_a_browser(browser, site, name, who, language) for name, who in (("alice", alice()), ("sal", sal), ("bob", bob())))

    # She asks: what would help is enough; the reason is her choice, and sealed.
    hers.opens(page, "late")
    hers.sends(f"main a[href='{page}help/']")
    hers.sends()
    hers.looks("help-refused")  # nothing chosen: the errors say so
    hers.fills(hardship="yes")
    hers.sends()
    assert not HardshipRequest.objects.exists()
    hers.fills(wish="longer", affordable="3000", reason=REASON[language])
    hers.looks("help")
    hers.sends()
    asked = HardshipRequest.objects.get()
    assert (asked.wish, asked.affordable) == ("longer", 300_000)

    # Staff claim it, compare, propose.
    desk.opens(f"/admin/loans/hardshiprequest/{asked.pk}/change/")
    desk.sends("button[value=claim]")
    desk.page.locator("[name=kind][value=re_age]").check()
    desk.page.fill("[name=more]", "6")
    desk.sends("button[value=look]")
    desk.sends("button[value=propose]")
    plan = Plan.objects.get()

    # She compares the same two schedules, and agrees after proving that it is her.
    hers.opens(f"{page}help/")
    hers.sends("main .note-box a.btn")
    hers.looks("plan")
    hers.sends("aside form button.go")
    hers.proves_it_is_them()
    if Plan.objects.get().state == "proposed":
        hers.sends("aside form button.go")
    assert (Plan.objects.get().state, Loan.objects.get().state, Loan.objects.get().days_late) == ("in_force", "active", 0)

    # The holder sees the new schedule, never why.
    outbox.drain(now=noon(business_day.current()))
    his.opens(f"/portfolio/plans/{plan.reference}/")
    assert REASON[language] not in his.page.content()
    his.opens(f"/portfolio/holdings/{loan.listing.reference}/", "holding")
    assert REASON[language] not in his.page.content()

    # Early: a part of it to finish sooner, then all of it at a quote she was given three days before.
    stories.pay_in(alice(), 6_000_000, now=noon(business_day.current()))
    before, rows = [cash(who().party) for who in (alice, bob, carol, eve)], unpaid()
    hers.opens(f"{page}early/")
    hers.fills(amount="20000")
    hers.sends()
    hers.looks("ways")
    hers.sends("form:has([name=choice][value=shorten]) button")
    assert unpaid() < rows
    hers.opens(f"{page}payoff/")
    hers.sends("main .sec form button")
    hers.looks("payoff")
    skip_to(date(2026, 4, 4))
    hers.opens(f"{page}payoff/")
    total = hers.amount(f"form[action='{page}settle/'] button")
    hers.sends(f"form[action='{page}settle/'] button")
    assert hers.page.locator("[data-state=repaid]").count() == 1
    hers.looks("repaid")

    paid = [cash(who().party) - was for who, was in zip((alice, bob, carol, eve), before, strict=True)]
    assert paid[0] == -2_000_000 - total
    end = Loan.objects.get()
    assert (end.standing.outstanding, [held.amount - held.received_principal for held in end.participations.all()]) == (0, [0, 0, 0])
    assert 0 < -paid[0] - sum(paid[1:]) < total // 100  # what the holders did not get is the servicing fee
    assert check_books().is_clean
    for person in (hers, desk, his):
        assert (person.console, person.violations) == ([], []), person.name
        person.context.close()
