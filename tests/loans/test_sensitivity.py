"""Staff see what the price would be if one figure were otherwise; a co-borrower who joined lowers what is lost."""

from decimal import Decimal

import pytest
from django.utils import timezone

from core import business_day
from credit.models import MonthOfOutcomes
from credit.pricing import over_term
from loans import application as applications
from loans import product, sensitivity
from tests import stories
from tests.cast import alice, client_of, dan

pytestmark = pytest.mark.django_db


def submitted(now):
    business_day.advance(to=timezone.localdate(), now=now)
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    return draft


def test_the_table_starts_from_the_quote_and_moves_with_each_figure():
    found = submitted(timezone.now())
    rows = sensitivity.of(found)
    assert rows[0]["rate"].quantize(Decimal("0.0001")) - found.decision.annual_rate < Decimal("0.0001")
    assert len(rows) == 1 + 1 + 3 + 2 + 2
    assert rows[1]["value"] == over_term(found.decision.pd, 6) < rows[0]["value"]
    assert rows[1]["apr"] < rows[0]["apr"], "what is not known has its price"
    half, more, double = (row["apr"] for row in rows[2:5])
    assert half < rows[0]["apr"] < more < double
    assert rows[5]["apr"] < rows[0]["apr"] < rows[6]["apr"]
    MonthOfOutcomes.objects.create(
        model=found.decision.model, model_sha256=found.decision.model_sha256, month=timezone.localdate().replace(day=1), months_on_book=12,
        grade=found.decision.grade, loans=40, expected=1, observed=1, low=0, high=4,
    )  # fmt: skip
    assert sensitivity.of(found)[-1]["apr"] > rows[0]["apr"], "forty loans leave much open"
    page = f"/admin/loans/application/{found.pk}/change/"
    assert "If one figure were otherwise" in client_of(dan()).get(page).content.decode()
    assert "经40笔同类借款后，概率的90%上限" in client_of(dan(), language="zh-hans").get(page).content.decode()


def test_what_was_priced_by_other_terms_is_not_explained_by_these(monkeypatch):
    found = submitted(timezone.now())
    from dataclasses import replace

    monkeypatch.setattr(product, "STANDARD", replace(product.STANDARD, target_yield=Decimal("0.07")))
    assert sensitivity.of(found) == []
