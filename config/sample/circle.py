"""A few people around the sample borrowers: one answers a question, one stops, one is left alone at night. Made by the operations everybody uses."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from accounts.cast import make
from config.sample import chapters, progress
from core import business_day
from core.outbox import JobContext, handles
from loans import circle as circles
from loans import ladder, outreach
from loans.models import Application, LadderCase, Loan
from privacy import circle, number_checks, numbers, texts
from privacy.models import Contact, NumberCheck

NAMES = ("何晓", "马宁", "罗一", "高远")


@handles("sample.circle")
def tell(*, job: JobContext) -> None:
    """Yesterday morning and the night before, so that the public count has something to count."""
    morning = chapters.moment(business_day.current() - timedelta(days=1))
    late = list(Loan.objects.filter(state__in=["late", "defaulted"]).select_related("agreement__offer__application").order_by("pk")[: len(NAMES)])
    for serial, loan in enumerate(late):
        application = Application.objects.select_related("file__subject", "file__matter", "party__subject").get(pk=loan.agreement.offer.application_id)
        contact = _accepts(application, serial, now=morning)
        _asked(_climbed(application, now=morning), contact, serial, now=morning + timedelta(hours=1))
    progress.tell_later()


def _accepts(application: Application, serial: int, *, now: datetime) -> Contact:
    """The borrower sends a link, the other person proves a number and agrees."""
    made = circles.invite(application, relationship="friend", scopes=["reference", "locate"], by=application.created_by, locale="zh-hans", now=now)
    number = numbers.parse(f"1390000{7000 + serial:04d}", jurisdiction="CN")
    draft = {"name": NAMES[serial], "scopes": ["reference"]}
    check = number_checks.start(number=number, aim=NumberCheck.Aim.ACCEPT, locale="zh-hans", now=now, link=made.link, draft=draft)
    number_checks.send_code(job=JobContext(id=0, key=f"number_check:{check.pk}", payload={"check": check.pk}, attempts=1, now=now))
    code = re.search(r"\d{6}", texts.inbox(number.index, now=now)[0].body)
    assert code is not None
    return circle.accept(number_checks.confirm(check.pk, code[0], now=now), now=now)


def _climbed(application: Application, *, now: datetime) -> LadderCase:
    """Everything below was tried, and a second person agreed that a reference is needed."""
    dan, fay = make("dan").user, make("fay").user
    case = ladder.open_case(application, question="work", by=dan, now=now)
    for level in range(4):
        ladder.record(case, level=level, outcome="not_enough", note="样例：未能确认。", by=dan, now=now)
    need = ladder.request_necessity(case, level=4, why="样例：其他来源均不能确认经营地址。", by=dan, now=now)
    ladder.approve(need, by=fay, now=now)
    return case


def _asked(case: LadderCase, contact: Contact, serial: int, *, now: datetime) -> None:
    """The first answers, the second has stopped, the third is asked at night, the fourth for something they never agreed to."""
    purpose, at = "verify_reference", now
    if serial == 1:
        circle.stop_number(bytes(contact.number_index or b""), reason="stopped", now=now)
    elif serial == 2:
        at = now - timedelta(hours=12)
    elif serial == 3:
        purpose = "relay_message"
    fresh = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    outcome = outreach.ask_contact(case, fresh, purpose=purpose, channel="sms", by=make("dan").user, now=at)
    if outcome.message is not None:
        circle.answer(outcome.message, answer={"yes": True}, now=now)
