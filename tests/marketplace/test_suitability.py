"""Whether lending suits somebody: rules as tables, figures with their sources, and the gate before money goes out."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.models import Party
from core import business_day, outbox
from marketplace import mandate as mandates
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge, SuitabilityCheck
from marketplace.suitability import check as checks
from marketplace.suitability import pack as packs
from marketplace.suitability import questions, rules
from marketplace.suitability.forms import SuitabilityForm
from marketplace.suitability.rules import Standing, Wish
from tests import stories
from tests.cast import alice, bob, client_of, dan
from tests.programs import Program
from tests.worlds import world

NOW = timezone.localtime()
DAY = timedelta(days=1)
RIGHT = {question.code: question.right for question in questions.QUESTIONS}
WRONG = {question.code: (question.right + 1) % 3 for question in questions.QUESTIONS}
FIGURES = {"income": 20_000_000, "assets": 12_000_000, "commitments": 2_000_000}  # 300,000 yuan of net worth


def known(**more):
    facts = {"checked_at": NOW, "first_checked_at": NOW, "right_share": Decimal(1), "passed": True, "acknowledged": True, "net_worth": 30_000_000}
    return Standing(**(facts | more))


@pytest.mark.parametrize(
    ("pack", "standing", "wish", "after", "code"),
    [
        ("SANDBOX", Standing(), Wish(10**12), 0, ""),
        ("ECSPR", Standing(), Wish(1), 0, "check_needed"),
        ("ECSPR", known(acknowledged=False), Wish(1), 0, "warning_needed"),
        ("ECSPR", known(passed=False), Wish(1), 0, ""),  # warned, not barred
        ("ECSPR", known(), Wish(1), 729, ""),
        ("ECSPR", known(), Wish(1), 730, "check_expired"),
        ("ECSPR", known(), Wish(1_500_000), 0, ""),  # exactly 5 % of net worth
        ("ECSPR", known(), Wish(1_500_001), 0, "confirm_amount"),
        ("ECSPR", known(), Wish(1_500_001, confirmed=True), 0, ""),
        ("ECSPR", known(net_worth=0), Wish(100_000, currency="EUR"), 0, ""),  # exactly 1,000 euro
        ("ECSPR", known(net_worth=0), Wish(100_001, currency="EUR"), 0, "confirm_amount"),
        ("ECSPR", known(net_worth=0), Wish(1), 0, "confirm_amount"),  # the euro amount counts in euro only
        ("UK", known(passed=False), Wish(1), 2, "not_appropriate"),
        ("UK", known(), Wish(1), 0, "first_wait"),
        ("UK", known(), Wish(3_000_000), 1, ""),
        ("UK", known(), Wish(3_000_001), 1, "over_limit"),
        ("UK", known(), Wish(1, put_in_12m=3_000_000), 1, "over_limit"),
        ("UK", known(), Wish(3_000_000, at_work=9_000_000), 1, ""),  # what was put in longer ago does not count
        ("CN", known(passed=False), Wish(1), 0, "not_appropriate"),
        ("CN", known(right_share=Decimal("0.5")), Wish(3_000_001), 0, "over_limit"),
        ("CN", known(right_share=Decimal("0.8")), Wish(6_000_000), 0, ""),
        ("CN", known(), Wish(1, at_work=6_000_000), 0, "over_limit"),
    ],
)
def test_the_rules_as_a_table(pack, standing, wish, after, code):
    assert rules.refusal(packs.packs()[pack], standing, wish, now=NOW + after * DAY) == code


def test_two_failures_and_a_day(settings):
    uk = packs.packs()["UK"]
    assert rules.may_retake(uk, [NOW], now=NOW) is None
    assert rules.may_retake(uk, [NOW, NOW - DAY], now=NOW) == NOW + DAY
    assert rules.may_retake(uk, [NOW, NOW - DAY], now=NOW + DAY) is None


def test_every_figure_has_a_source_and_every_setting_a_pack(settings, tmp_path):
    assert set(packs.packs()) == {"SANDBOX", "ECSPR", "UK", "CN"}
    bad = tmp_path / "X@1.json"
    bad.write_text('{"id": "X", "version": "1", "name": {"en": "X"}, "figures": {"reflection_days": 4}, "sources": []}')
    with pytest.raises(ImproperlyConfigured, match="no source for reflection_days"):
        packs._read(bad)
    settings.SUITABILITY_PACK = "UK"
    assert (packs.named("SANDBOX").id, packs.named("CN").id) == ("UK", "CN")
    settings.SUITABILITY_PACK = "MOON"
    with pytest.raises(ImproperlyConfigured, match="MOON"):
        packs.named("SANDBOX")


@world
def listing():
    business_day.advance(to=NOW.date(), now=NOW)
    stories.pay_in(bob(now=NOW), 3_000_000, now=NOW)
    loan = stories.accepted_loan(alice(now=NOW), reviewer=dan(now=NOW), amount=2_000_000, term_months=6, now=NOW)
    return Listing.objects.get(loan=loan)


def under(pack, member):
    Party.objects.filter(pk=member.party.pk).update(funding_profile=pack)
    member.party.refresh_from_db()
    return member


def qualified(member, *, answers=RIGHT, figures=FIGURES, at=NOW):
    made = checks.take(member.party, by=member.user, answers=answers, finances=figures, now=at)
    checks.acknowledge(made, by=member.user, now=at)
    return made


def refused(member, listing, amount, *, now, **more):
    wish = pledging.Wish(listing, member.party, member.user, amount, listing.annual_rate, **more)
    with pytest.raises(pledging.UnableToPledge) as error:
        pledging.place(wish, key=f"{amount}-{now}", as_of=NOW.date(), now=now)
    assert not Pledge.objects.exists()
    return error.value


def test_four_days_to_take_it_back_and_the_loan_waits(listing):
    """EU: no test, no pledge; a large amount is confirmed; a full listing waits until nobody can take back; what is taken back comes back whole."""
    member = under("ECSPR", bob())
    assert refused(member, listing, 100_000, now=NOW).code == "check_needed"
    qualified(member, answers=WRONG)
    large = refused(member, listing, 2_000_000, now=NOW)
    assert (large.code, "¥15,000.00" in str(large.message)) == ("confirm_amount", True)
    wish = pledging.Wish(listing, member.party, member.user, 2_000_000, listing.annual_rate, large=True)
    pledge = pledging.place(wish, key="all-of-it", as_of=NOW.date(), now=NOW)
    assert pledge.reflect_until == pledge.cancel_until == NOW + 4 * DAY
    outbox.drain(now=NOW + 3 * DAY)
    listing.refresh_from_db()
    assert (listing.state, listing.funded) == ("open", 2_000_000)
    pledging.cancel(pledge, by=member.user, as_of=NOW.date(), now=NOW + 3 * DAY)
    listing.refresh_from_db()
    pledge = pledging.place(wish, key="again", as_of=NOW.date(), now=NOW + 3 * DAY)
    outbox.drain(now=NOW + 6 * DAY)
    listing.refresh_from_db()
    assert listing.state == "open"
    outbox.drain(now=NOW + 7 * DAY + timedelta(seconds=1))
    listing.refresh_from_db()
    assert listing.state == "filled"


def test_programs_get_a_code(listing):
    member = under("UK", bob())
    qualified(member, at=NOW - 2 * DAY)
    program, body = Program(member), {"amount": 2_000_000, "seen_rate": str(listing.annual_rate), "risk": True}
    Party.objects.filter(pk=member.party.pk).update(funding_profile="CN")
    SuitabilityCheck.objects.update(acknowledged_at=None)
    answer = program.post(f"listings/{listing.reference}/pledges/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "warning_needed")


def test_a_mandate_starts_when_its_investor_may_invest_and_keeps_to_the_room(listing):
    member = under("UK", bob())
    mandate = mandates.create(party=member.party, by=member.user, terms={"per_loan": 500_000}, now=NOW)
    with pytest.raises(mandates.UnableToMandate) as error:
        mandates.start(mandate, by=member.user, now=NOW)
    assert error.value.code == "check_needed"
    qualified(member, figures=FIGURES | {"assets": 0, "income": 4_000_000})
    mandates.start(mandate, by=member.user, now=NOW + DAY)
    bounds = lambda now: checks.bounds([member.party.pk], currency="CNY", now=now)[member.party.pk]  # noqa: E731
    assert bounds(NOW + DAY) == checks.Bounds(room=200_000)
    assert bounds(NOW + 400 * DAY) == checks.Bounds(barred=True, room=0), "the test is too old"


def test_the_test_on_its_page(listing):
    member = under("UK", bob())
    browser = client_of(member)
    send = lambda address, data: browser.post(address, data | {"idempotency_key": uuid.uuid4().hex})  # noqa: E731
    assert "take the short test" in browser.get("/suitability/").content.decode()
    assert send("/suitability/", {"loss": "1"}).status_code == 422
    data = {code: str(right) for code, right in (WRONG | {"loss": 1}).items()} | {"income": "200000", "assets": "120000", "commitments": "20000"}
    assert send("/suitability/", data | {"income": "-1"}).status_code == 422
    for _attempt in range(2):
        assert send("/suitability/", data).status_code == 302
    page = browser.get("/suitability/").content.decode()
    assert "Worth reading again" in page
    assert "¥300,000" in page
    third = send("/suitability/", data)
    assert (third.status_code, "Two tests went wrong" in third.content.decode()) == (422, True)
    assert send("/suitability/confirm/", {}).status_code == 422
    nothing = SuitabilityForm(data | {"income": "0", "assets": "0", "commitments": "0"})
    assert nothing.is_valid(), nothing.errors
    assert send("/suitability/confirm/", {"read": "on"}).status_code == 302
    assert "出借是否适合我" in client_of(member, language="zh-hans").get("/suitability/").content.decode()
    assert "by your test" in client_of(member).get("/suitability/").content.decode().lower()
