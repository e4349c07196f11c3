"""One loan lives its whole life in a browser, in both languages: real server, worker and Valkey; every wallet right to the last cent.

Alice applies and signs, Dan reviews and proposes, Fay approves, Bob, Carol and Eve fund; months pass by command.
The pages they see are kept in artifacts/journey/.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.config.site import Desk, Site, own_checkout, running
from tests.journeys import by_hand
from tests.journeys.people import Person, cents, clear_pictures

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runs the site as people do, on Linux"),
]

LANGUAGES = ("en", "zh-hans")
AMOUNT, MONTHS, FEE_RATE = 48_000_00, 6, Fraction("0.006")
HOLDINGS = {"bob": 24_500_00, "carol": 14_300_00, "eve": 9_200_00}
PROJECT = {
    "en": ("A second oven", "A second deck oven for a bakery that sells out by ten.", ("Deck oven", "Wiring")),
    "zh-hans": ("面包房的第二台烤箱", "面包房上午十点前售罄，添一台层炉。", ("层炉", "电路改造")),
}
MAKE_CAST = "from accounts import cast; [cast.make(name) for name in ('alice', 'bob', 'carol', 'eve', 'dan', 'fay')]"
DAY = "from core import business_day; print('today', business_day.current())"


@dataclass
class World:
    """The running site, its people, and what each wallet should hold by our own account."""

    site: Site
    people: dict[str, Person]
    desk: Desk
    wallets: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    def today(self) -> date:
        return date.fromisoformat(re.search(r"today (\S+)", self.desk("shell", "-c", DAY)).group(1))


@pytest.fixture(scope="module")
def world(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One site for both languages: an empty market with the cast in it, everybody signed in once."""
    clear_pictures()
    with own_checkout(tmp_path_factory.mktemp("journey")) as checkout, running(checkout, SAMPLE_MARKET="0") as site:
        desk = Desk(site)
        desk("shell", "-c", MAKE_CAST)
        people = {name: Person(browser, site.url, name) for name in ("alice", "bob", "carol", "eve", "dan", "fay")}
        for name, person in people.items():
            person.signs_in(staff=name in ("dan", "fay"))
        yield World(site, people, desk, dict.fromkeys(("alice", *HOLDINGS), 0))
        desk.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_loan(world: World, language: str) -> None:
    for person in world.people.values():
        person.reads(language)
    application = apply(world, language)
    approve(world, application)
    loan, terms = accept(world, application)
    listing = fund(world, language)
    pay_out(world, loan)
    repay(world, loan, terms)
    compare_wallets(world)
    close_up(world, listing)


def apply(world: World, language: str) -> str:
    """The whole form, a document included; returns the application's reference."""
    alice, (title, summary, items) = world.alice, PROJECT[language]
    alice.opens("/", look_at="01-home")
    alice.opens("/apply/", look_at="02-apply")
    alice.sends()
    path = alice.page.url
    alice.looks("03-steps")
    alice.opens(path + "project/")
    alice.fills(title=title, summary=summary, purpose="equipment")
    alice.looks("04-project")
    alice.sends()
    assert alice.page.url == path + "amount/", "save and continue leads to the next step"
    alice.fills(amount="48,000", term_months="6", method="equal_installment")
    alice.sends()
    alice.fills(label_1=items[0], amount_1="47000", label_2=items[1], amount_2="900")
    alice.sends()
    assert alice.page.locator(".errsum").is_visible(), "the items do not add up: the page stays"
    assert alice.page.evaluate("document.activeElement.className").startswith("errsum"), "and the summary has the focus"
    alice.looks("05-funds-error")
    alice.fills(amount_2="1000")
    alice.sends()
    alice.fills(background="A bakery for six years, two people. 经营六年，夫妻店。")
    alice.sends()
    alice.fills(phone="13800138000", region="ZJ", occupation="self_employed", industry="food", housing="rent", months_at_work="72")
    alice.sends()
    alice.fills(income_monthly="１５，０００", debt_monthly="0", debt_total="0", debt_other_platforms="0", overdue_count_6m="0")
    alice.looks("06-finances")
    alice.sends()
    alice.fills(repayment_plan="From daily sales. 以每日营业收入偿还。", repayment_source="business")
    alice.sends()
    assert alice.page.url == path + "documents/"
    alice.page.set_input_files("main [name=upload]", {"name": "invoice.png", "mimeType": "image/png", "buffer": a_picture()})
    alice.fills(kind="quote")
    alice.sends()
    alice.looks("07-documents")
    alice.opens(path + "privacy/")
    for purpose in ("application", "automated_decision", "listing_disclosure", "credit_source", "bank_source", "named_recipient"):
        assert alice.page.url == f"{path}privacy/{purpose}/", "each on its own screen"
        if purpose != "bank_source":  # it may wait
            alice.fills(**{purpose: "no" if purpose in ("credit_source", "named_recipient") else "yes"})
        if purpose in ("application", "credit_source"):
            alice.looks(f"08-consent-{purpose}")
        alice.sends()
    assert alice.page.url == path + "check/"
    alice.looks("09-check")
    alice.sends("main form[action$='/submit/'] button")
    alice.looks("10-sent")
    return str(path.rstrip("/").rpartition("/")[2])


def a_picture() -> bytes:
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (320, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()


def approve(world: World, application: str) -> None:
    """Dan finds it in the queue, claims it, reads the sealed answers and approves with a reason."""
    dan = world.dan
    dan.opens("/admin/", look_at="11-staff")
    dan.opens("/admin/loans/application/", look_at="12-queue")
    dan.page.click(f"#result_list a:has-text('{application}')")
    dan.sends("button[name=act][value=claim]")
    review = dan.page.url
    dan.looks("13-review")
    dan.page.locator("#content a[href$='/file/']").first.click()
    dan.page.check("[name=why][value=deciding]")
    dan.sends("#content form input[type=submit]")
    dan.looks("14-file")
    dan.opens(review)
    dan.page.fill("[name=reason]", "Sound, and well documented.")
    dan.sends("button[name=act][value=approve]")
    dan.looks("15-approved")


def accept(world: World, application: str) -> tuple[str, dict[str, Fraction]]:
    """Alice names her bank account, reads the offer and signs with a fresh proof. Returns the loan's path and the terms she read."""
    alice = world.alice
    add_bank_account(world)
    alice.opens(f"/applications/{application}/", look_at="16-offer-made")
    alice.page.locator("main a[href^='/offers/']").first.click()
    alice.looks("17-offer")
    terms = {name: Fraction(alice.page.locator(f"[data-{name}]").get_attribute(f"data-{name}")) for name in ("rate", "penalty")}
    alice.sends("main form[action$='/sign/'] button")
    if "reauthenticate" in alice.page.url:
        alice.looks("18-prove")
        alice.proves_it_is_them()  # and what she had sent is carried out
    assert "/loans/" in alice.page.url
    alice.looks("19-signed")
    return alice.page.url.removeprefix(world.site.url), terms


def add_bank_account(world: World) -> None:
    alice = world.alice
    alice.opens("/wallet/accounts/")
    if alice.page.locator(".tag.ok").count():
        return
    alice.opens("/wallet/accounts/new/")
    alice.proves_it_is_them()
    alice.opens("/wallet/accounts/new/")
    alice.fills(holder="林悦", number=alice.page.locator("aside .nb").inner_text())  # the number the sandbox suggests
    alice.sends()
    alice.waits_until(lambda page: page.locator(".tag.ok").count(), path="/wallet/accounts/", what="the bank's word on the account")
    alice.looks("20-bank-accounts")


def fund(world: World, language: str) -> str:
    """Three investors pay in, pledge in two steps, and fill the listing. Returns its path."""
    title, listing = PROJECT[language][0], ""
    for name, amount in HOLDINGS.items():
        investor = world.people[name]
        pay_in(world, name, amount + 1_000_00, look=name == "bob")
        investor.waits_until(lambda page: page.locator(f"main a:has-text('{title}')").count(), path="/market/", what="the listing")
        if name == "bob":
            investor.looks("23-market")
        investor.page.locator(f"main a:has-text('{title}')").first.click()
        listing = investor.page.url.removeprefix(world.site.url)
        if name == "bob":
            investor.looks("24-listing")
        investor.fills(amount=f"{amount // 100}", risk="on")
        investor.sends("main form[action$='/pledge/'] button.go")
        if name == "bob":
            investor.looks("25-confirm")
        investor.sends("main form[action$='/pledge/'] button.go")
        assert "/pledges/" in investor.page.url
        if name == "bob":
            investor.looks("26-receipt")
        world.wallets[name] -= amount
    return listing


def pay_in(world: World, name: str, amount: int, *, look: bool = False) -> None:
    """A transfer from the sandbox bank, until it stands in the wallet."""
    person = world.people[name]
    person.opens("/wallet/deposit/")
    person.fills(amount=f"{amount // 100}.{amount % 100:02d}")
    if look:
        person.looks("21-deposit")
    person.sends()
    world.wallets[name] += amount
    person.waits_until(lambda page: cents(page.locator(".figs dd").first.inner_text()) == world.wallets[name], path="/wallet/", what="the deposit")
    if look:
        person.looks("22-wallet")


def pay_out(world: World, loan: str) -> None:
    """Full: Dan proposes, Fay approves, a worker pays through the bank."""
    reference = loan.rstrip("/").rpartition("/")[2]
    world.alice.waits_until(lambda page: page.locator("[data-state=funded]").count(), path=loan, what="the listing to be filled")
    world.alice.looks("27-funded")
    for person, act, look in ((world.dan, "propose", "28-propose"), (world.fay, "approve", "29-approve")):
        person.opens(f"/admin/loans/disbursement/?q={reference}")
        person.page.locator("#result_list tbody th a").first.click()
        person.looks(look)
        person.sends(f"button[name=act][value={act}]")
    world.alice.waits_until(lambda page: page.locator("[data-state=active]").count(), path=loan, what="the payout")
    world.alice.looks("30-active")


def repay(world: World, loan: str, terms: dict[str, Fraction]) -> None:
    """On time, ten days late, on time, and then all the rest at once. The wallets are reckoned by hand beside it."""
    alice, paid_out_on = world.alice, world.today()
    plan = by_hand.level_plan(AMOUNT, terms["rate"], MONTHS, paid_out_on)
    holders = by_hand.Holders(HOLDINGS, rate=terms["rate"], fee_rate=FEE_RATE)
    pay_in(world, "alice", 60_000_00)
    for number, row in enumerate(plan[:3], start=1):
        on = row.due_on + timedelta(days=10 if number == 2 else 0)
        nights = max((on - row.due_on).days - 1 - 3, 0)  # those closed before today, after three days of grace
        penalties = nights * by_hand.penalty_a_day(row.total, terms["penalty"])
        world.desk("close_day", "--to", on.isoformat())
        alice.opens(loan)
        assert alice.amount("h1") == row.total + penalties, f"installment {number}"
        alice.looks(f"3{number}-due")
        alice.fills(amount=f"{(row.total + penalties) // 100}.{(row.total + penalties) % 100:02d}")
        alice.sends("main form[action$='/repay/'] button")
        holders.pay(principal=row.principal, interest=row.interest, penalties=penalties)
        world.wallets["alice"] -= row.total + penalties
    on = plan[2].due_on + timedelta(days=12)
    world.desk("close_day", "--to", on.isoformat())
    interest = by_hand.settlement_interest(plan[3], plan[2].due_on, on)
    alice.opens(loan)
    alice.looks("34-settle")
    alice.sends("main form[action$='/settle/'] button")
    alice.waits_until(lambda page: page.locator("[data-state=repaid]").count(), path=loan, what="the loan to be closed")
    alice.looks("35-repaid")
    holders.pay(principal=plan[2].balance, interest=interest)
    world.wallets["alice"] -= plan[2].balance + interest
    for name, net in holders.net.items():
        world.wallets[name] += net
    assert {name: holders.received[name]["principal"] for name in HOLDINGS} == HOLDINGS


def compare_wallets(world: World) -> None:
    for name, expected in world.wallets.items():
        person = world.people[name]
        person.opens("/wallet/")
        assert person.amount(".figs dd") == expected, f"the wallet of {name}"
    assert "CNY balanced" in world.desk("check_books")


def close_up(world: World, listing: str) -> None:
    """The last looks, and what eyes and ears found on the way."""
    world.bob.opens("/portfolio/", look_at="36-portfolio")
    world.bob.opens(listing, look_at="37-holding")
    world.bob.opens("/wallet/", look_at="38-wallet")
    world.alice.opens("/privacy/", look_at="39-privacy")
    world.alice.opens("/no-such-page/", look_at="40-not-found")
    troubles = [trouble for person in world.people.values() for trouble in (*person.console, *person.violations)]
    assert not troubles, "\n".join(troubles)
