"""How decisions turned out: counted by grade and quarter, told only of groups large enough, beside how often a person decided otherwise."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from config import outcomes
from core import business_day
from marketplace.models import Listing
from tests import stories
from tests.cast import alice, bob, dan, fay

pytestmark = pytest.mark.django_db


def test_small_groups_are_counted_and_not_told_and_the_expected_stands_beside_the_observed(monkeypatch):
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    assert "No loan was paid out yet" in page("en")
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    stories.pay_in(bob(), 2_000_000, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), 1_000_000, now=now)
    stories.outbox.drain(now=now)
    stories.pay_out(loan, proposer=dan(), approver=fay(), now=now)
    today = business_day.current()
    (row,) = outcomes.read(as_of=date(today.year + 1, today.month, 1))["vintages"]
    assert (row.loans, row.observed, row.loss, row.told) == (1, 0, 0, False)
    assert 0 < row.expected < 0.05, "six months of the grade's yearly chance"
    assert 0 < row.expected_loss < 50_000
    assert "fewer than 10" in page("en")
    monkeypatch.setattr(outcomes, "SMALLEST_CELL", 1)
    chinese = page("zh-hans")
    assert "预期违约" in chinese
    assert "¥0.00" in chinese


def page(language):
    client = Client()
    client.cookies["django_language"] = language
    answer = client.get("/outcomes/")
    assert answer.status_code == 200
    return answer.content.decode()
