"""Decisions as kept: sealed, complete, under the cap, never edited."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from credit.assessment import assess
from credit.decision import cap_of, decide
from credit.models import Decision
from credit.pricing import quoted
from loans.product import STANDARD
from privacy import subjects, vault
from tests.credit.test_scorecard import DIGEST, GOOD

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = NOW.date()
DECENT = replace(GOOD, amount=4_800_000, months_at_work=60)
INDEBTED = replace(DECENT, debt_monthly=900_000, debt_total=40_000_000, debt_other_platforms=10_000_000)


@pytest.fixture
def subject():
    return subjects.create("person", now=NOW)


def made(subject, facts=DECENT, product=STANDARD):
    return decide(about="AP-TEST", subject=subject, facts=facts, product=product, as_of=DAY, now=NOW)


def stored(subject, **changes):
    row = made(subject, **changes)
    return Decision.objects.get(pk=row.pk)


def test_decent_income_is_approved_at_a_sensible_rate_under_the_cap(subject):
    row = stored(subject)
    assert (row.outcome, row.model, row.model_sha256) == ("approve", "expert-2026-11", DIGEST)
    assert row.grade in ("A", "B")
    assert Decimal("0.06") <= row.annual_rate <= Decimal("0.09")
    assert row.annual_rate < row.apr < cap_of(row) == Decimal("0.154")


def test_columns_are_the_assessment_at_their_scale(subject):
    row = stored(subject)
    found = assess(DECENT, product=STANDARD, jurisdiction="SANDBOX", as_of=DAY)
    assert (row.points, row.pd, row.grade) == (found.score.points, found.score.pd, found.score.grade)
    assert row.annual_rate == quoted(found.price.annual_rate)
    assert row.apr == found.price.apr.quantize(Decimal("0.000001"))
    assert abs(row.expected_loss - found.expected_loss) <= Decimal("5e-11")


def test_what_it_saw_and_said_is_kept_and_sealed(subject):
    row = stored(subject)
    kept = vault.open_sealed(row, ("facts", "output"), engine="test", purpose="automated_decision", now=NOW)
    assert kept["facts"]["facts"] == DECENT.as_dict()
    assert Decimal(kept["facts"]["product"]["lgd"]) == STANDARD.lgd
    assert kept["output"] == assess(DECENT, product=STANDARD, jurisdiction="SANDBOX", as_of=DAY).as_dict()
    with connection.cursor() as cursor:
        cursor.execute("SELECT credit_decision::text FROM credit_decision WHERE id = %s", [row.pk])
        raw = cursor.fetchone()[0]
    assert "income_monthly" not in raw
    assert b"income_monthly".hex() not in raw


@pytest.mark.parametrize("name", ["income_monthly", "debt_monthly", "debt_other_platforms", "overdue_count_6m", "months_at_work", "occupation"])
def test_missing_fact_is_referred_without_grade_or_price(subject, name):
    row = stored(subject, facts=replace(DECENT, **{name: None}))
    assert (row.outcome, row.grade) == ("refer", "")
    assert (row.points, row.pd, row.expected_loss, row.annual_rate, row.apr) == (None,) * 5
    assert cap_of(row) == Decimal("0.154")


def test_approval_that_cannot_be_priced_is_referred(subject):
    row = stored(subject, product=replace(STANDARD, target_yield=Decimal("0.2")))
    assert (row.outcome, row.annual_rate, row.apr) == ("refer", None, None)
    assert row.grade in ("A", "B")


def test_heavy_debt_is_never_approved(subject):
    assert stored(subject, facts=INDEBTED).outcome == "refer"
    assert stored(subject, facts=replace(INDEBTED, overdue_count_6m=3, months_at_work=3)).outcome == "decline"


def test_decision_is_never_edited_or_deleted(subject):
    row = made(subject)
    for attempt in (lambda: Decision.objects.filter(pk=row.pk).update(outcome="decline"), lambda: Decision.objects.filter(pk=row.pk)._raw_delete("default")):
        with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic():
            attempt()
    assert Decision.objects.get(pk=row.pk).outcome == "approve"


def test_database_refuses_an_approval_without_a_rate(subject):
    row = made(subject)
    copy = {field.attname: getattr(row, field.attname) for field in Decision._meta.concrete_fields if field.name in ("about", "model", "model_sha256", "as_of")}
    with pytest.raises(IntegrityError, match="credit_decision_approval_is_complete"), transaction.atomic():
        Decision.objects.create(**copy, subject=subject, facts={}, output={}, outcome="approve", grade="B", cap=row.cap, decided_at=NOW)
