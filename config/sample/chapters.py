"""The chapters of one sample loan, each one call of the public operations after another, in one transaction."""

from __future__ import annotations

import random
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone
from stdnum.cn import ric

from accounts import identity, onboarding, parties
from accounts.cast import PASSWORD, PEOPLE, Member, make
from accounts.models import Party, User
from accounts.reauthentication import Reauthentication
from config.sample.plan import ALICE, BACKER_EVERY, INVESTORS, SEED, Story
from config.sample.texts import Text, funds, text_for
from core import business_day
from loans import application as applications
from loans import disbursement, offer
from loans.models import Application, Loan
from marketplace import listing as listings
from marketplace import pledge as pledging
from notifications import preferences
from notifications.catalogue import KINDS
from payments import bank_account, deposit
from payments.rails import sandbox
from privacy import consents, notices
from privacy.forms import Answer

FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GIVEN = "安宁清和思远嘉言书航一诺明川静宜若溪子墨晨曦"


def moment(day: date) -> datetime:
    """Ten in the morning of a business day."""
    return datetime.combine(day, time(10), ZoneInfo(settings.TIME_ZONE))


def _answer(purpose: str) -> Answer:
    return Answer("given", purpose, notices.current(purpose, "zh-hans"))


def person(kind: str, serial: int, *, now: datetime, borrows: bool = False, invests: bool = False) -> Member:
    """Somebody signed up, verified and with a bank account, or the one there is."""
    email = f"{kind}-{serial:02d}@xinqiao.example"
    known = User.objects.filter(email=email).first()
    if known is not None:
        return Member(user=known, party=Party.objects.get(subject=known.subject_id))
    user = onboarding.register(email=email, password=None, language="zh-hans", now=now, answers=[_answer("account")])
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    party = Party.objects.get(subject=user.subject_id)
    parties.choose_sides(party, borrows=borrows, invests=invests, by=user, now=now)
    preferences.choose(user=user, mail=dict.fromkeys(KINDS, False), quiet=True, quiet_from=21, quiet_until=8)  # nobody reads their mail
    name, number = _papers(kind, serial)
    check = identity.submit(party=party, document="resident_id", legal_name=name, number=number, by=user, now=now, answers=[_answer("identity")])
    identity.verify(check, legal_name=name, now=now)
    party.refresh_from_db()
    account = bank_account.add(party=party, number=sandbox.sample_number(10_000 + user.pk), holder=name, by=user, now=now)
    bank_account.verify(account_id=account.pk, now=now)
    return Member(user=user, party=party)


def _papers(kind: str, serial: int) -> tuple[str, str]:
    draw = random.Random(f"{SEED}:{kind}:{serial}")  # noqa: S311 a sample, not a secret
    name = draw.choice(FAMILY) + draw.choice(GIVEN) + draw.choice(GIVEN)
    place = draw.choice(("310104", "110108", "110105"))
    body = f"{place}{draw.randrange(1975, 2002)}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}{draw.randrange(100, 1000)}"
    return name, body + ric.calc_check_digit(body + "0")


def pay_in(member: Member, amount: int, *, key: str, now: datetime) -> None:
    """A bank transfer arrives with the party's reference."""
    reference, day = member.party.reference, timezone.localdate(now)
    line = sandbox.send_money(key=f"sample:{key}", reference=reference, amount=amount, currency="CNY", now=now)
    deposit.receive(rail=sandbox.NAME, line_id=line, amount=amount, currency="CNY", reference=reference, booked_on=day, now=now)


def borrower(story: Story, *, now: datetime) -> Member:
    """Who tells this story: somebody made for it, or Alice."""
    if story.serial != ALICE:
        return person("borrower", story.serial, now=now, borrows=True)
    alice = make("alice")
    if not alice.party.bank_accounts.exists():
        number = sandbox.sample_number(10_000 + alice.user.pk)
        account = bank_account.add(party=alice.party, number=number, holder=PEOPLE["alice"].legal_name, by=alice.user, now=now)
        bank_account.verify(account_id=account.pk, now=now)
    return alice


def text_of(story: Story) -> Text:
    return text_for(story.source_purpose, story.ordinal)


def apply(story: Story, *, now: datetime) -> Application:
    """The borrower's complete draft."""
    member, text = borrower(story, now=now), text_of(story)
    application = applications.start(party=member.party, by=member.user, language=text.language, now=now)
    applications.save_project(
        application,
        title=text.title,
        summary=text.summary,
        purpose=text.purpose,
        amount=story.amount,
        term_months=story.term_months,
        method=story.method,
        now=now,
    )
    applications.save_funds(application, items=funds(text, story.amount), now=now)
    for section, answers in _answers(story, text).items():
        application = Application.objects.select_related("file").get(pk=application.pk)
        applications.save_answers(application, section=section, answers=answers, now=now)
    file = application.file
    for purpose in applications.REQUIRED_CONSENTS:
        notice = notices.current(purpose, "zh-hans")
        consents.record(subject=file.subject, purpose=purpose, decision="given", notice=notice, locale="zh-hans", now=now, matter=file.matter)
    return Application.objects.select_related("file__subject", "file__matter", "party").get(pk=application.pk)


def _answers(story: Story, text: Text) -> dict[str, dict[str, str | None]]:
    return {
        "background": {"background": text.background},
        "repayment": {"repayment_plan": text.plan, "repayment_source": "business" if story.occupation == "self_employed" else "salary"},
        "finances": {
            "phone": f"1380000{story.serial:04d}",
            "region": story.region,
            "occupation": story.occupation,
            "industry": story.industry,
            "housing": story.housing,
            "months_at_work": str(story.months_at_work),
            "income_monthly": str(story.income_monthly),
            "debt_monthly": "0",
            "debt_total": "0",
            "debt_other_platforms": "0",
            "overdue_count_6m": "0" if story.stops_after is None else "1",
        },
    }


def review(application: Application, verdict: str, *, now: datetime) -> None:
    """Sent, claimed by Dan, and decided: approve | refer | decline. What has no price is declined."""
    applications.submit(application, by=application.created_by, as_of=business_day.current(), now=now)
    application.refresh_from_db()
    dan = make("dan").user
    applications.claim(application, by=dan, now=now)
    priced = application.decision is not None and application.decision.annual_rate is not None and application.decision.outcome != "decline"
    language = application.language if application.language in REASONS["refer"] else "en"
    verdict = verdict if priced or verdict == "refer" else "decline"
    decide = {"approve": applications.approve, "refer": applications.refer, "decline": applications.decline}[verdict]
    decide(application, by=dan, reason=REASONS[verdict][language], now=now)


REASONS = {
    "approve": {"zh-hans": "收入与期限相称，用途清楚。", "en": "Income fits the term, and the use is clear."},
    "refer": {
        "zh-hans": "请补充最近三个月的收入凭证，并说明第一项的报价来自哪里。",
        "en": "Please add proof of income for the last three months, and say where the quote for the first item comes from.",
    },
    "decline": {"zh-hans": "在上限之内没有合适的价格。", "en": "There is no price under the cap."},
}


def to_market(application: Application, *, now: datetime) -> Loan | None:
    """Reviewed, offered and accepted, unless no price was found."""
    review(application, "approve", now=now)
    made = application.offers.first()
    if made is None:
        return None
    by = application.created_by
    loan = offer.accept(made, by=by, reauthentication=Reauthentication("password", now), language=application.language, now=now)
    assert loan is not None
    listings.publish(loan=loan, now=now)
    return loan


def fund(loan: Loan, *, share: float, serial: int, now: datetime) -> None:
    """Investors pledge `share` of the target in whole units; a full listing is filled."""
    listing = loan.listing
    wanted = int(listing.target * share) // listing.unit * listing.unit
    backers = _backers(serial, now=now)
    for place, investor in enumerate(backers):
        left = wanted - listing.funded
        part = left if place == len(backers) - 1 else min(left, max(wanted // len(backers) // listing.unit, 1) * listing.unit)
        if part <= 0:
            break
        wish = pledging.Wish(listing, investor.party, investor.user, part, listing.annual_rate)
        pledging.place(wish, key=f"sample:{serial}:{investor.user.pk}", as_of=business_day.current(), now=now)
        listing.refresh_from_db()
    listings.fill(listing, as_of=business_day.current(), now=now)


def _backers(serial: int, *, now: datetime) -> list[Member]:
    """Two to four: whoever of the cast is due, and investors made for it."""
    draw = random.Random(f"{SEED}:fund:{serial}")  # noqa: S311 a sample, not a secret
    cast = [make(name) for name, every in BACKER_EVERY.items() if serial % every == 0]
    numbers = draw.sample(range(INVESTORS), max(draw.randrange(2, 4) - len(cast), 1))
    return [*cast, *(person("investor", number, now=now, invests=True) for number in numbers)]


def pay_out(loan: Loan, *, approve: bool, now: datetime) -> None:
    """Dan proposes; Fay approves, or leaves it for whoever looks in."""
    order = loan.disbursement
    disbursement.propose(order, by=make("dan").user, now=now)
    if approve:
        disbursement.approve(order, by=make("fay").user, now=now)


__all__ = ["PASSWORD", "apply", "fund", "moment", "pay_in", "pay_out", "person", "review", "to_market"]
