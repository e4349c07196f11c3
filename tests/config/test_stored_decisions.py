"""A stored decision is computed again from its kept input, byte for byte; after an erasure only the date is left."""

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from config.recompute import UnableToRecompute, printed, recompute, recompute_stored
from core import business_day
from credit.models import Decision
from loans.models import Loan
from privacy import vault
from tests import stories
from tests.cast import alice, dan

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    now = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    business_day.advance(to=now.date(), now=now)
    return now


@pytest.fixture
def loan(now):
    return stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=4_800_000, term_months=6, now=now)


def test_score_and_price_come_out_again(loan, now):
    decision = Decision.objects.get()
    kept = vault.open_sealed(decision, ("facts", "output"), engine="test", purpose="automated_decision", now=now)
    again = recompute_stored("score", decision.reference)[0]
    assert again == kept["output"]["score"]
    assert printed(again) == printed(recompute("score", json.dumps(kept["facts"]["facts"]))[0])
    assert recompute_stored("price", decision.reference)[0] == kept["output"]["price"]


def test_schedule_of_a_loan_comes_out_again(loan):
    loan.refresh_from_db()
    output = recompute_stored("schedule", loan.reference)[0]
    assert output["totals"]["principal"] == 4_800_000
    assert Decimal(output["totals"]["interest"]) > 0
    assert len(output["installments"]) == 6


def test_erased_person_leaves_a_date(loan, now):
    decision = Decision.objects.select_related("subject").get()
    vault.erase(decision.subject, now=now)
    assert recompute_stored("score", decision.reference)[0] == {"erased": "2026-03-02"}
    assert recompute_stored("price", decision.reference)[0] == {"erased": "2026-03-02"}


@pytest.mark.parametrize("engine", ["score", "price", "schedule", "apr"])
def test_unknown_reference_is_refused(engine):
    assert not Loan.objects.exists()
    with pytest.raises(UnableToRecompute):
        recompute_stored(engine, "CD-NONE")
