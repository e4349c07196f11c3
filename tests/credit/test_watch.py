"""A model in life: weeks of applicants against its first decisions, what rings, and who hears of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import outbox
from credit import scorecard, serving, watch
from credit.models import Decision, ModelAlarm, Watch, WeekOfInputs
from notifications.models import Message
from privacy import subjects, vault
from privacy.models import AccessLog
from tests import cast
from tests.credit.test_champion import modeler
from tests.credit.test_decision import DECENT

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 9, 7)
BEGIN = datetime(2026, 9, 7, 3, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def subject():
    return subjects.create("person", now=BEGIN)


def decisions(subject, week, count, *, seed, richer=1.0, unknown=0.0):
    """As many as were decided that week; `richer`: income of its applicants, `unknown`: how often nobody knows it."""
    draw, digest = np.random.default_rng(seed), serving.digest(scorecard.CURRENT)
    rows = []
    for place in range(count):
        income = None if draw.random() < unknown else int(draw.lognormal(13.5, 0.4) * richer)
        facts = DECENT.as_dict() | {"income_monthly": income, "amount": int(draw.integers(5, 60)) * 100_000, "purpose": str(draw.choice(["home", "equipment"]))}
        row = Decision(about=f"AP-{place}", subject=subject, facts={"facts": facts}, output={}, model=scorecard.CURRENT, model_sha256=digest, outcome="refer")
        row.pd, row.cap, row.as_of = Decimal(str(round(float(draw.beta(2, 30)), 6))), Decimal("0.154"), BEGIN.date()
        row.decided_at = BEGIN + week * WEEK + timedelta(minutes=place)
        rows.append(row)
    Decision.objects.bulk_create(rows)


def test_weeks_are_judged_once_and_what_changed_rings_and_is_told(subject):
    owner, signer, reviewer = modeler(), cast.fay(), cast.dan()
    decisions(subject, 0, 300, seed=1)
    assert watch.inputs(today=MONDAY + WEEK, now=BEGIN + WEEK) == []
    assert Watch.objects.get().reference is None, "too few to compare with"
    decisions(subject, 1, 300, seed=2)
    decisions(subject, 2, 250, seed=3)
    decisions(subject, 3, 40, seed=4)
    decisions(subject, 4, 300, seed=5, richer=1.6)
    now = BEGIN + 5 * WEEK
    (rang,) = watch.inputs(today=MONDAY + 5 * WEEK, now=now)
    assert (rang.about, rang.kind, rang.on) == ("income_monthly", "higher", MONDAY + 5 * WEEK - timedelta(days=1))
    assert rang.after <= 200
    found = {(row.week, row.name): row for row in WeekOfInputs.objects.all()}
    assert len(found) == 3 * 13, "a score and twelve inputs; the reference's own weeks are not judged"
    assert {found[MONDAY + 2 * WEEK, name].asks_for for name in ("score", "income_monthly", "purpose")} == {"nothing"}
    assert found[MONDAY + 3 * WEEK, "score"].asks_for == "too_few"
    assert found[MONDAY + 4 * WEEK, "income_monthly"].asks_for == "stop"
    assert found[MONDAY + 4 * WEEK, "amount"].asks_for == "nothing"
    looks = AccessLog.objects.filter(subject=subject, page="credit.watch").count()
    assert watch.inputs(today=MONDAY + 5 * WEEK, now=now) == []
    assert AccessLog.objects.filter(subject=subject, page="credit.watch").count() <= looks + 1
    outbox.drain(now=now)
    told = set(Message.objects.filter(template="model.rang").values_list("user", flat=True))
    assert told == {owner.user.pk, signer.user.pk}
    for language, words in (("en", "Monthly income: higher than before"), ("zh-hans", "月收入：比以前高")):
        assert words in cast.client_of(signer, language=language).get("/messages/").content.decode()
    for name in ("modelalarm", "weekofinputs", "monthofoutcomes"):
        assert cast.client_of(reviewer).get(reverse(f"admin:credit_{name}_changelist")).status_code == 200


def test_what_is_missing_more_often_rings_and_the_erased_are_not_opened(subject):
    decisions(subject, 0, 500, seed=1, unknown=0.03)
    other = subjects.create("person", now=BEGIN)
    decisions(other, 1, 5, seed=6)
    decisions(subject, 1, 250, seed=3, unknown=0.3)
    vault.erase(other, now=BEGIN)
    (rang,) = watch.inputs(today=MONDAY + 2 * WEEK, now=BEGIN + 2 * WEEK)
    assert (rang.about, rang.kind) == ("income_monthly", "missing more")
    assert WeekOfInputs.objects.get(name="score").decisions == 250


def test_what_was_judged_is_never_edited(subject):
    decisions(subject, 0, 500, seed=1)
    decisions(subject, 1, 20, seed=3)
    watch.inputs(today=MONDAY + 2 * WEEK, now=BEGIN + 2 * WEEK)
    with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic():
        WeekOfInputs.objects.update(asks_for="nothing")
    rang = watch.alarm("m", "s", "higher", "amount", 3, on=MONDAY, now=BEGIN)
    with pytest.raises(IntegrityError), transaction.atomic():
        watch.alarm("m", "s", "lower", "amount", 4, on=MONDAY, now=BEGIN)
    with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic():
        ModelAlarm.objects.filter(pk=rang.pk).delete()
