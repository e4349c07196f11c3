"""Dan asks for more, Alice answers, and the application is back in the queue at its old place, assessed on what she set right."""

import re

import pytest
from django.utils import timezone

from core import business_day
from loans import application as applications
from loans import referral
from loans.application import UnableToApply
from loans.models import Application
from tests import stories
from tests.cast import alice, bob, client_of, dan
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


@world
def referred(now):
    """Her debts are missing, so the scorecard refers her to a person, and he asks."""
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    applications.save_answers(draft, section="finances", answers={"overdue_count_6m": None, "months_at_work": None}, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    assert draft.decision.outcome == "refer"
    applications.claim(draft, by=dan().user, now=now)
    applications.refer(draft, by=dan().user, reason="Since when do you run the bakery?", now=now)
    return Application.objects.get(pk=draft.pk)


def test_the_borrower_reads_the_question_sets_it_right_and_answers(referred, now):
    browser, page = client_of(alice()), f"/applications/{referred.reference}/"
    shown = browser.get(page).content.decode()
    assert "Since when do you run the bakery?" in shown
    work = {"phone": "13800138000", "region": "ZJ", "occupation": "self_employed", "industry": "food", "housing": "rent", "months_at_work": "72"}
    assert browser.post(f"{page}work/", work).url == page
    assert browser.post(f"{page}amount/", {"amount": "90000", "term_months": "6", "method": "equal_installment"}).url == page, "what is asked for stays"
    browser.post(f"{page}finances/", {"income_monthly": "15000", "debt_monthly": "0", "debt_total": "0", "debt_other_platforms": "0", "overdue_count_6m": "0"})
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown).group(1)
    assert browser.post(f"{page}answer/", {"text": " ", "idempotency_key": key}).status_code == 422
    assert browser.post(f"{page}answer/", {"text": "Since 2019.", "idempotency_key": key}).url == page
    back = Application.objects.select_related("decision").get(pk=referred.pk)
    assert (back.state, back.reviewer, back.amount) == ("submitted", None, 4_800_000)
    assert back.submitted_at == referred.submitted_at, "its place in the queue is kept"
    assert back.decision_id != referred.decision_id
    assert back.decision.outcome == "approve", "nothing is missing any more"
    assert "Since 2019." in browser.get(page).content.decode()
    assert referral.question(back) is None


def test_it_is_answered_once_and_by_its_borrower_alone(referred, now):
    assert client_of(bob()).post(f"/applications/{referred.reference}/answer/", {"text": "x"}).status_code in (302, 404)
    referral.answer(referred, text="Since 2019.", by=alice().user, as_of=business_day.current(), now=now)
    with pytest.raises(UnableToApply):
        referral.answer(referred, text="Again.", by=alice().user, as_of=business_day.current(), now=now)


def test_a_second_question_gets_a_second_answer(referred, now):
    referral.answer(referred, text="Since 2019.", by=alice().user, as_of=business_day.current(), now=now)
    again = Application.objects.get(pk=referred.pk)
    applications.claim(again, by=dan().user, now=now)
    applications.refer(again, by=dan().user, reason="And the lease?", now=now)
    referral.answer(again, text="Until 2031.", by=alice().user, as_of=business_day.current(), now=now)
    assert [reply is not None for _asked, reply in referral.exchanges(again)] == [True, True]


def test_reasons_come_in_words_with_ones_own_figures_and_what_would_be_approved(now):
    draft = stories.draft(alice(), amount=15_000_000, term_months=12, now=now)
    changed = {"months_at_work": "36", "debt_other_platforms": "4000000", "income_monthly": "1200000"}
    applications.save_answers(draft, section="finances", answers=changed, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    english = client_of(alice()).get(f"/applications/{draft.reference}/").content.decode()
    assert "Yours: 104%" in english, "the amount asked for against a year's income"
    assert "With ¥82,500.00 instead, it would be approved." in english
    chinese = client_of(alice(), language="zh-hans").get(f"/applications/{draft.reference}/").content.decode()
    assert "您的情况：104%" in chinese
    assert "若期限改为24个月，即可获批。" in chinese
    reasons = client_of(alice()).get(f"/api/v1/applications/{draft.reference}/reasons/").json()["reasons"]
    assert reasons[0]["value"].endswith("%")
    assert any(reason["way"] for reason in reasons)
