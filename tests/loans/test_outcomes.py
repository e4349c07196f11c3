"""What came of loans, as the monitoring of models reads it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from config.tasks import watch_models
from core import business_day
from credit.models import MonthOfOutcomes, Watch
from loans import loan as loans
from loans import outcomes
from marketplace.models import Listing
from tests import stories
from tests.cast import alice, bob, dan, fay

pytestmark = pytest.mark.django_db


def test_a_default_is_dated_once_and_what_follows_does_not_undo_it():
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    stories.pay_in(bob(), 2_000_000, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), 1_000_000, now=now)
    stories.outbox.drain(now=now)
    assert outcomes.lent() == [], "nothing is paid out"
    stories.pay_out(loan, proposer=dan(), approver=fay(), now=now)
    loan.refresh_from_db()
    (found,) = outcomes.lent()
    decision = loan.agreement.offer.decision
    assert (found.model_sha256, found.pd, found.bad_by) == (decision.model_sha256, decision.pd, None)
    loans.change(loan, "late", now=now + timedelta(days=31), why="days_late")
    loans.change(loan, "defaulted", now=now + timedelta(days=121), why="days_late")
    loans.change(loan, "active", now=now + timedelta(days=200), why="caught_up")
    assert outcomes.lent()[0].bad_by == 4
    watch_models()
    assert Watch.objects.get().reference is None, "one decision is no reference"
    assert not MonthOfOutcomes.objects.exists(), "no month has closed"


@pytest.mark.parametrize(("day", "month"), [("2026-01-31", 1), ("2026-02-28", 1), ("2026-03-08", 2), ("2026-05-31", 4), ("2026-06-02", 4), ("2027-01-31", 12)])
def test_months_on_book_are_counted_from_the_payout(day, month):
    assert outcomes.month_on_book(date(2026, 1, 31), date.fromisoformat(day)) == month
